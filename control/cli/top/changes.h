/* SPDX-License-Identifier: BSD-3-Clause */
/* Which builds have changed, as events tell: nothing else of them need be read again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/top/list/text.h"

#define TOP_CHANGES_MAX	     1024 /* builds that changed: of more all are read */
#define TOP_CHANGES_PATH_MAX 96

struct top_changes {
	uint64_t seq; /* of the last event seen */
	char id[TOP_CHANGES_MAX][TOP_ID_SIZE];
	unsigned int next; /* of id, not given out yet */
	unsigned int nr;
	bool all; /* what has changed is not known: all are to be read */
};

/* Nothing has changed that is not known. */
void top_changes_clear(struct top_changes *changes);

/* Result: path, of the events since the last one. */
const char *top_changes_path(const struct top_changes *changes, char path[TOP_CHANGES_PATH_MAX]);

/*
 * Takes over the answer to it; text is cut into lines. client.refused changes no build, and is
 * given to refused, which may be NULL. An answer that is no 200 leaves seq to the caller: events
 * that were missed are no longer kept, or are of another journal.
 */
void top_changes_take(struct top_changes *changes, unsigned int status, char *text,
		      void (*refused)(void *context, const json_t *event), void *context);

/* Result: a build that has changed, the first first, valid until the next call; NULL: no more. */
const char *top_changes_next(struct top_changes *changes);
