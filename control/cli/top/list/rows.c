/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROOM 256

static size_t hash(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3;
	return hash ^ hash >> 32;
}

static struct top_row **bucket_of(const struct top_rows *rows, const char *id)
{
	return &rows->bucket[hash(id) & (rows->nr_buckets - 1)];
}

void list_rows_clear(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++)
		list_row_free(rows->row[i]);
	free(rows->row);
	free(rows->bucket);
	*rows = (struct top_rows){0};
}

struct top_row *list_rows_find(const struct top_rows *rows, const char *id)
{
	struct top_row *row = rows->nr ? *bucket_of(rows, id) : NULL;

	while (row && strcmp(row->id, id) != 0)
		row = row->next;
	return row;
}

static int grow(struct top_rows *rows)
{
	size_t room = rows->room ? 2 * rows->room : LEAST_ROOM;
	struct top_row **row, **bucket;

	if (rows->nr >= TOP_ROWS_MAX)
		return -EOVERFLOW;
	row = reallocarray(rows->row, room, sizeof(struct top_row *));
	if (!row)
		return -ENOMEM;
	rows->row = row;
	bucket = calloc(room, sizeof(struct top_row *));
	if (!bucket)
		return -ENOMEM;
	free(rows->bucket);
	rows->bucket = bucket;
	rows->nr_buckets = rows->room = room;
	for (size_t i = 0; i < rows->nr; i++) {
		struct top_row **place = bucket_of(rows, row[i]->id);

		row[i]->next = *place;
		*place = row[i];
	}
	return 0;
}

static int insert(struct top_rows *rows, struct top_row *row)
{
	struct top_row **place;
	int r = rows->nr == rows->room ? grow(rows) : 0;

	if (r < 0)
		return r;
	place = bucket_of(rows, row->id);
	row->next = *place;
	*place = row;
	rows->row[rows->nr++] = row;
	rows->of_state[row->state]++;
	rows->changes++;
	return 0;
}

int list_rows_put(struct top_rows *rows, const json_t *build, const struct top_moment *moment)
{
	struct top_row *newer = list_row_read(build, moment), *row;
	int r;

	if (!newer)
		return -EINVAL;
	newer->round = rows->round;
	row = list_rows_find(rows, newer->id);
	if (!row) {
		r = insert(rows, newer);
		if (r < 0)
			list_row_free(newer);
		return r;
	}
	rows->of_state[row->state]--;
	rows->of_state[newer->state]++;
	rows->changes += list_row_take(row, newer);
	rows->counts++;
	return 0;
}

static void unlink_row(struct top_rows *rows, const struct top_row *row)
{
	struct top_row **place = bucket_of(rows, row->id);

	while (*place != row)
		place = &(*place)->next;
	*place = row->next;
}

static void remove_at(struct top_rows *rows, size_t i)
{
	struct top_row *row = rows->row[i];

	unlink_row(rows, row);
	rows->of_state[row->state]--;
	rows->row[i] = rows->row[--rows->nr];
	rows->changes++;
	list_row_free(row);
}

void list_rows_remove(struct top_rows *rows, const char *id)
{
	const struct top_row *row = list_rows_find(rows, id);

	for (size_t i = 0; row && i < rows->nr; i++) {
		if (rows->row[i] == row) {
			remove_at(rows, i);
			return;
		}
	}
}

void list_rows_begin(struct top_rows *rows)
{
	rows->round++;
}

void list_rows_finish(struct top_rows *rows)
{
	for (size_t i = rows->nr; i > 0; i--)
		if (rows->row[i - 1]->round != rows->round)
			remove_at(rows, i - 1);
}

static int by_end(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Result: the latest end of those that are to go. */
static uint64_t find_end(const struct top_rows *rows, size_t nr_gone)
{
	uint64_t *ends = calloc(rows->nr, sizeof(*ends)), end_ns;
	size_t nr = 0;

	for (size_t i = 0; ends && i < rows->nr; i++)
		if (rows->row[i]->state == SESSION_ENDED)
			ends[nr++] = rows->row[i]->deadline_ns;
	if (!ends)
		return 0;
	qsort(ends, nr, sizeof(*ends), by_end);
	end_ns = ends[nr_gone - 1];
	free(ends);
	return end_ns;
}

void list_rows_keep_ended(struct top_rows *rows, size_t nr)
{
	size_t nr_gone = rows->of_state[SESSION_ENDED], i;
	uint64_t end_ns;

	if (nr_gone <= nr)
		return;
	nr_gone -= nr;
	end_ns = find_end(rows, nr_gone);
	for (i = rows->nr; i > 0 && nr_gone > 0; i--) {
		const struct top_row *row = rows->row[i - 1];

		if (row->state != SESSION_ENDED || row->deadline_ns > end_ns)
			continue;
		remove_at(rows, i - 1);
		nr_gone--;
	}
}

void list_rows_count_begin(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++)
		rows->row[i]->counting = 0;
}

void list_rows_count(struct top_rows *rows, const char *id)
{
	struct top_row *row = list_rows_find(rows, id);

	if (row)
		row->counting++;
}

void list_rows_count_finish(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++)
		rows->row[i]->connections = rows->row[i]->counting;
	rows->counts++;
}
