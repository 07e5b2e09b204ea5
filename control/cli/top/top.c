/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport top: builds as they are now, on a live screen or as text. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk/fail.h"
#include "cli/talk/progress.h"
#include "cli/top/batch.h"
#include "cli/top/live.h"

#define DELAY_MIN_S 0.1
#define DELAY_MAX_S 3600.0

struct wishes {
	unsigned int delay_ms;
	unsigned long count;
};

static enum cli_exit read_delay(const struct cli *cli, unsigned int *delay_ms)
{
	const char *text = talk_option(cli, "--delay");
	char *end;
	double delay_s;

	if (!text)
		return CLI_EXIT_OK;
	delay_s = strtod(text, &end);
	if (end == text || *end || !(delay_s >= DELAY_MIN_S && delay_s <= DELAY_MAX_S))
		return talk_fail(CLI_EXIT_USAGE, "--delay is seconds, from 0.1 to 3600, not %s",
				 text);
	*delay_ms = (unsigned int)lround(delay_s * 1000);
	return CLI_EXIT_OK;
}

static enum cli_exit read_count(const struct cli *cli, unsigned long *count)
{
	const char *text = talk_option(cli, "--count");
	char *end;

	if (!text)
		return CLI_EXIT_OK;
	if (!talk_option(cli, "--batch"))
		return talk_fail(CLI_EXIT_USAGE, "--count goes with --batch");
	*count = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || *count == 0)
		return talk_fail(CLI_EXIT_USAGE, "--count is a number from 1 on, not %s", text);
	return CLI_EXIT_OK;
}

static enum cli_exit read_wishes(const struct cli *cli, struct top *top, struct wishes *wishes)
{
	const char *sort = talk_option(cli, "--sort"), *filter = talk_option(cli, "--filter");
	enum cli_exit code;

	if (cli->json)
		return talk_fail(CLI_EXIT_USAGE, "top is for people; list and status have JSON");
	top->view.sort = TOP_COLUMN_LEFT;
	if (sort)
		list_view_parse_column(sort, &top->view.sort);
	if (filter && strlen(filter) >= sizeof(top->view.filter))
		return talk_fail(CLI_EXIT_USAGE, "--filter is too long");
	if (filter)
		strcpy(top->view.filter, filter);
	top->view.reverse = talk_option(cli, "--reverse") != NULL;
	top->view.with_ended = talk_option(cli, "--all") != NULL;
	top->view.stale = true;
	code = read_delay(cli, &wishes->delay_ms);
	return code == CLI_EXIT_OK ? read_count(cli, &wishes->count) : code;
}

/* The first status: without it there is nothing to show, and nothing but to say why. */
static enum cli_exit begin(struct cli *cli, struct top_feed *feed)
{
	top_feed_tick(feed);
	top_feed_step(feed);
	if (feed->error)
		return talk_fail_call(cli, feed->error);
	return *feed->top->lost ? talk_fail(CLI_EXIT_REFUSED, "%s", feed->top->lost) : CLI_EXIT_OK;
}

static enum cli_exit run(struct cli *cli, struct top_feed *feed, const struct wishes *wishes)
{
	enum cli_exit code = begin(cli, feed);

	if (code != CLI_EXIT_OK)
		return code;
	if (!talk_option(cli, "--batch"))
		return top_live_run(feed, wishes->delay_ms);
	while (top_feed_step(feed))
		;
	return top_batch_run(feed, wishes->delay_ms, wishes->count);
}

enum cli_exit top_run(struct cli *cli)
{
	struct top *top = calloc(1, sizeof(*top));
	struct top_feed *feed = calloc(1, sizeof(*feed));
	struct wishes wishes = {.delay_ms = 1000, .count = 1};
	enum cli_exit code = CLI_EXIT_REFUSED;

	setlocale(LC_CTYPE, "");
	talk_progress_be_quiet();
	if (top && feed) {
		top->cli = cli;
		*feed = (struct top_feed){.client = cli->client,
					  .top = top,
					  .every = talk_option(cli, "--batch") != NULL};
		code = read_wishes(cli, top, &wishes);
		if (code == CLI_EXIT_OK)
			code = run(cli, feed, &wishes);
		list_state_free(top);
	} else {
		talk_fail(CLI_EXIT_REFUSED, "out of memory");
	}
	free(feed);
	free(top);
	return code;
}
