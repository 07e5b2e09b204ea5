/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments that end a connection which this edge does not know: where several edges carry packets,
 * another one may. The latest of them, for whoever tells the others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/notes.h>

#define NOTES_STRAYS_MAX 256u

/* Start with {0}. */
struct strays {
	struct sp_note note[NOTES_STRAYS_MAX]; /* by its number */
	uint64_t last;			       /* number; 0: there was none */
};

/* Adds a note, unless it is of another kind, or was told by another edge. */
void notes_strays_add(struct strays *strays, const struct sp_note *note);

/* Result: the first that is still there behind that number, and its number; NULL: there is none. */
const struct sp_note *notes_strays_next(const struct strays *strays, uint64_t after,
					uint64_t *ret_number);

/* Has a note be one that was told by another edge. */
void notes_strays_mark(struct sp_note *note);
