// SPDX-License-Identifier: BSD-3-Clause
#include "table/hosts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/addr.h>
#include <sallyport/table_host.h>

#include <sallyport/decide.h>
#include <sallyport/near.h>

#define START_NS 5000000000ULL

struct fixture {
	struct sp_host records[SP_HOSTS];
	struct sp_settings settings;
	struct hosts hosts;
	struct sp_table view;
};

static int make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	table_hosts_open(&fixture->hosts, fixture->records, &fixture->settings, START_NS);
	fixture->view.hosts = fixture->records;
	fixture->view.settings = &fixture->settings;
	*state = fixture;
	return 0;
}

static int discard(void **state)
{
	free(*state);
	return 0;
}

static struct sp_addr v4(uint32_t number)
{
	return sp_addr_from_v4(SP_BE32(0x0a000000 + number));
}

/* Result: the nth address whose first record is that of address 0. */
static struct sp_addr neighbour(unsigned int nth)
{
	const struct sp_addr first = v4(0);

	for (uint32_t number = 0;; number++) {
		struct sp_addr addr = v4(number);

		if (sp_host_first(&addr) == sp_host_first(&first) && nth-- == 0)
			return addr;
	}
}

static void list(struct hosts *hosts, const struct sp_addr *addrs, unsigned int nr, uint64_t now_ns)
{
	table_hosts_list_begin(hosts);
	for (unsigned int i = 0; i < nr; i++)
		table_hosts_list(hosts, &addrs[i], now_ns);
	table_hosts_list_end(hosts, now_ns);
}

static void test_hosts_list_when_placed_then_packets_find_it(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addrs[] = {v4(1), v4(2), v4(1)}, absent = v4(3);
	const struct sp_host *host;

	list(&fixture->hosts, addrs, 3, START_NS);
	host = sp_find_host(&fixture->view, &addrs[1]);
	assert_non_null(host);
	assert_int_equal(host->kind, SP_HOST_LOCAL);
	assert_null(sp_find_host(&fixture->view, &absent));
	assert_int_equal(fixture->hosts.nr_local, 2);
}

static void test_hosts_list_when_placed_then_near_for_good(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addr = v4(1), other = v4(0x10000);

	sp_near_ready(&fixture->settings);
	assert_true(sp_near_is_far(&fixture->settings, &addr, 4));
	list(&fixture->hosts, &addr, 1, START_NS);
	assert_false(sp_near_is_far(&fixture->settings, &addr, 4));
	assert_true(sp_near_is_far(&fixture->settings, &other, 4));
	list(&fixture->hosts, NULL, 0, START_NS);
	assert_false(sp_near_is_far(&fixture->settings, &addr, 4));
	assert_int_equal(table_hosts_put_public(&fixture->hosts, &other, 0, START_NS), 0);
	assert_false(sp_near_is_far(&fixture->settings, &other, 4));
}

static void test_hosts_list_when_left_out_then_gone(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addrs[] = {v4(1), v4(2)};

	list(&fixture->hosts, addrs, 2, START_NS);
	list(&fixture->hosts, addrs, 1, START_NS);
	assert_non_null(sp_find_host(&fixture->view, &addrs[0]));
	assert_null(sp_find_host(&fixture->view, &addrs[1]));
	assert_int_equal(fixture->hosts.nr_local, 1);
}

static void test_hosts_put_public_when_listed_too_then_stays_public(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addr = v4(9);

	assert_int_equal(table_hosts_put_public(&fixture->hosts, &addr, 3, START_NS), 0);
	list(&fixture->hosts, &addr, 1, START_NS);
	list(&fixture->hosts, NULL, 0, START_NS);
	assert_int_equal(sp_find_host(&fixture->view, &addr)->kind, SP_HOST_PUBLIC);
	assert_int_equal(sp_find_host(&fixture->view, &addr)->public_index, 3);
}

static struct sp_addr v6(uint32_t second, uint32_t third, uint32_t fourth)
{
	return (struct sp_addr){
		.word_be = {SP_BE32(0x20010db8), SP_BE32(second), SP_BE32(third), SP_BE32(fourth)}};
}

static void test_hosts_put_prefix_when_placed_then_its_addresses_lead_there(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_prefix prefix = {.addr = v6(5, 0xa0000000, 0),
					 .mask = {{~0u, ~0u, SP_BE32(0xffff0000), 0}}};
	const struct sp_addr in[] = {v6(5, 0xa0000000, 0), v6(5, 0xa000ffff, ~0u)};
	const struct sp_addr out[] = {v6(5, 0xa0010000, 0), v6(4, 0xa0000000, 0), v4(1)};

	sp_near_ready(&fixture->settings);
	assert_null(sp_find_host(&fixture->view, &in[0]));
	assert_int_equal(table_hosts_put_prefix(&fixture->hosts, &prefix, 3, START_NS), 0);
	assert_int_equal(table_hosts_put_prefix(&fixture->hosts, &prefix, 3, START_NS), 0);
	for (unsigned int i = 0; i < 2; i++) {
		const struct sp_host *host = sp_find_host(&fixture->view, &in[i]);

		assert_non_null(host);
		assert_int_equal(host->kind, SP_HOST_PREFIX);
		assert_int_equal(host->public_index, 3);
		assert_false(sp_near_is_far(&fixture->settings, &in[i], 6));
		assert_true(table_hosts_own(fixture->records, &in[i]));
	}
	for (unsigned int i = 0; i < 3; i++) {
		assert_null(sp_find_host(&fixture->view, &out[i]));
		assert_false(table_hosts_own(fixture->records, &out[i]));
	}
}

