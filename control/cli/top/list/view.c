/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *head;
	bool most_first;
} columns[] = {
#define X(name, spelling, head, most_first) {spelling, head, most_first},
	TOP_COLUMNS(X)
#undef X
};

int list_view_parse_column(const char *name, enum top_column *ret_column)
{
	for (unsigned int i = 0; i < TOP_COLUMNS_NR; i++) {
		if (strcmp(columns[i].name, name) == 0) {
			*ret_column = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *list_view_head(enum top_column column)
{
	return columns[column].head;
}

/* Result: whether a word of the filter is in the row; "place:text" looks there alone. */
static bool has_word(const struct top_row *row, const char *word)
{
	const struct {
		const char *place, *text;
	} places[] = {
		{"id:", row->id},
		{"state:", model_session_state_name(row->state)},
		{"actor:", row->actors},
		{"org:", row->organisation},
		{"organisation:", row->organisation},
		{"title:", row->title},
	};
	const size_t nr = sizeof(places) / sizeof(places[0]);

	for (size_t i = 0; i < nr; i++) {
		size_t bytes = strlen(places[i].place);

		if (strncasecmp(word, places[i].place, bytes) == 0)
			return strcasestr(places[i].text, word + bytes) != NULL;
	}
	for (size_t i = 0; i < nr; i++)
		if (strcasestr(places[i].text, word))
			return true;
	return false;
}

bool list_view_matches(const struct top_row *row, const char *filter)
{
	char word[TOP_FILTER_SIZE];

	while (*(filter += strspn(filter, " "))) {
		size_t bytes = strcspn(filter, " ");

		snprintf(word, sizeof(word), "%.*s", (int)bytes, filter);
		if (!has_word(row, word))
			return false;
		filter += bytes;
	}
	return true;
}

static int compare_numbers(double a, double b)
{
	return a < b ? -1 : a > b;
}

static int compare_column(const struct top_row *a, const struct top_row *b, enum top_column column)
{
	switch (column) {
	case TOP_COLUMN_STATE:
		return (int)a->state - (int)b->state;
	case TOP_COLUMN_LEFT:
		return a->deadline_ns < b->deadline_ns ? -1 : a->deadline_ns > b->deadline_ns;
	case TOP_COLUMN_PACKETS:
		return compare_numbers(a->packets_rate, b->packets_rate);
	case TOP_COLUMN_BYTES:
		return compare_numbers(a->bytes_rate, b->bytes_rate);
	case TOP_COLUMN_CONNECTIONS:
		return a->connections < b->connections ? -1 : a->connections > b->connections;
	case TOP_COLUMN_ACTOR:
		return strcmp(a->actors, b->actors);
	case TOP_COLUMN_ORGANISATION:
		return strcmp(a->organisation, b->organisation);
	case TOP_COLUMN_TITLE:
		return strcmp(a->title, b->title);
	default:
		return 0;
	}
}

/* Those that have ended are last, and what is alike goes by numbers in the id, then by the id. */
static int compare(const void *x, const void *y, void *context)
{
	const struct top_row *a = *(struct top_row *const *)x, *b = *(struct top_row *const *)y;
	const struct top_view *view = context;
	bool turn = view->reverse != columns[view->sort].most_first;
	int order;

	if ((a->state == SESSION_ENDED) != (b->state == SESSION_ENDED))
		return a->state == SESSION_ENDED ? 1 : -1;
	order = compare_column(a, b, view->sort);
	if (order == 0) {
		turn = view->sort == TOP_COLUMN_ID && view->reverse;
		order = strverscmp(a->id, b->id);
	}
	return turn ? -order : order;
}

static bool is_current(const struct top_view *view, const struct top_rows *rows)
{
	bool by_counts = view->sort == TOP_COLUMN_PACKETS || view->sort == TOP_COLUMN_BYTES ||
			 view->sort == TOP_COLUMN_CONNECTIONS;

	return !view->stale && view->changes == rows->changes &&
	       (!by_counts || view->counts == rows->counts);
}

static int collect(struct top_view *view, const struct top_rows *rows)
{
	view->nr = 0;
	if (view->room < rows->nr) {
		struct top_row **grown =
			reallocarray(view->shown, rows->nr, sizeof(struct top_row *));

		if (!grown)
			return -ENOMEM;
		view->shown = grown;
		view->room = rows->nr;
	}
	for (size_t i = 0; i < rows->nr; i++) {
		struct top_row *row = rows->row[i];

		if ((view->with_ended || row->state != SESSION_ENDED) &&
		    list_view_matches(row, view->filter))
			view->shown[view->nr++] = row;
	}
	return 0;
}

/* The cursor stays on its build, or where that was. */
static void find_cursor(struct top_view *view, const struct top_rows *rows)
{
	const struct top_row *row = *view->cursor_id ? list_rows_find(rows, view->cursor_id) : NULL;

	for (size_t i = 0; row && i < view->nr; i++) {
		if (view->shown[i] == row) {
			view->cursor = i;
			return;
		}
	}
}

static void keep_in_sight(struct top_view *view)
{
	size_t lines = view->lines ? view->lines : 1;

	if (view->cursor >= view->nr)
		view->cursor = view->nr ? view->nr - 1 : 0;
	if (view->first > view->cursor)
		view->first = view->cursor;
	if (view->cursor >= view->first + lines)
		view->first = view->cursor - lines + 1;
	if (view->first + lines > view->nr)
		view->first = view->nr > lines ? view->nr - lines : 0;
}

int list_view_update(struct top_view *view, const struct top_rows *rows)
{
	if (!is_current(view, rows)) {
		int r = collect(view, rows);

		if (r < 0)
			return r;
		if (view->nr > 1)
			qsort_r(view->shown, view->nr, sizeof(struct top_row *), compare, view);
		find_cursor(view, rows);
		view->changes = rows->changes;
		view->counts = rows->counts;
		view->stale = false;
	}
	keep_in_sight(view);
	return 0;
}

void list_view_move(struct top_view *view, long lines)
{
	const struct top_row *row;

	if (lines < 0 && (size_t)-lines > view->cursor)
		view->cursor = 0;
	else
		view->cursor += (size_t)lines;
	keep_in_sight(view);
	row = view->cursor > 0 ? list_view_current(view) : NULL;
	snprintf(view->cursor_id, sizeof(view->cursor_id), "%s", row ? row->id : "");
}

struct top_row *list_view_current(const struct top_view *view)
{
	return view->cursor < view->nr ? view->shown[view->cursor] : NULL;
}

void list_view_free(struct top_view *view)
{
	free(view->shown);
	*view = (struct top_view){0};
}
