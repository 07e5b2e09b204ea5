/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs that have routers take this edge no more, and again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/talk/progress.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"

#define LOOK_MS 200

static bool is_draining(const json_t *announcement)
{
	return strcmp(talk_text(announcement, "drain"), "draining") == 0;
}

/* Waits until routes are withdrawn, or somebody undoes it. Result: *announcement as it is then. */
static enum cli_exit await(struct cli *cli, json_t **announcement)
{
	enum cli_exit code = CLI_EXIT_OK;
	char when[WHEN_SIZE];

	while (code == CLI_EXIT_OK && is_draining(*announcement)) {
		const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

		talk_progress("routers move to other edges until %s",
			      talk_when(cli, *announcement, "withdraws_at", when));
		nanosleep(&pause, NULL);
		json_decref(*announcement);
		*announcement = NULL;
		code = talk_ask_json(cli, "GET", "/v1/announcement", NULL, announcement);
	}
	talk_progress_end();
	return code;
}

static enum cli_exit tell(struct cli *cli, const json_t *announcement)
{
	char when[WHEN_SIZE];

	if (cli->json)
		return json_dumpf(announcement, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF
			       ? talk_fail(CLI_EXIT_REFUSED, "stdout cannot be written")
			       : CLI_EXIT_OK;
	if (is_draining(announcement))
		printf("Routers are told to move to other edges; the routes are withdrawn at %s.\n",
		       talk_when(cli, announcement, "withdraws_at", when));
	else
		puts("Drained: the routes are withdrawn, and this edge may be stopped. "
		     "`sallyport undrain` announces it again.");
	return CLI_EXIT_OK;
}

enum cli_exit drain_run(struct cli *cli)
{
	const char *wait = talk_option(cli, "--wait");
	unsigned long seconds;
	json_t *announcement = NULL;
	enum cli_exit code;
	char body[64] = "{}";

	if (wait && talk_parse_duration(wait, &seconds) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--wait is a time such as 90, 30s or 2m, not %s",
				 wait);
	if (wait)
		snprintf(body, sizeof(body), "{\"wait_s\": %lu}", seconds);
	code = talk_ask_json(cli, "PUT", "/v1/announcement/drain", body, &announcement);
	if (code == CLI_EXIT_OK && !talk_option(cli, "--no-follow"))
		code = await(cli, &announcement);
	if (code == CLI_EXIT_OK && strcmp(talk_text(announcement, "drain"), "no") == 0)
		code = talk_fail(CLI_EXIT_CONFLICT, "somebody has undone the drain meanwhile");
	if (code == CLI_EXIT_OK)
		code = tell(cli, announcement);
	json_decref(announcement);
	return code;
}

enum cli_exit drain_undo(struct cli *cli)
{
	json_t *announcement;
	enum cli_exit code =
		talk_call_json(cli, "DELETE", "/v1/announcement/drain", NULL, &announcement);

	if (code != CLI_EXIT_OK || !announcement)
		return code;
	if (strcmp(talk_text(announcement, "announced"), "announced") == 0)
		puts("This edge is announced.");
	else
		printf("This edge is no longer drained, and it is %s: %s.\n",
		       strcmp(talk_text(announcement, "announced"), "withdrawn") == 0
			       ? "not announced"
			       : "announced as the last resort",
		       talk_text(announcement, "why"));
	json_decref(announcement);
	return CLI_EXIT_OK;
}
