/* SPDX-License-Identifier: BSD-3-Clause */
/* Events that were given up, one a line of JSON, with the reason: the newest ones. */
#pragma once

#include <stdint.h>

#define HOOKS_DEAD_LETTERS_BYTES 1048576 /* of a file; the one before is kept beside it as .1 */

struct notice;

struct dead_letter {
	const char *hook;
	const char *reason;
	uint64_t nr_tries;
};

/*
 * Appends one, durably; one of the same event and hook that is in the file already is left as it
 * is. Several processes may. Result: 0, or -errno and nothing may be relied upon.
 */
int hooks_dead_letters_add(const char *path, const struct dead_letter *letter,
			   const struct notice *notice);

/*
 * Moves all there are, the oldest first, behind what a file has that an earlier call made, so that
 * the file of dead letters begins anew. Result: 0, -ENOENT if there are none, or -errno.
 */
int hooks_dead_letters_take(const char *path, const char *into);
