// SPDX-License-Identifier: BSD-3-Clause
/* The shield by itself, as compiled for the host, over two rows and time of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include <sallyport/note_put.h>
#include <sallyport/shield.h>

#define NOW_NS (77ull << 30)

static const struct sp_rows row0 = {.own = 0, .first = 0, .end = 2};
static const struct sp_rows row1 = {.own = 1, .first = 0, .end = 2};

static struct sp_knock knock_of(const char *client, __u32 lease, enum sp_door door)
{
	struct sp_addr addr;

	assert_int_equal(fixture_parse_addr(client, &addr), 0);
	return (struct sp_knock){.source = sp_shield_source(&addr),
				 .usage_index = lease,
				 .generation = 1,
				 .door = door,
				 .protocol = SP_PROTOCOL_TCP};
}

static enum sp_verdict knock(struct fixture *fixture, const struct sp_rows *rows,
			     const char *client, __u32 lease)
{
	const struct sp_knock it = knock_of(client, lease, SP_DOOR_VM);

	return sp_shield(&fixture->table, rows, &it, NOW_NS);
}

/* Another source each. Result: how many of so many are let in. */
static unsigned int forged(struct fixture *fixture, const struct sp_rows *rows, __u32 lease,
			   unsigned int from, unsigned int nr)
{
	struct sp_knock it = knock_of("198.18.0.0", lease, SP_DOOR_VM);
	unsigned int passed = 0;

	for (unsigned int i = 0; i < nr; i++) {
		it.source = ((__u64)from + i) << 32 | 0xc6120000u;
		passed += sp_shield(&fixture->table, rows, &it, NOW_NS) == SP_FORWARDED;
	}
	return passed;
}

static int set_up(void **state)
{
	static struct fixture fixture;

	assert_int_equal(fixture_new(&fixture), 0);
	fixture.settings->syn_per_lease = SP_LIMIT(30, 50);
	fixture.settings->syn_per_source = SP_LIMIT(30, 10);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_free(*state);
	return 0;
}

static void test_two_rows_share_one_limit(void **state)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < 1000; i++)
		passed += forged(*state, i % 2 ? &row1 : &row0, 3, i * 7 + 1, 1);
	assert_int_equal(passed, 50);
}

static void test_one_source_has_its_limit_over_all_leases_and_rows(void **state)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < 100; i++)
		passed += knock(*state, i % 2 ? &row1 : &row0, "198.51.100.9", i % 16) ==
			  SP_FORWARDED;
	assert_int_equal(passed, 10);
	assert_int_equal(knock(*state, &row0, "198.51.100.9", 1), SP_SOURCE_LIMITED);
	assert_int_equal(knock(*state, &row0, "198.51.100.10", 1), SP_FORWARDED);
}

static void test_64_bits_of_ipv6_are_one_source(void **state)
{
	static const char *const same[] = {"2001:db8:c::1", "2001:db8:c::ffff:2"};

	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(knock(*state, &row0, same[i % 2], 0), SP_FORWARDED);
	assert_int_equal(knock(*state, &row0, "2001:db8:c::3", 0), SP_SOURCE_LIMITED);
	assert_int_equal(knock(*state, &row0, "2001:db8:c:1::3", 0), SP_FORWARDED);
}

/* Nor does it make the table forget who has used up an allowance. */
static void test_flood_of_forged_sources_bars_no_newcomer_elsewhere(void **state)
{
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(knock(*state, &row0, "198.51.100.9", 9), SP_FORWARDED);
	assert_int_equal(forged(*state, &row0, 3, 1, 1000000), 50);
	assert_int_equal(knock(*state, &row0, "198.51.100.9", 9), SP_SOURCE_LIMITED);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(forged(*state, &row0, 9, 2000000 + i, 1), 1);
}

static void test_who_is_not_let_in_takes_nothing_from_who_is(void **state)
{
	struct fixture *fixture = *state;
	struct sp_knock it = knock_of("198.18.0.0", 3, SP_DOOR_EXPLAIN);

	for (unsigned int i = 0; i < 1000; i++) {
		it.source = i + 1;
		sp_shield(&fixture->table, &row0, &it, NOW_NS);
	}
	assert_int_equal(sp_shield(&fixture->table, &row0, &it, NOW_NS), SP_LEASE_LIMITED);
	assert_int_equal(forged(fixture, &row0, 3, 5000, 100), 50);
}

static void test_known_source_of_udp_is_not_counted_again(void **state)
{
	struct fixture *fixture = *state;
	struct sp_knock it = knock_of("198.51.100.9", 3, SP_DOOR_VM);
	__u64 later_ns = NOW_NS;

	it.protocol = SP_PROTOCOL_UDP;
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(sp_shield(&fixture->table, &row0, &it, later_ns += 1ull << 36),
				 SP_FORWARDED);
	assert_int_equal(forged(fixture, &row0, 3, 1, 100), 50);
	it.source = 12345;
	assert_int_equal(sp_shield(&fixture->table, &row0, &it, NOW_NS), SP_LEASE_LIMITED);
}

static void test_without_limits_nothing_is_counted(void **state)
{
	struct fixture *fixture = *state;

	fixture->settings->syn_per_lease = 0;
	fixture->settings->syn_per_source = 0;
	assert_int_equal(forged(fixture, &row0, 3, 1, 1000), 1000);
	for (__u32 i = 0; i < FIXTURE_LIMITS; i++)
		for (__u32 word = 0; word < SP_LIMIT_WORDS; word++)
			assert_int_equal(fixture->limits[i].word[word], 0);
}

/* One lease flooded with every kind of note; another has its few, and all find room in the ring. */
static void test_flooded_lease_leaves_the_ring_to_others(void **state)
{
	struct fixture *fixture = *state;
	struct sp_ring_head head = {0};

	for (unsigned int i = 0; i < 100000; i++)
		head.written += sp_note_may(&fixture->table, 0, &head, 5,
					    i % 2 ? SP_NOTE_RESET : SP_NOTE_CLOSES, NOW_NS);
	assert_in_range(head.written, 2 * SP_NOTES_SHARE, SP_NOTES / 4);
	assert_int_equal(head.withheld, 100000 - head.written);
	for (unsigned int i = 0; i < SP_NOTES_SHARE_LEAN; i++)
		assert_true(sp_note_may(&fixture->table, 0, &head, 6, SP_NOTE_RESET, NOW_NS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_two_rows_share_one_limit),
		TEST(test_one_source_has_its_limit_over_all_leases_and_rows),
		TEST(test_64_bits_of_ipv6_are_one_source),
		TEST(test_flood_of_forged_sources_bars_no_newcomer_elsewhere),
		TEST(test_who_is_not_let_in_takes_nothing_from_who_is),
		TEST(test_known_source_of_udp_is_not_counted_again),
		TEST(test_without_limits_nothing_is_counted),
		TEST(test_flooded_lease_leaves_the_ring_to_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