static void test_hosts_put_prefix_when_64_bits_are_anothers_then_refused(void **state)
{
	struct fixture *fixture = *state;
	struct sp_prefix prefix = {.addr = v6(5, 0xa0000000, 0),
				   .mask = {{~0u, ~0u, SP_BE32(0xffff0000), 0}}};

	assert_int_equal(table_hosts_put_prefix(&fixture->hosts, &prefix, 3, START_NS), 0);
	assert_int_equal(table_hosts_put_prefix(&fixture->hosts, &prefix, 4, START_NS), -EEXIST);
	prefix.addr = v6(5, 0xb0000000, 0);
	assert_int_equal(table_hosts_put_prefix(&fixture->hosts, &prefix, 3, START_NS), -EEXIST);
}

static void test_hosts_put_public_when_local_before_then_turned(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addr = v4(9);

	list(&fixture->hosts, &addr, 1, START_NS);
	assert_int_equal(table_hosts_put_public(&fixture->hosts, &addr, 1, START_NS), 0);
	assert_int_equal(sp_find_host(&fixture->view, &addr)->kind, SP_HOST_PUBLIC);
	assert_int_equal(fixture->hosts.nr_local, 0);
}

static void test_hosts_put_public_when_other_index_then_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_addr addr = v4(9);

	assert_int_equal(table_hosts_put_public(&fixture->hosts, &addr, 1, START_NS), 0);
	assert_int_equal(table_hosts_put_public(&fixture->hosts, &addr, 1, START_NS), 0);
	assert_int_equal(table_hosts_put_public(&fixture->hosts, &addr, 2, START_NS), -EEXIST);
}

static void test_hosts_list_when_all_probes_taken_then_counted(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addrs[SP_HOST_PROBES + 1];

	for (unsigned int i = 0; i <= SP_HOST_PROBES; i++)
		addrs[i] = neighbour(i);
	list(&fixture->hosts, addrs, SP_HOST_PROBES + 1, START_NS);
	assert_int_equal(fixture->hosts.nr_refused, 1);
	for (unsigned int i = 0; i < SP_HOST_PROBES; i++)
		assert_non_null(sp_find_host(&fixture->view, &addrs[i]));
	assert_null(sp_find_host(&fixture->view, &addrs[SP_HOST_PROBES]));
	assert_int_equal(table_hosts_retry_ns(&fixture->hosts), UINT64_MAX);
}

static void test_hosts_list_when_record_rests_then_not_reused(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addrs[SP_HOST_PROBES + 1];

	for (unsigned int i = 0; i <= SP_HOST_PROBES; i++)
		addrs[i] = neighbour(i);
	list(&fixture->hosts, addrs, SP_HOST_PROBES, START_NS);
	list(&fixture->hosts, addrs + 1, SP_HOST_PROBES - 1, START_NS);

	list(&fixture->hosts, addrs + 1, SP_HOST_PROBES, START_NS + 1);
	assert_null(sp_find_host(&fixture->view, &addrs[SP_HOST_PROBES]));
	assert_int_equal(table_hosts_retry_ns(&fixture->hosts), START_NS + HOSTS_REST_NS);

	list(&fixture->hosts, addrs + 1, SP_HOST_PROBES, START_NS + HOSTS_REST_NS);
	assert_non_null(sp_find_host(&fixture->view, &addrs[SP_HOST_PROBES]));
	assert_int_equal(table_hosts_retry_ns(&fixture->hosts), UINT64_MAX);
}

static void test_hosts_open_when_adopted_then_residue_rests(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addrs[SP_HOST_PROBES + 1];

	for (unsigned int i = 0; i <= SP_HOST_PROBES; i++)
		addrs[i] = neighbour(i);
	list(&fixture->hosts, addrs, SP_HOST_PROBES, START_NS);
	list(&fixture->hosts, addrs + 1, SP_HOST_PROBES - 1, START_NS);

	table_hosts_open(&fixture->hosts, fixture->records, &fixture->settings, START_NS + 5);
	assert_int_equal(fixture->hosts.nr_local, SP_HOST_PROBES - 1);
	list(&fixture->hosts, addrs + 1, SP_HOST_PROBES, START_NS + 6);
	assert_null(sp_find_host(&fixture->view, &addrs[SP_HOST_PROBES]));
	assert_int_equal(table_hosts_retry_ns(&fixture->hosts), START_NS + 5 + HOSTS_REST_NS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, discard)
	const struct CMUnitTest tests[] = {
		TEST(test_hosts_list_when_placed_then_packets_find_it),
		TEST(test_hosts_list_when_placed_then_near_for_good),
		TEST(test_hosts_list_when_left_out_then_gone),
		TEST(test_hosts_put_public_when_listed_too_then_stays_public),
		TEST(test_hosts_put_public_when_local_before_then_turned),
		TEST(test_hosts_put_prefix_when_placed_then_its_addresses_lead_there),
		TEST(test_hosts_put_prefix_when_64_bits_are_anothers_then_refused),
		TEST(test_hosts_put_public_when_other_index_then_refused),
		TEST(test_hosts_list_when_all_probes_taken_then_counted),
		TEST(test_hosts_list_when_record_rests_then_not_reused),
		TEST(test_hosts_open_when_adopted_then_residue_rests),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
