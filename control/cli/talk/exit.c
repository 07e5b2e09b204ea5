/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/exit.h"

#include <string.h>

const struct exit_row talk_exit_rows[] = {
	{CLI_EXIT_OK, "done", "Done", "done", "none"},
	{CLI_EXIT_REFUSED, "refused", "Refused",
	 "refused, or failed, for another reason than those below",
	 "malformed invalid bad-method too-slow compacted too-large bad-media-type "
	 "outside-networks admits-nobody empty-sync internal journal-unavailable "
	 "store-unavailable daemon-unavailable clock-unsynchronised worker-stuck"},
	{CLI_EXIT_USAGE, "usage", "Wrong usage", "wrong usage: nothing was asked of the daemon",
	 NULL},
	{CLI_EXIT_UNREACHABLE, "unreachable", "The daemon cannot be reached",
	 "the daemon cannot be reached, or stopped or went away before its answer was whole; "
	 "events that are followed end so, however the daemon ends",
	 NULL},
	{CLI_EXIT_NOT_FOUND, "not-found", "There is no such thing",
	 "there is no such build, or other thing that was named", "not-found"},
	{CLI_EXIT_CONFLICT, "conflict", "A conflict",
	 "in conflict with another build, or with the state that this one is in",
	 "endpoint-in-use port-in-use build-ended build-differs stale-sync request-in-progress "
	 "precondition-failed idempotency-key-reused"},
	{CLI_EXIT_LIMIT, "limit", "A limit is reached", "over a limit, or nothing is free",
	 "over-limit over-extension too-many-requests too-many-clients no-ports table-full"},
	{CLI_EXIT_PERMISSION, "permission", "Permission denied",
	 "not permitted: by the socket (api.group) or by the caller's role (api.roles)",
	 "forbidden"},
	{0},
};

const struct exit_row *talk_exit_row(enum cli_exit code)
{
	const struct exit_row *row = talk_exit_rows;

	while (row->kind && row->code != code)
		row++;
	return row->kind ? row : &talk_exit_rows[CLI_EXIT_REFUSED];
}

/* Result: whether a word is among those of a text, which are parted by blanks. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (text) {
		size_t here = strcspn(text, " ");

		if (here == length && strncmp(text, word, here) == 0)
			return true;
		text = text[here] ? text + here + 1 : NULL;
	}
	return false;
}

enum cli_exit talk_exit_of_problem(const char *type)
{
	const char *last = strpbrk(type, "/:") ? type + strlen(type) - 1 : NULL;

	while (last && *last != '/' && *last != ':')
		last--;
	for (const struct exit_row *row = talk_exit_rows; row->kind; row++)
		if (row->code != CLI_EXIT_OK && has_word(row->problems, last ? last + 1 : type))
			return row->code;
	return CLI_EXIT_REFUSED;
}
