/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/notes/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/table_map.h"

#define NR_CPUS 3

static int set_up(void **state)
{
	struct table_map *table;
	struct sp_meta meta;

	table_meta_init(&meta);
	meta.nr_publics = 1;
	meta.nr_buckets = 64;
	meta.nr_allow = 8;
	meta.nr_usage = 16;
	meta.nr_cpus = NR_CPUS;
	meta.nr_workers = 1;
	if (table_map_alloc(&meta, &table))
		return -1;
	*state = table;
	return 0;
}

static int tear_down(void **state)
{
	table_map_free(*state);
	return 0;
}

static int open_ring(struct ring *ring, const struct table_map *table)
{
	*ring = (struct ring){.records = table->notes,
			      .heads = table->notes_heads,
			      .record_bytes = sizeof(struct sp_note),
			      .nr_records = SP_NOTES,
			      .table = table};
	return notes_ring_open(ring);
}

/* Result: the time of a record gathered. */
static uint64_t at(const struct ring *ring, uint32_t i)
{
	return ((const struct sp_note *)ring->batch)[i].ring.at_ns;
}

/* As the XDP program writes one. */
static void write_note(struct table_map *table, uint32_t cpu, uint64_t at_ns)
{
	uint64_t number = table->notes_heads[cpu].written + 1;

	table->notes[cpu * SP_NOTES + sp_ring_at(number, SP_NOTES)] =
		(struct sp_note){.ring = {number, at_ns}, .slot_index = cpu};
	table->notes_heads[cpu].written = number;
}

static void test_gather_when_several_cpus_then_in_the_order_of_time(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	for (unsigned int i = 0; i < 300; i++)
		write_note(table, i % NR_CPUS, 1000 - i);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 300);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(at(&ring, i), 701 + i);
	assert_int_equal(ring.lost, 0);
	notes_ring_close(&ring);
}

static void test_gather_when_called_again_then_only_what_is_new(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 0);
	write_note(table, 1, 5);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 1);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 0);
	write_note(table, 1, 6);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 1);
	assert_int_equal(at(&ring, 0), 6);
	notes_ring_close(&ring);
}

static void test_gather_when_later_than_the_look_then_left_for_the_next(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	write_note(table, 1,
		   20); /* what came of the next, which is written after a look at CPU 0 */
	assert_int_equal(notes_ring_gather(&ring, 15), 0);
	write_note(table, 0, 10);
	assert_int_equal(notes_ring_gather(&ring, 25), 2);
	assert_int_equal(at(&ring, 0), 10);
	assert_int_equal(at(&ring, 1), 20);
	assert_int_equal(ring.lost, 0);
	notes_ring_close(&ring);
}

static void test_gather_when_ring_wraps_then_none_is_missed(void **state)
{
	struct table_map *table = *state;
	uint64_t seen = 0;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	for (unsigned int i = 1; i <= 5 * SP_NOTES; i++) {
		write_note(table, 2, i);
		if (i % 1000)
			continue;
		assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 1000);
		for (unsigned int j = 0; j < 1000; j++)
			assert_int_equal(at(&ring, j), ++seen);
	}
	assert_int_equal(ring.lost, 0);
	notes_ring_close(&ring);
}

static void test_gather_when_full_ring_then_all_of_it(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	for (unsigned int i = 1; i <= SP_NOTES; i++)
		write_note(table, 0, i);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), SP_NOTES);
	assert_int_equal(ring.lost, 0);
	notes_ring_close(&ring);
}

static void test_gather_when_overwritten_then_counted_lost(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	for (unsigned int i = 1; i <= SP_NOTES + 17; i++)
		write_note(table, 0, i);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), SP_NOTES);
	assert_int_equal(ring.lost, 17);
	assert_int_equal(at(&ring, 0), 18);
	notes_ring_close(&ring);
}

/* What a reader finds when the writer has come round and is at that very note. */
static void test_gather_when_note_is_being_written_then_lost(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	write_note(table, 0, 1);
	write_note(table, 0, 2);
	write_note(table, 0, 3);
	table->notes[sp_ring_at(2, SP_NOTES)].ring.number = 0;
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 2);
	assert_int_equal(ring.lost, 1);
	assert_int_equal(at(&ring, 1), 3);
	notes_ring_close(&ring);
}

static void test_gather_when_skipped_then_only_what_comes_after(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	write_note(table, 0, 1);
	write_note(table, 1, 2);
	assert_int_equal(open_ring(&ring, table), 0);
	notes_ring_skip(&ring);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 0);
	write_note(table, 1, 3);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 1);
	assert_int_equal(at(&ring, 0), 3);
	assert_int_equal(ring.lost, 0);
	notes_ring_close(&ring);
}

static void test_gather_when_table_is_fresh_then_from_its_beginning(void **state)
{
	struct table_map *table = *state;
	struct ring ring;

	assert_int_equal(open_ring(&ring, table), 0);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
		ring.read[cpu] = 5000; /* of the table before */
	write_note(table, 1, 8);
	assert_int_equal(notes_ring_gather(&ring, UINT64_MAX), 1);
	assert_int_equal(at(&ring, 0), 8);
	assert_int_equal(ring.lost, 0);
	assert_int_equal(ring.read[0], 0);
	notes_ring_close(&ring);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gather_when_several_cpus_then_in_the_order_of_time),
		TEST(test_gather_when_called_again_then_only_what_is_new),
		TEST(test_gather_when_later_than_the_look_then_left_for_the_next),
		TEST(test_gather_when_ring_wraps_then_none_is_missed),
		TEST(test_gather_when_full_ring_then_all_of_it),
		TEST(test_gather_when_overwritten_then_counted_lost),
		TEST(test_gather_when_note_is_being_written_then_lost),
		TEST(test_gather_when_skipped_then_only_what_comes_after),
		TEST(test_gather_when_table_is_fresh_then_from_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
