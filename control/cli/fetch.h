/* SPDX-License-Identifier: BSD-3-Clause */
/* The builds that the options of list want: all of them, and then what has changed. */
#pragma once

#include "cli/talk/talk.h"
#include "cli/top/changes.h"

struct cli_fetch {
	struct top_changes changes;
	json_t *builds;	    /* wanted ones by id, as they were declared; NULL: not read yet */
	unsigned int looks; /* since all were read */
};

/* Result: CLI_EXIT_OK and all that are wanted added to the array all. */
enum cli_exit cli_fetch_all(struct cli *cli, json_t *all);

/*
 * Reads builds that have changed since the last look, as events tell; all at the first, and every
 * minute for what no event tells: titles, and what has been forgotten.
 */
enum cli_exit cli_fetch_look(struct cli *cli, struct cli_fetch *fetch);

/* Result: seconds left to a build that was read by cli_fetch_look() or not. */
long cli_fetch_left_s(const json_t *build);

void cli_fetch_clear(struct cli_fetch *fetch);
