// SPDX-License-Identifier: BSD-3-Clause
/* Whoever near.h calls far is a client by the exact test, whatever networks and addresses there
 * are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "packets.h"

#include <sallyport/decide.h>
#include <sallyport/near.h>

#define TABLES	      300
#define ADDRS	      2000
#define ADDRS_OF_BOTH 4u /* by one draw: a network's, a host's, and two that may be anything */

static void draw_addr(struct random *random, int family, struct sp_addr *ret)
{
	*ret = sp_addr_from_v4((__be32)random_next(random));
	if (family == 6)
		for (int i = 0; i < 4; i++)
			ret->word_be[i] = (__be32)random_next(random);
}

static void draw_prefix(struct random *random, struct sp_prefix *ret)
{
	int family = random_below(random, 2) ? 4 : 6;
	uint32_t bits = family == 4 ? 96 + random_below(random, 33) : random_below(random, 129);

	draw_addr(random, family, &ret->addr);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t here = bits > 32 * i ? bits - 32 * i : 0;

		ret->mask.word_be[i] = SP_BE32(here >= 32 ? ~0u : ~(~0u >> here));
		ret->addr.word_be[i] &= ret->mask.word_be[i];
	}
}

static void draw_table(struct random *random, struct fixture *fixture)
{
	struct sp_settings *settings = fixture->settings;

	fixture_clear(fixture);
	sp_near_begin(settings);
	for (uint32_t i = 1 + random_below(random, 4); i > 0; i--) {
		struct sp_prefix *prefix = &settings->networks[0][settings->nr_networks[0]++];

		draw_prefix(random, prefix);
		/* Nobody's network is half of all addresses: those would say nothing of the rest.
		 */
		if (random_below(random, 8))
			while (prefix->mask.word_be[0] != 0xffffffff)
				draw_prefix(random, prefix);
		sp_near_add_network(settings, prefix);
	}
	for (uint32_t i = random_below(random, 4); i > 0; i--) {
		struct sp_addr addr;

		draw_addr(random, random_below(random, 2) ? 4 : 6, &addr);
		fixture->hosts[sp_host_first(&addr)] =
			(struct sp_host){.addr = addr, .kind = SP_HOST_LOCAL};
		sp_near_add_host(settings, &addr);
	}
}

/* One of a network, one of this host, or any, with some bits of its end turned. */
static struct sp_addr pick_addr(struct random *random, const struct fixture *fixture, int *family)
{
	const struct sp_settings *settings = fixture->settings;
	uint32_t which = random_below(random, ADDRS_OF_BOTH);
	const struct sp_prefix *prefix =
		&settings->networks[0][random_below(random, settings->nr_networks[0])];
	struct sp_addr addr;

	draw_addr(random, random_below(random, 2) ? 4 : 6, &addr);
	if (which == 0)
		for (uint32_t i = 0; i < 4; i++)
			addr.word_be[i] = prefix->addr.word_be[i] |
					  (addr.word_be[i] & ~prefix->mask.word_be[i]);
	if (which == 1)
		for (uint32_t i = 0; i < SP_HOSTS; i++)
			if (fixture->hosts[i].kind != SP_HOST_NONE)
				addr = fixture->hosts[i].addr;
	if (which == 2)
		addr.word_be[sp_addr_is_v4(&addr) ? 3 : 0] &= SP_BE32(0xff000000);
	*family = sp_addr_is_v4(&addr) ? 4 : 6;
	return addr;
}

static void test_far_addresses_are_clients_by_the_exact_test(void **state)
{
	struct random random = {.state = 1};
	uint32_t nr_far = 0, nr_clients = 0;
	struct fixture fixture;

	assert_int_equal(fixture_new(&fixture), 0);
	for (int i = 0; i < TABLES; i++) {
		draw_table(&random, &fixture);
		for (int n = 0; n < ADDRS; n++) {
			int family, is_far, is_client;
			struct sp_addr addr = pick_addr(&random, &fixture, &family);

			fixture.settings->near_ready = 0;
			assert_false(sp_near_is_far(fixture.settings, &addr, family));
			is_client = sp_is_client(&fixture.table, &addr, family);
			sp_near_ready(fixture.settings);
			is_far = sp_near_is_far(fixture.settings, &addr, family);
			assert_true(is_client || !is_far);
			assert_int_equal(sp_is_client(&fixture.table, &addr, family), is_client);
			nr_far += is_far;
			nr_clients += is_client;
		}
	}
	/* It is worth it only if it knows most of them. */
	assert_in_range(nr_far, nr_clients / 4 * 3, nr_clients);
	fixture_free(&fixture);
}

static void test_what_no_host_can_have_is_near(void **state)
{
	struct fixture fixture;

	assert_int_equal(fixture_new(&fixture), 0);
	sp_near_begin(fixture.settings);
	sp_near_ready(fixture.settings);
	for (uint32_t upper = 0; upper < 0x10000; upper++) {
		struct sp_addr v4 = sp_addr_from_v4(SP_BE32(upper << 16 | 1));
		struct sp_addr v6 = {.word_be = {SP_BE32(upper << 16), SP_BE32(1)}};

		assert_int_equal(sp_near_is_far(fixture.settings, &v4, 4), sp_addr_is_host(&v4, 4));
		assert_true(sp_addr_is_host(&v6, 6) || !sp_near_is_far(fixture.settings, &v6, 6));
	}
	fixture_free(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_far_addresses_are_clients_by_the_exact_test),
		cmocka_unit_test(test_what_no_host_can_have_is_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
