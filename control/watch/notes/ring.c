/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/notes/ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/table_map.h"

int notes_ring_open(struct ring *ring)
{
	ring->nr_batch = 0;
	ring->lost = 0;
	ring->read = calloc(ring->table->nr_cpus, sizeof(*ring->read));
	ring->batch = calloc((size_t)ring->table->nr_cpus * ring->nr_records, ring->record_bytes);
	if (ring->read && ring->batch)
		return 0;
	notes_ring_close(ring);
	return -ENOMEM;
}

void notes_ring_close(struct ring *ring)
{
	free(ring->read);
	free(ring->batch);
	*ring = (struct ring){0};
}

static uint64_t written(const struct ring *ring, uint32_t cpu)
{
	return __atomic_load_n(&ring->heads[cpu].written, __ATOMIC_ACQUIRE);
}

void notes_ring_skip(struct ring *ring)
{
	for (uint32_t cpu = 0; cpu < ring->table->nr_cpus; cpu++)
		ring->read[cpu] = written(ring, cpu);
}

/* Result: whether the record was still there, whole, while it was copied. */
static bool copy(const struct ring *ring, const struct sp_ring_record *record, uint64_t number,
		 void *ret_copy)
{
	if (__atomic_load_n(&record->number, __ATOMIC_ACQUIRE) != number)
		return false;
	memcpy(ret_copy, record, ring->record_bytes);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&record->number, __ATOMIC_RELAXED) == number;
}

static const struct sp_ring_record *record_at(const struct ring *ring, uint32_t cpu,
					      uint64_t number)
{
	size_t index = (size_t)cpu * ring->nr_records + sp_ring_at(number, ring->nr_records);

	return (const void *)((const char *)ring->records + index * ring->record_bytes);
}

static void gather_of(struct ring *ring, uint32_t cpu, uint64_t until_ns)
{
	uint64_t newest = written(ring, cpu), *read = &ring->read[cpu];

	if (*read > newest) /* a new table, whose rings began anew */
		*read = 0;
	if (newest - *read > ring->nr_records) {
		ring->lost += newest - *read - ring->nr_records;
		*read = newest - ring->nr_records;
	}
	while (*read < newest) {
		struct sp_ring_record *to =
			(void *)((char *)ring->batch + ring->nr_batch * ring->record_bytes);

		if (!copy(ring, record_at(ring, cpu, *read + 1), *read + 1, to))
			ring->lost++;
		else if (to->at_ns > until_ns)
			return;
		else
			ring->nr_batch++;
		++*read;
	}
}

static int compare(const void *one, const void *other)
{
	const struct sp_ring_record *a = one, *b = other;

	return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

uint32_t notes_ring_gather(struct ring *ring, uint64_t until_ns)
{
	ring->nr_batch = 0;
	for (uint32_t cpu = 0; cpu < ring->table->nr_cpus; cpu++)
		gather_of(ring, cpu, until_ns);
	qsort(ring->batch, ring->nr_batch, ring->record_bytes, compare);
	return ring->nr_batch;
}

uint64_t notes_ring_withheld(const struct ring *ring)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < ring->table->nr_cpus; cpu++)
		sum += SP_LOAD(ring->heads[cpu].withheld);
	return sum;
}
