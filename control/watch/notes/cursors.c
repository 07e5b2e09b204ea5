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

/* Numbers of one table only grow: of two that are said the higher is the later. */
static int load_from(struct journal *database, struct ring *notes)
{
	uint64_t seed = ~notes->table->hash_seed, number = 0;
	int error = journal_number(database, TABLE, &seed);

	if (error || seed != notes->table->hash_seed)
		return error == -ENOENT ? 0 : error;
	for (uint32_t cpu = 0; cpu < notes->table->nr_cpus; cpu++) {
		char name[32];

		cursor_name(cpu, name);
		error = journal_number(database, name, &number);
		if (error && error != -ENOENT)
			return error;
		if (!error && number > notes->read[cpu])
			notes->read[cpu] = number;
	}
	return 0;
}

int notes_cursors_load(struct journal *audit, struct journal *journal, struct ring *notes)
{
	int error = load_from(audit, notes);

	return error ? error : load_from(journal, notes);
}

int notes_cursors_save(struct journal *audit, const struct ring *notes)
{
	int error = journal_set_number(audit, TABLE, notes->table->hash_seed);

	for (uint32_t cpu = 0; cpu < notes->table->nr_cpus && !error; cpu++) {
		char name[32];

		cursor_name(cpu, name);
		error = journal_set_number(audit, name, notes->read[cpu]);
	}
	return error;
}
