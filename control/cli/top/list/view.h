/* SPDX-License-Identifier: BSD-3-Clause */
/* Which builds are listed, in which order, and where in the list one is. */
#pragma once

#include "cli/top/list/rows.h"
#include "cli/top/list/text.h"

/* The columns, in their order: name, its head, and whether it begins with the largest. */
#define TOP_COLUMNS(X)                                                                             \
	X(ID, "id", "ID", false)                                                                   \
	X(STATE, "state", "STATE", false)                                                          \
	X(LEFT, "left", "LEFT", false)                                                             \
	X(PACKETS, "packets", "PKT/s", true)                                                       \
	X(BYTES, "bytes", "BYTE/s", true)                                                          \
	X(CONNECTIONS, "connections", "CONN", true)                                                \
	X(ACTOR, "actor", "ACTOR", false)                                                          \
	X(ORGANISATION, "organisation", "ORGANISATION", false)                                     \
	X(TITLE, "title", "TITLE", false)

enum top_column {
#define TOP_COLUMN_ENUM(name, spelling, head, most_first) TOP_COLUMN_##name,
	TOP_COLUMNS(TOP_COLUMN_ENUM)
#undef TOP_COLUMN_ENUM
		TOP_COLUMNS_NR
};

#define TOP_FILTER_SIZE 128

struct top_view {
	enum top_column sort;
	bool reverse;
	bool with_ended;
	char filter[TOP_FILTER_SIZE]; /* words that are all in a build; "org:acme" in one place */
	struct top_row **shown;
	size_t nr;
	size_t room;
	size_t cursor;		     /* in shown */
	size_t first;		     /* of the list's lines */
	size_t lines;		     /* that there are */
	char cursor_id[TOP_ID_SIZE]; /* "": whichever is on top */
	uint64_t changes, counts;    /* of the rows, as they were looked at */
	bool stale;		     /* sort, filter or what else is above has changed */
};

/* Result: 0 or -EINVAL. */
int list_view_parse_column(const char *name, enum top_column *ret_column);

/* Result: the head of a column. */
const char *list_view_head(enum top_column column);

/* Result: whether all words of the filter are in the row. */
bool list_view_matches(const struct top_row *row, const char *filter);

/*
 * Filters and sorts, if it must be done again since rows have changed, and puts the cursor onto the
 * build on which it was. To be called before shown is looked at, whenever rows may have gone.
 * Result: 0 or -ENOMEM, and nothing is shown.
 */
int list_view_update(struct top_view *view, const struct top_rows *rows);

/* Moves the cursor by so many lines, as far as it goes. */
void list_view_move(struct top_view *view, long lines);

/* Result: the build that the cursor is on, NULL if there is none. */
struct top_row *list_view_current(const struct top_view *view);

void list_view_free(struct top_view *view);
