/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb that shows the edges of a fleet. */
#include "cli/fleet/print.h"
#include "cli/talk/talk.h"

#define SOCKET "/run/sallyport/fleet.sock"

enum cli_exit fleet_show(struct cli *cli)
{
	bool adopt = talk_option(cli, "--adopt") != NULL;
	json_t *fleet = NULL;
	enum cli_exit code = talk_use_socket(cli, SOCKET);

	if (code == CLI_EXIT_OK)
		code = talk_call_json(cli, adopt ? "POST" : "GET",
				      adopt ? "/v1/fleet/adopt" : "/v1/fleet", NULL, &fleet);
	if (code == CLI_EXIT_OK && fleet)
		fleet_print_said(cli, fleet);
	json_decref(fleet);
	return code;
}
