/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/notes/cursors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "host/table_map.h"
#include "journal/journal.h"
#include "watch/notes/ring.h"

/* The table, by its seed: the cursors of another one say nothing of this one's rings. */
#define TABLE "notes.table"

static void cursor_name(uint32_t cpu, char name[32])
{
	snprintf(name, 32, "notes.%" PRIu32, cpu);
}

int notes_cursors_load(struct journal *journal, struct ring *notes)
{
	uint64_t seed = ~notes->table->hash_seed;
	int error = journal_number(journal, TABLE, &seed);

	if (error && error != -ENOENT)
		return error;
	if (seed != notes->table->hash_seed)
		return 0;
	for (uint32_t cpu = 0; cpu < notes->table->nr_cpus; cpu++) {
		char name[32];

		cursor_name(cpu, name);
		error = journal_number(journal, name, &notes->read[cpu]);
		if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

int notes_cursors_save(struct journal *journal, const struct ring *notes)
{
	int error = journal_set_number(journal, TABLE, notes->table->hash_seed);

	for (uint32_t cpu = 0; cpu < notes->table->nr_cpus && !error; cpu++) {
		char name[32];

		cursor_name(cpu, name);
		error = journal_set_number(journal, name, notes->read[cpu]);
	}
	return error;
}
