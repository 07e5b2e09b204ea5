/* SPDX-License-Identifier: BSD-3-Clause */
/* An address a session, of a prefix: given once, found again, forgotten. */
#include "edge/edge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/addr.h>

#include "edge/state/state.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "world.h"

#define MILLION 1000000u
#define PREFIX	"2001:db8:5::/64"

static void give_prefix(struct world *world, const char *text)
{
	const struct sp_prefix prefix = world_prefix(text);
	struct model_public *public = &world->settings.publics[world->settings.nr_publics++];

	public->bind = prefix.addr;
	public->mask = prefix.mask;
	public->sessions = 8;
	public->nr_ranges = 1;
	public->ranges[0] = (struct model_range){1, UINT16_MAX};
	strcpy(public->advertise, text);
	world->settings.networks[world->settings.nr_networks++] = world_prefix("2001:db8:b::/64");
}

static int start(void **state, uint16_t first_slot)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world_init(world, 16);
	give_prefix(world, PREFIX);
	world->settings.publics[1].ranges[0].first = first_slot;
	world_start(world, ":memory:");
	*state = world;
	return 0;
}

static int set_up(void **state)
{
	return start(state, 1);
}

/* Two slots, which come again at once. */
static int set_up_few(void **state)
{
	return start(state, UINT16_MAX - 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

static const struct forward *put(struct world *world, const char *id, const char *address)
{
	assert_int_equal(world_put(world, id, address), 0);
	return world_ssh(world_get(world, id), 0);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sp_addr));
}

static unsigned int count_repeats(struct sp_addr *addrs, unsigned int nr)
{
	unsigned int repeats = 0;

	qsort(addrs, nr, sizeof(*addrs), compare);
	for (unsigned int i = 1; i < nr; i++)
		repeats += compare(&addrs[i - 1], &addrs[i]) == 0;
	return repeats;
}

/* The least room that there is: 32 bits. All are at one slot and port, which tell none apart. */
static void test_give_a_million_times_then_no_address_twice(void **state)
{
	struct world *world = *state;
	const struct sp_prefix prefix = world_prefix("2001:db8:5:0:a000::/80");
	struct model_settings *settings = calloc(1, sizeof(*settings));
	struct model_public *of;
	struct sp_addr *addrs = calloc(MILLION, sizeof(*addrs));

	assert_non_null(addrs);
	assert_non_null(settings);
	of = settings->publics;
	*of = (struct model_public){.bind = prefix.addr, .mask = prefix.mask, .sessions = 1};
	settings->nr_publics = 1;
	for (unsigned int i = 0; i < MILLION; i++) {
		assert_int_equal(
			state_addresses_give(&world->edge->addresses, of, 64001, 22, &addrs[i]), 0);
		assert_ptr_equal(model_settings_find_public(settings, &addrs[i]), of);
		assert_int_equal(model_settings_slot_number(of, &addrs[i], 22), 64001);
	}
	assert_int_equal(count_repeats(addrs, MILLION), 0);
	free(addrs);
	free(settings);
}

static void test_encipher_all_numbers_then_each_comes_once(void **state)
{
	struct world *world = *state;

	for (unsigned int bits = 2; bits <= 17; bits++) {
		bool *seen = calloc((size_t)1 << bits, sizeof(*seen));

		assert_non_null(seen);
		for (uint64_t number = 0; number >> bits == 0; number++) {
			uint64_t out;

			assert_int_equal(state_addresses_encipher(&world->edge->addresses, bits,
								  number, &out),
					 0);
			assert_true(out >> bits == 0);
			assert_false(seen[out]);
			seen[out] = true;
		}
		free(seen);
	}
}

static void test_give_when_all_numbers_were_given_then_none_is_left(void **state)
{
	struct world *world = *state;
	const struct sp_prefix prefix = world_prefix("2001:db8:5:0:a000::/80");
	const struct model_public public = {
		.bind = prefix.addr, .mask = prefix.mask, .sessions = 1};
	struct sp_addr addr;

	world->edge->addresses.next = UINT32_MAX;
	assert_int_equal(state_addresses_give(&world->edge->addresses, &public, 1, 22, &addr), 0);
	assert_int_equal(state_addresses_give(&world->edge->addresses, &public, 1, 22, &addr),
			 -ENOSPC);
}

