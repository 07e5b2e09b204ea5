/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/endpoints.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/addr.h>
#include <sallyport/find.h>

#define NR_BUCKETS 64
#define NR_CELLS   (NR_BUCKETS * SP_BUCKET_ENTRIES)

static struct endpoints make(void)
{
	struct endpoints endpoints = {.nr_buckets = NR_BUCKETS, .seed = 99};

	endpoints.bucket = calloc(NR_BUCKETS, sizeof(*endpoints.bucket));
	return endpoints;
}

static struct endpoint key_of(uint32_t number)
{
	return (struct endpoint){sp_addr_from_v4(SP_BE32(0x0a000000 + number)), SP_BE16(22),
				 SP_PROTOCOL_TCP};
}

static bool bucket_has(const struct endpoints *endpoints, uint32_t bucket, uint64_t entry)
{
	for (unsigned int i = 0; i < SP_BUCKET_ENTRIES; i++)
		if (endpoints->bucket[bucket].entry[i] == entry)
			return true;
	return false;
}

/* As an engine looks. */
static bool has(const struct endpoints *endpoints, uint32_t number)
{
	struct endpoint key = key_of(number);
	uint64_t hash = sp_endpoint_hash(&key.addr, key.port_be, key.protocol, endpoints->seed);
	uint32_t first = sp_bucket_first(hash, endpoints->nr_buckets);
	uint64_t entry = sp_entry_make(hash, number);

	return bucket_has(endpoints, first, entry) ||
	       bucket_has(endpoints,
			  sp_bucket_other(first, sp_hash_tag(hash), endpoints->nr_buckets), entry);
}

static uint32_t fill(struct endpoints *endpoints)
{
	uint32_t number = 0;
	struct endpoint key = key_of(number);

	while (table_endpoints_add(endpoints, &key, number) == 0)
		key = key_of(++number);
	return number;
}

static void test_add_when_filled_then_all_are_found_and_nearly_all_fit(void **state)
{
	struct endpoints endpoints = make();
	uint32_t nr = fill(&endpoints);

	assert_true(nr > NR_CELLS * 90 / 100);
	assert_int_equal(endpoints.nr_entries, nr);
	for (uint32_t i = 0; i < nr; i++)
		assert_true(has(&endpoints, i));
	free(endpoints.bucket);
}

static void test_add_when_full_then_nothing_has_moved(void **state)
{
	struct endpoints endpoints = make();
	uint32_t nr = fill(&endpoints);
	struct sp_bucket *before = malloc(NR_BUCKETS * sizeof(*before));
	struct endpoint key = key_of(nr);

	memcpy(before, endpoints.bucket, NR_BUCKETS * sizeof(*before));
	assert_int_equal(table_endpoints_add(&endpoints, &key, nr), -ENOSPC);
	assert_memory_equal(before, endpoints.bucket, NR_BUCKETS * sizeof(*before));
	free(before);
	free(endpoints.bucket);
}

static void test_add_when_twice_then_once(void **state)
{
	struct endpoints endpoints = make();
	struct endpoint key = key_of(7);

	assert_int_equal(table_endpoints_add(&endpoints, &key, 7), 0);
	assert_int_equal(table_endpoints_add(&endpoints, &key, 7), 0);
	assert_int_equal(endpoints.nr_entries, 1);
	table_endpoints_remove(&endpoints, &key, 7);
	assert_int_equal(endpoints.nr_entries, 0);
	assert_false(has(&endpoints, 7));
	free(endpoints.bucket);
}

static void test_remove_when_other_slot_has_the_key_then_it_stays(void **state)
{
	struct endpoints endpoints = make();
	struct endpoint key = key_of(7);

	assert_int_equal(table_endpoints_add(&endpoints, &key, 7), 0);
	assert_int_equal(table_endpoints_add(&endpoints, &key, 8), 0);
	table_endpoints_remove(&endpoints, &key, 8);
	assert_true(has(&endpoints, 7));
	free(endpoints.bucket);
}

static void test_add_when_others_come_and_go_then_none_is_lost(void **state)
{
	struct endpoints endpoints = make();
	uint8_t here[NR_CELLS] = {0};
	uint64_t random = 12345;

	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t number =
			(uint32_t)((random = random * 6364136223846793005ULL + 1) >> 33) % NR_CELLS;
		struct endpoint key = key_of(number);

		if (here[number]) {
			table_endpoints_remove(&endpoints, &key, number);
			here[number] = 0;
		} else {
			here[number] = table_endpoints_add(&endpoints, &key, number) == 0;
		}
		assert_int_equal(has(&endpoints, number), here[number]);
	}
	for (uint32_t i = 0; i < NR_CELLS; i++)
		assert_int_equal(has(&endpoints, i), here[i]);
	free(endpoints.bucket);
}

static int keep_even(uint32_t slot_index, struct endpoint *ret_key, void *context)
{
	*ret_key = key_of(slot_index);
	return slot_index % 2 == 0;
}

static void test_filter_when_some_are_kept_then_strays_are_gone(void **state)
{
	struct endpoints endpoints = make();

	for (uint32_t i = 0; i < 10; i++) {
		struct endpoint key = key_of(i);

		assert_int_equal(table_endpoints_add(&endpoints, &key, i), 0);
	}
	endpoints.bucket[3].entry[7] = 0xdeadbeef00000002ULL;
	table_endpoints_filter(&endpoints, keep_even, NULL);
	assert_int_equal(endpoints.nr_entries, 5);
	assert_int_equal(endpoints.bucket[3].entry[7], 0);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(has(&endpoints, i), i % 2 == 0);
	free(endpoints.bucket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_when_filled_then_all_are_found_and_nearly_all_fit),
		cmocka_unit_test(test_add_when_full_then_nothing_has_moved),
		cmocka_unit_test(test_add_when_twice_then_once),
		cmocka_unit_test(test_remove_when_other_slot_has_the_key_then_it_stays),
		cmocka_unit_test(test_add_when_others_come_and_go_then_none_is_lost),
		cmocka_unit_test(test_filter_when_some_are_kept_then_strays_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
