/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct edges_table {
	struct edges_known known[EDGES_MAX]; /* sorted by name */
	unsigned int nr;
	unsigned int reading;
};

struct edges_table *edges_table_new(void)
{
	return calloc(1, sizeof(struct edges_table));
}

void edges_table_free(struct edges_table *table)
{
	free(table);
}

void edges_table_begin(struct edges_table *table)
{
	table->reading++;
}

static void lose(struct edges_known *known, uint64_t now_ns)
{
	if (known->alive)
		known->lost_ns = now_ns;
	known->alive = false;
}

void edges_table_whole(struct edges_table *table, uint64_t now_ns)
{
	for (unsigned int i = 0; i < table->nr; i++)
		if (table->known[i].reading != table->reading)
			lose(&table->known[i], now_ns);
}

/* Result: where it is, or where it belongs. */
static unsigned int find(const struct edges_table *table, const char *name)
{
	unsigned int i = 0;

	while (i < table->nr && strcmp(table->known[i].entry.name, name) < 0)
		i++;
	return i;
}

static bool is_at(const struct edges_table *table, unsigned int i, const char *name)
{
	return i < table->nr && strcmp(table->known[i].entry.name, name) == 0;
}

/* The one that was lost first is forgotten. Result: whether there is room now. */
static bool make_room(struct edges_table *table)
{
	struct edges_known *oldest = NULL;

	if (table->nr < EDGES_MAX)
		return true;
	for (unsigned int i = 0; i < table->nr; i++)
		if (!table->known[i].alive &&
		    (!oldest || table->known[i].lost_ns < oldest->lost_ns))
			oldest = &table->known[i];
	if (!oldest)
		return false;
	table->nr--;
	memmove(oldest, oldest + 1, (size_t)(&table->known[table->nr] - oldest) * sizeof(*oldest));
	return true;
}

int edges_table_put(struct edges_table *table, const char *name, const char *value, uint64_t now_ns)
{
	struct edges_known before = {0};
	struct edges_entry entry;
	unsigned int i = find(table, name);
	int error = edges_entry_read(name, value, &entry);

	if (error)
		return error;
	if (!is_at(table, i, name)) {
		if (!make_room(table))
			return -ENOSPC;
		i = find(table, name);
		memmove(&table->known[i + 1], &table->known[i],
			(table->nr - i) * sizeof(table->known[0]));
		table->nr++;
	} else {
		before = table->known[i];
	}
	table->known[i] = (struct edges_known){.entry = entry,
					       .alive = true,
					       .reading = table->reading,
					       .seen_ns = now_ns,
					       .mark = before.mark,
					       .marked_ns = before.marked_ns};
	return 0;
}

uint64_t edges_table_wall_ns(const struct edges_known *known, uint64_t now_ns)
{
	return known->entry.wall_ns + (now_ns - known->seen_ns);
}

void edges_table_mark(struct edges_table *table, int64_t seen, uint64_t now_ns)
{
	for (unsigned int i = 0; i < table->nr; i++) {
		struct edges_known *known = &table->known[i];

		if (known->entry.applied < known->mark)
			continue;
		known->mark = seen;
		known->marked_ns = now_ns;
	}
}

void edges_table_gone(struct edges_table *table, const char *name, uint64_t now_ns)
{
	unsigned int i = find(table, name);

	if (is_at(table, i, name))
		lose(&table->known[i], now_ns);
}

void edges_table_each(const struct edges_table *table,
		      void (*visit)(void *context, const struct edges_known *known), void *context)
{
	for (unsigned int i = 0; i < table->nr; i++)
		visit(context, &table->known[i]);
}
