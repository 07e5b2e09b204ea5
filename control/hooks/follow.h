/* SPDX-License-Identifier: BSD-3-Clause */
/* Following the events from the cursor on, through every interruption. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hooks/daemon.h"
#include "hooks/directory/passed_over.h"

struct options;
struct stop;

#define FOLLOW_REACHED 1

struct follow {
	const struct options *options;
	const struct stop *stop;
	bool has_cursor; /* false: begin with the oldest event there is */
	uint64_t cursor;
	int said; /* of the socket: FOLLOW_REACHED, or why not, as -errno; 0: nothing yet */
	struct passed_over *passed; /* files that are no hooks, as the log knows */
	struct hooks_daemon daemon; /* as it was when its events were asked for */
};

/*
 * Delivers event after event, moving the durable cursor past each, until asked to stop. Result: 0
 * then, or -errno if the cursor cannot be written.
 */
int hooks_follow_run(struct follow *follow);