static void test_put_then_ssh_is_at_port_22_of_an_address_of_the_prefix(void **state)
{
	struct world *world = *state;
	const struct sp_prefix prefix = world_prefix(PREFIX);
	const struct forward *forward = put(world, "a", "2001:db8:b::7");
	const struct sp_slot *slot = table_map_slot(world->table, forward->slot_index);

	assert_int_equal(forward->public_port, 22);
	assert_true(sp_prefix_contains(&prefix, &forward->public_addr));
	assert_int_equal(slot->state, SP_SLOT_LIVE);
	assert_true(sp_addr_equal(&slot->public_addr, &forward->public_addr));
	assert_int_equal(forward->slot_index,
			 sp_slot_index(1, 22 ^ sp_own_bits(&forward->public_addr)));
	/* IPv4 has its ports as ever. */
	assert_int_equal(put(world, "b", "10.0.0.1")->public_index, 0);
}

/* Result: whether engines find a live lease of that address. */
static bool is_found(const struct world *world, const struct sp_addr *addr)
{
	const struct sp_slot *slot =
		table_map_slot(world->table, sp_slot_index(1, 22 ^ sp_own_bits(addr)));

	return slot->state == SP_SLOT_LIVE && sp_addr_equal(&slot->public_addr, addr);
}

/* Over restarts, lost daemons and reboots, with slots that are used again at once. */
static void test_put_again_and_again_then_no_address_twice(void **state)
{
	struct world *world = *state;
	struct sp_addr addrs[64];
	struct edge_result result;

	for (unsigned int i = 0; i < 64; i++) {
		addrs[i] = put(world, "a", "2001:db8:b::7")->public_addr;
		for (unsigned int j = 0; j <= i; j++)
			assert_int_equal(is_found(world, &addrs[j]), j == i);
		if (i % 4 == 1)
			world_restart(world);
		if (i % 4 == 3)
			world_reboot(world, SECOND);
		assert_true(sp_addr_equal(&world_ssh(world_get(world, "a"), 0)->public_addr,
					  &addrs[i]));
		assert_int_equal(world_cancel(world, "a", &result), 0);
		world_pass(world, 10 * MINUTE);
		assert_null(edge_get(world->edge, "a"));
	}
	assert_int_equal(count_repeats(addrs, 64), 0);
}

/* What was journaled is at or above all that was said, however sallyportd ended. */
static void test_restart_then_numbers_go_on_above_those_given(void **state)
{
	struct world *world = *state;
	uint64_t next;

	put(world, "a", "2001:db8:b::7");
	next = world->edge->addresses.next;
	assert_true(world->edge->addresses.kept >= next);
	world_restart(world);
	assert_true(world->edge->addresses.next >= next);
	assert_true(world->edge->addresses.kept >= world->edge->addresses.next);
}

/* Each is another one: they would be kept for ever. */
static void test_end_then_no_port_of_a_prefix_is_journaled(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	put(world, "a", "2001:db8:b::7");
	assert_int_equal(world_cancel(world, "a", &result), 0);
	put(world, "b", "2001:db8:b::8");
	world_break_journal(world, true);
	assert_int_equal(world_cancel(world, "b", &result), 0);
	world_break_journal(world, false);
	world_pass(world, 2 * SECOND);
	assert_string_equal(world_ask(world, "SELECT count(*) FROM builds WHERE state = 'ended'"),
			    "2");
	assert_string_equal(world_ask(world, "SELECT count(*) FROM ports"), "0");
	put(world, "c", "10.0.0.1");
	assert_int_equal(world_cancel(world, "c", &result), 0);
	assert_string_equal(world_ask(world, "SELECT count(*) FROM ports"), "1");
}

static void test_put_when_the_journal_refuses_then_its_number_is_gone(void **state)
{
	struct world *world = *state;
	uint64_t next = world->edge->addresses.next;

	world_break_journal(world, true);
	assert_true(world_put(world, "a", "2001:db8:b::7") < 0);
	world_break_journal(world, false);
	put(world, "a", "2001:db8:b::7");
	assert_true(world->edge->addresses.next >= next + 2);
}

