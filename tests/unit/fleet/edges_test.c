/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char value[] = "{\"version\":1,\"id\":\"x\",\"applied\":7,\"removed\":8,\"since\":9,"
			    "\"wall\":100,\"synchronised\":true,\"bound\":5}";

static void print_one(void *context, const struct edges_known *known)
{
	fprintf(context, "%s%s ", known->entry.name, known->alive ? "" : "-");
}

static void assert_table(const struct edges_table *table, const char *expected)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	edges_table_each(table, print_one, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_entry_when_written_then_read_as_the_same(void **state)
{
	const struct edges_entry entry = {.name = "a",
					  .id = "abc",
					  .applied = 1LL << 60,
					  .removed = 3,
					  .since_ns = 5,
					  .wall_ns = 6,
					  .clock = {true, 7},
					  .announced = "last-resort",
					  .why = "it is drained"};
	struct edges_entry again;
	char *text = edges_entry_write(&entry);

	assert_non_null(text);
	assert_int_equal(edges_entry_read("a", text, &again), 0);
	assert_string_equal(again.id, "abc");
	assert_true(again.applied == 1LL << 60);
	assert_int_equal(again.removed, 3);
	assert_int_equal(again.since_ns, 5);
	assert_int_equal(again.wall_ns, 6);
	assert_true(again.clock.synchronised);
	assert_int_equal(again.clock.bound_ns, 7);
	assert_string_equal(again.announced, "last-resort");
	assert_string_equal(again.why, "it is drained");
	free(text);
}

static void test_entry_when_it_is_none_then_refused(void **state)
{
	static const char *const wrong[] = {"", "[]", "{}", "{\"version\":2}", "null"};
	struct edges_entry entry;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(edges_entry_read("a", wrong[i], &entry), -EBADMSG);
}

static void test_table_when_edges_go_then_known_as_lost_until_they_return(void **state)
{
	struct edges_table *table = edges_table_new();

	assert_int_equal(edges_table_put(table, "b", value, 0), 0);
	assert_int_equal(edges_table_put(table, "a", value, 0), 0);
	assert_table(table, "a b ");
	edges_table_gone(table, "a", 1);
	edges_table_gone(table, "nobody", 1);
	assert_table(table, "a- b ");
	edges_table_begin(table);
	assert_int_equal(edges_table_put(table, "a", value, 0), 0);
	edges_table_whole(table, 2);
	assert_table(table, "a b- ");
	edges_table_free(table);
}

static void test_table_when_full_then_the_first_lost_is_forgotten(void **state)
{
	struct edges_table *table = edges_table_new();
	char name[16];

	for (unsigned int i = 0; i < EDGES_MAX; i++) {
		snprintf(name, sizeof(name), "%03u", i);
		assert_int_equal(edges_table_put(table, name, value, 0), 0);
	}
	assert_int_equal(edges_table_put(table, "more", value, 0), -ENOSPC);
	edges_table_gone(table, "009", 2);
	edges_table_gone(table, "003", 1);
	assert_int_equal(edges_table_put(table, "more", value, 0), 0);
	assert_int_equal(edges_table_put(table, "003", value, 0), 0);
	assert_int_equal(edges_table_put(table, "009", value, 0), -ENOSPC);
	edges_table_free(table);
}

static void keep_one(void *context, const struct edges_known *known)
{
	*(struct edges_known *)context = *known;
}

static void test_table_when_a_clock_was_seen_then_it_goes_on_by_itself(void **state)
{
	struct edges_table *table = edges_table_new();
	struct edges_known known;

	assert_int_equal(edges_table_put(table, "a", value, 0), 0);
	edges_table_each(table, keep_one, &known);
	assert_int_equal(known.seen_ns, 0);
	assert_int_equal(edges_table_put(table, "a", value, 3), 0);
	edges_table_each(table, keep_one, &known);
	assert_int_equal(known.seen_ns, 3);
	assert_int_equal(edges_table_wall_ns(&known, 5), 102);
	edges_table_free(table);
}

/* Since when it lacks a revision that the others had seen, however many come after it. */
static void test_table_when_an_edge_lags_then_since_when(void **state)
{
	struct edges_table *table = edges_table_new();
	struct edges_known known;

	assert_int_equal(edges_table_put(table, "a", value, 0), 0);
	edges_table_mark(table, 7, 100);
	edges_table_mark(table, 9, 200);
	edges_table_mark(table, 12, 300);
	edges_table_each(table, keep_one, &known);
	assert_int_equal(known.mark, 9);
	assert_int_equal(known.marked_ns, 200);
	assert_int_equal(edges_table_put(table, "a", value, 0), 0);
	edges_table_mark(table, 13, 400);
	edges_table_each(table, keep_one, &known);
	assert_int_equal(known.mark, 9);
	assert_int_equal(known.marked_ns, 200);
	edges_table_free(table);
}

static void test_clock_when_it_is_not_good_enough_then_said_so(void **state)
{
	static const struct {
		struct edges_clock clock;
		uint64_t bound_ns;
		bool good;
	} cases[] = {
		{{true, 5}, 5, true}, {{true, 6}, 5, false}, {{false, 1}, 5, false},
		{{true, 6}, 0, true}, {{false, 9}, 0, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(edges_clock_is_within(cases[i].clock, cases[i].bound_ns),
				 cases[i].good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_when_written_then_read_as_the_same),
		cmocka_unit_test(test_entry_when_it_is_none_then_refused),
		cmocka_unit_test(test_table_when_edges_go_then_known_as_lost_until_they_return),
		cmocka_unit_test(test_table_when_a_clock_was_seen_then_it_goes_on_by_itself),
		cmocka_unit_test(test_table_when_an_edge_lags_then_since_when),
		cmocka_unit_test(test_clock_when_it_is_not_good_enough_then_said_so),
		cmocka_unit_test(test_table_when_full_then_the_first_lost_is_forgotten),
	};

	return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
