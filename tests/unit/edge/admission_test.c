/* SPDX-License-Identifier: BSD-3-Clause */
/* Allow-lists against the families of public addresses: default has both, https IPv4 alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "model/pools.h"
#include "world.h"

#define V4 "203.0.113.0/24"
#define V6 "2001:db8:9::/48"

static void add_public(struct world *world, const char *address, const char *pool)
{
	struct model_public *public = &world->settings.publics[world->settings.nr_publics++];

	public->bind = world_addr(address);
	strcpy(public->advertise, address);
	strcpy(public->pool, pool);
	public->ranges[public->nr_ranges++] = (struct model_range){50000, 50015};
}

static int set_up(void **state)
{
	struct world *world = malloc(sizeof(*world));

	world_init(world, 16);
	add_public(world, "2001:db8::1", POOL_DEFAULT);
	add_public(world, "192.0.2.2", "https");
	world->settings.networks[world->settings.nr_networks++] = world_prefix("2001:db8:2::/64");
	world_start(world, ":memory:");
	*state = world;
	return 0;
}

/* PUT of nodes at these addresses, "" for none, the first from this pool; NULL ends the lists. */
static int put(struct world *world, const char *const *addresses, const char *pool,
	       const char *const *allow)
{
	struct edge_result result;
	struct build_spec spec;
	unsigned int nr = 0;
	int error;

	while (addresses[nr])
		nr++;
	world_spec(&spec, "b", nr, addresses);
	strcpy(spec.nodes[0].pool, pool);
	for (unsigned int i = 0; allow[i]; i++)
		world_allow(&spec, allow[i]);
	error = world_put_spec(world, &spec, &result);
	model_build_spec_free(&spec);
	return error;
}

struct admission_case {
	const char *addresses[3];
	const char *pool;
	const char *allow[3];
	const char *refused; /* whose family is missing; NULL: accepted */
};

static void check_case(const struct admission_case *expected)
{
	struct world *world;
	char detail[256];

	set_up((void **)&world);
	assert_int_equal(put(world, expected->addresses, expected->pool, expected->allow),
			 expected->refused ? -EINVAL : 0);
	if (expected->refused) {
		snprintf(detail, sizeof(detail), "holds no prefix of the family of %s",
			 expected->refused);
		assert_int_equal(world->problem.type, PROBLEM_ADMITS_NOBODY);
		assert_int_equal(world->problem.nr_errors, 1);
		assert_string_equal(world->problem.errors[0].pointer, "/allow");
		assert_string_equal(world->problem.errors[0].detail, detail);
		assert_null(edge_get(world->edge, "b"));
	}
	world_stop(world);
	free(world);
}

static void test_put_when_allow_list_is_of_one_family_then_nodes_are_of_it(void **state)
{
	static const struct admission_case cases[] = {
		{{"10.0.0.1"}, "", {V4}, NULL},
		{{"10.0.0.1"}, "", {V6}, "192.0.2.1, the public address of node 0"},
		{{"10.0.0.1"}, "", {"::/0"}, "192.0.2.1, the public address of node 0"},
		{{"10.0.0.1"}, "", {NULL}, NULL},
		{{"2001:db8:2::1"}, "", {V6}, NULL},
		{{"2001:db8:2::1"}, "", {V4}, "2001:db8::1, the public address of node 0"},
		{{"2001:db8:2::1"}, "", {"0.0.0.0/0"}, "2001:db8::1, the public address of node 0"},
		{{"10.0.0.1", "2001:db8:2::1"}, "", {V4, V6}, NULL},
		{{"10.0.0.1", "2001:db8:2::1"},
		 "",
		 {V4},
		 "2001:db8::1, the public address of node 1"},
		{{""}, "https", {V4}, NULL},
		{{""}, "https", {V6}, "192.0.2.2, the public address of node 0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* No VM says which family the port is to be of. */
static void test_put_when_bound_later_then_port_is_of_the_allow_lists_family(void **state)
{
	static const char *const none[] = {"", NULL}, *const vm[] = {"2001:db8:2::1", NULL};
	static const char *const v6[] = {V6, NULL};
	struct world *world = *state;

	assert_int_equal(put(world, none, "", v6), 0);
	assert_int_equal(addr_family(&world_ssh(world_get(world, "b"), 0)->public_addr), 6);
	assert_int_equal(put(world, vm, "", v6), 0);
}

/* An earlier version took such builds: what they have stays theirs. */
static void test_put_when_build_is_older_than_the_rule_then_it_may_be_bound(void **state)
{
	static const char *const none[] = {"", NULL}, *const vm[] = {"10.0.0.1", NULL};
	static const char *const v4[] = {V4, NULL}, *const v6[] = {V6, NULL};
	struct world *world = *state;

	assert_int_equal(put(world, none, "", v4), 0);
	((struct build *)world_get(world, "b"))->allow[0] = world_prefix(V6);
	assert_int_equal(put(world, vm, "", v6), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_when_allow_list_is_of_one_family_then_nodes_are_of_it),
		CASE(test_put_when_bound_later_then_port_is_of_the_allow_lists_family),
		CASE(test_put_when_build_is_older_than_the_rule_then_it_may_be_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
