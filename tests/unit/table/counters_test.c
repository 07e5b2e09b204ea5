/* SPDX-License-Identifier: BSD-3-Clause */
/* What rows of counters add up to, each engine's by themselves. */
#include "table/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/table_map.h"

#define NR_CPUS	   3
#define NR_WORKERS 2

static struct table_map *make_table(void)
{
	struct sp_meta meta = {
		.nr_publics = 1,
		.nr_buckets = 64,
		.nr_allow = 2,
		.nr_usage = 4,
		.nr_cpus = NR_CPUS,
		.nr_workers = NR_WORKERS,
	};
	struct table_map *table;

	table_meta_init(&meta);
	assert_int_equal(table_map_alloc(&meta, &table), 0);
	for (unsigned int row = 0; row < NR_CPUS + NR_WORKERS; row++) {
		table->counters[row].bytes[SP_TOWARD_VM] = 1ull << row;
		table->counters[row].bytes[SP_TOWARD_CLIENT] = 1ull << (40 + row);
		table->counters[row].verdict[SP_FORWARDED] = 1ull << (20 + row);
		table->counters[row].verdict[SP_VERDICT_COUNT - 1] = 1;
	}
	return table;
}

static void test_sums_when_rows_are_of_two_engines_then_each_has_its_own(void **state)
{
	static const struct {
		enum metrics_engine engine;
		uint64_t rows, nr;
	} cases[] = {{METRICS_XDP, 0x07, NR_CPUS}, {METRICS_DPDK, 0x18, NR_WORKERS}};
	struct table_map *table = make_table();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t packets[SP_VERDICT_COUNT], bytes[2];

		table_counters_sum_bytes(table, cases[i].engine, bytes);
		assert_int_equal(bytes[SP_TOWARD_VM], cases[i].rows);
		assert_int_equal(bytes[SP_TOWARD_CLIENT], cases[i].rows << 40);
		table_counters_sum_verdicts(table, cases[i].engine, packets);
		assert_int_equal(packets[SP_FORWARDED], cases[i].rows << 20);
		assert_int_equal(packets[SP_VERDICT_COUNT - 1], cases[i].nr);
		assert_int_equal(packets[SP_STEERED], 0);
	}
	table_map_free(table);
}

static void test_directions_when_named_then_as_in_the_api(void **state)
{
	assert_string_equal(table_counters_direction_name(SP_TOWARD_VM), "to_vm");
	assert_string_equal(table_counters_direction_name(SP_TOWARD_CLIENT), "to_client");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_when_rows_are_of_two_engines_then_each_has_its_own),
		cmocka_unit_test(test_directions_when_named_then_as_in_the_api),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