static void add_forward(struct node_spec *node, const char *name, uint16_t port)
{
	struct forward_spec *forward = model_build_spec_node_spec_add_forward(node);

	assert_non_null(forward);
	strcpy(forward->name, name);
	forward->port = port;
	forward->protocol_mask = SP_PROTOCOL_TCP;
}

static void test_put_with_forwards_then_at_their_own_ports_of_one_address(void **state)
{
	static const char *const one[] = {"2001:db8:b::7"};
	struct world *world = *state;
	const struct forward *forwards;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 1, one);
	spec.nodes[0].port = 2222;
	add_forward(&spec.nodes[0], "vnc", 5901);
	add_forward(&spec.nodes[0], "also-22", 22);
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	forwards = result.build->nodes[0].forwards;
	assert_int_equal(forwards[0].public_port, 22);
	assert_int_equal(forwards[1].public_port, 5901);
	/* The node's own is there. */
	assert_true(forwards[2].public_port >= 49152);
	for (unsigned int i = 1; i < 3; i++) {
		assert_true(sp_addr_equal(&forwards[i].public_addr, &forwards[0].public_addr));
		assert_int_not_equal(forwards[i].slot_index, forwards[0].slot_index);
	}
	world_restart(world);
	assert_int_equal(world_get(world, "a")->nodes[0].forwards[1].public_port, 5901);
	model_build_spec_free(&spec);
}

static void test_put_when_a_port_or_an_address_is_named_then_the_port_alone(void **state)
{
	static const char *const one[] = {"2001:db8:b::7"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 1, one);
	spec.nodes[0].public_port = 443;
	spec.nodes[0].has_public_address = true;
	spec.nodes[0].public_address = world_addr("2001:db8:5::1");
	assert_int_equal(world_put_spec(world, &spec, &result), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_INVALID);
	spec.nodes[0].has_public_address = false;
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	assert_int_equal(world_ssh(result.build, 0)->public_port, 443);
	model_build_spec_free(&spec);
}

static void test_put_beyond_sessions_then_no_ports_until_quarantine_is_over(void **state)
{
	struct world *world = *state;
	struct ports_figures figures;
	struct edge_result result;
	char id[16], address[32];

	for (unsigned int i = 0; i < 8; i++) {
		snprintf(id, sizeof(id), "n%u", i);
		snprintf(address, sizeof(address), "2001:db8:b::%u", 10 + i);
		put(world, id, address);
	}
	assert_int_equal(world_put(world, "over", "2001:db8:b::99"), -ENOSPC);
	assert_int_equal(world->problem.type, PROBLEM_NO_PORTS);
	assert_int_equal(edge_pool_figures(world->edge, 1, &figures), 0);
	assert_int_equal(figures.total, 8);
	assert_int_equal(figures.free, 0);
	assert_int_equal(world_cancel(world, "n0", &result), 0);
	assert_int_equal(world_put(world, "over", "2001:db8:b::99"), -ENOSPC);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_put(world, "over", "2001:db8:b::99"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_give_a_million_times_then_no_address_twice),
		CASE(test_encipher_all_numbers_then_each_comes_once),
		CASE(test_give_when_all_numbers_were_given_then_none_is_left),
		CASE(test_put_then_ssh_is_at_port_22_of_an_address_of_the_prefix),
		cmocka_unit_test_setup_teardown(test_put_again_and_again_then_no_address_twice,
						set_up_few, world_tear_down),
		CASE(test_restart_then_numbers_go_on_above_those_given),
		CASE(test_end_then_no_port_of_a_prefix_is_journaled),
		CASE(test_put_when_the_journal_refuses_then_its_number_is_gone),
		CASE(test_put_with_forwards_then_at_their_own_ports_of_one_address),
		CASE(test_put_when_a_port_or_an_address_is_named_then_the_port_alone),
		CASE(test_put_beyond_sessions_then_no_ports_until_quarantine_is_over),
	};

	return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
