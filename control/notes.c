/* SPDX-License-Identifier: BSD-3-Clause */
#include "notes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "host/table_map.h"

int notes_open(struct notes *notes, const struct table_map *table)
{
	*notes = (struct notes){.table = table};
	notes->read = calloc(table->nr_cpus, sizeof(*notes->read));
	notes->batch = calloc((size_t)table->nr_cpus * SP_NOTES, sizeof(*notes->batch));
	if (notes->read && notes->batch)
		return 0;
	notes_close(notes);
	return -ENOMEM;
}

void notes_close(struct notes *notes)
{
	free(notes->read);
	free(notes->batch);
	*notes = (struct notes){0};
}

/* Result: whether the note was still there, whole, while it was copied. */
static bool copy(const struct sp_note *note, uint64_t number, struct sp_note *ret_note)
{
	if (__atomic_load_n(&note->number, __ATOMIC_ACQUIRE) != number)
		return false;
	*ret_note = *note;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&note->number, __ATOMIC_RELAXED) == number;
}

static void gather_ring(struct notes *notes, uint32_t cpu)
{
	const struct sp_note *ring = notes->table->notes + (size_t)cpu * SP_NOTES;
	uint64_t written =
		__atomic_load_n(&notes->table->notes_heads[cpu].written, __ATOMIC_ACQUIRE);
	uint64_t *read = &notes->read[cpu];

	if (*read > written) /* a new table, whose rings began anew */
		*read = 0;
	if (written - *read > SP_NOTES) {
		notes->lost += written - *read - SP_NOTES;
		*read = written - SP_NOTES;
	}
	while (*read < written) {
		++*read;
		if (copy(&ring[sp_notes_at(*read)], *read, &notes->batch[notes->nr_batch]))
			notes->nr_batch++;
		else
			notes->lost++;
	}
}

static int compare(const void *one, const void *other)
{
	const struct sp_note *a = one, *b = other;

	return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

uint32_t notes_gather(struct notes *notes)
{
	notes->nr_batch = 0;
	for (uint32_t cpu = 0; cpu < notes->table->nr_cpus; cpu++)
		gather_ring(notes, cpu);
	qsort(notes->batch, notes->nr_batch, sizeof(*notes->batch), compare);
	return notes->nr_batch;
}
