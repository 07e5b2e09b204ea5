/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/history/pages.h"

#include <stdio.h>
#include <time.h>

#include "cli/talk/page.h"
#include "cli/talk/progress.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "model/wall_time.h"

static const struct page_argument arguments[] = {
	{"--build", "build", NULL},   {"--public", "public", NULL}, {"--at", "at", NULL},
	{"--client", "client", NULL}, {"--open", "open", "1"},	    {0},
};

#define AHEAD_S 60 /* a report's clock is not ours */

static bool is_ahead(const char *at)
{
	uint64_t wall_ns;

	return model_wall_time_parse(at, &wall_ns) == 0 &&
	       wall_ns / NS_PER_S > (uint64_t)time(NULL) + AHEAD_S;
}

/* Result: CLI_EXIT_OK, or what of the options is no such thing was told. */
static enum cli_exit check(const struct cli *cli)
{
	const char *public = talk_option(cli, "--public"), *at = talk_option(cli, "--at");
	const char *client = talk_option(cli, "--client");
	struct sp_addr addr;
	uint16_t port;

	if (public && addr_endpoint_parse(public, &addr, &port) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--public is ADDR:PORT or [ADDR]:PORT, not %s",
				 public);
	if (at && is_ahead(at))
		return talk_fail(CLI_EXIT_USAGE, "--at is in the future: %s", at);
	if (client && addr_parse(client, &addr) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--client is an address without a port, not %s",
				 client);
	return CLI_EXIT_OK;
}

static enum cli_exit get_page(struct cli *cli, const char *base, json_int_t after,
			      json_t **ret_page)
{
	struct client_answer answer;
	enum cli_exit code = talk_page_get(cli, base, arguments, after, &answer);

	if (code != CLI_EXIT_OK)
		return code;
	if (cli->json)
		fwrite(answer.body, 1, answer.body_bytes, stdout);
	*ret_page = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	return *ret_page ? CLI_EXIT_OK
			 : talk_fail(CLI_EXIT_REFUSED, "the daemon's answer is not JSON");
}

enum cli_exit history_pages_each(struct cli *cli, const char *base, history_pages_taker *take,
				 void *context)
{
	enum cli_exit code = check(cli);
	json_int_t after = 0;

	if (code != CLI_EXIT_OK)
		return code;
	do {
		json_t *page = NULL;

		code = get_page(cli, base, after, &page);
		if (code != CLI_EXIT_OK)
			return code;
		if (!cli->json)
			talk_progress("%zu records so far", take(cli, page, context));
		after = talk_number(page, "next");
		json_decref(page);
	} while (after > 0);
	talk_progress_end();
	return CLI_EXIT_OK;
}
