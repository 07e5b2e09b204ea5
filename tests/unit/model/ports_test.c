/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/ports.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/edge.h"
#include "world.h"

static void set_range(struct model_settings *settings, unsigned int public, const char *bind,
		      uint16_t first, uint16_t last)
{
	struct model_public *address = &settings->publics[public];

	address->bind = world_addr(bind);
	address->ranges[address->nr_ranges++] = (struct model_range){first, last};
	if (settings->nr_publics <= public)
		settings->nr_publics = public + 1;
}

static struct ports *make(const struct model_settings *settings, uint64_t seed)
{
	struct ports *ports;

	assert_int_equal(model_ports_new(settings, seed, &ports), 0);
	return ports;
}

static uint32_t take(struct ports *ports, uint32_t public_index)
{
	uint32_t ordinal;

	assert_int_equal(model_ports_take(ports, public_index, &ordinal), 0);
	return ordinal;
}

static void test_take_when_pool_is_large_then_every_port_once_and_shuffled(void **state)
{
	struct model_settings settings = {0};
	unsigned int nr_neighbours = 0;
	uint32_t before = 0, ordinal;
	struct ports *ports;
	uint8_t *seen;

	set_range(&settings, 0, "192.0.2.1", 1, 65535);
	ports = make(&settings, 42);
	seen = calloc(65536, 1);
	for (unsigned int i = 0; i < 65535; i++) {
		ordinal = take(ports, 0);
		assert_int_equal(seen[model_ports_number(ports, ordinal)]++, 0);
		nr_neighbours += ordinal == before + 1;
		before = ordinal;
	}
	assert_true(nr_neighbours < 100);
	assert_int_equal(model_ports_take(ports, 0, &ordinal), -ENOSPC);
	free(seen);
	model_ports_free(ports);
}

static void test_take_when_released_then_least_recently_used_first(void **state)
{
	struct model_settings settings = {0};
	uint32_t order[8];
	struct ports *ports;

	set_range(&settings, 0, "192.0.2.1", 100, 107);
	ports = make(&settings, 1);
	for (unsigned int i = 0; i < 8; i++)
		order[i] = take(ports, 0);
	for (unsigned int i = 8; i-- > 0;) {
		model_ports_quarantine(ports, order[i]);
		model_ports_release(ports, order[i]);
	}
	for (unsigned int i = 8; i-- > 0;)
		assert_int_equal(take(ports, 0), order[i]);
	model_ports_free(ports);
}

static void test_take_when_in_quarantine_then_not_given(void **state)
{
	struct model_settings settings = {0};
	uint32_t first, second, ordinal;
	struct ports_figures figures;
	struct ports *ports;

	set_range(&settings, 0, "192.0.2.1", 100, 101);
	ports = make(&settings, 1);
	first = take(ports, 0);
	model_ports_quarantine(ports, first);
	second = take(ports, 0);
	assert_int_not_equal(first, second);
	assert_int_equal(model_ports_take(ports, 0, &ordinal), -ENOSPC);
	model_ports_figures(ports, 0, &figures);
	assert_int_equal(figures.total, 2);
	assert_int_equal(figures.used, 1);
	assert_int_equal(figures.quarantined, 1);
	assert_int_equal(figures.free, 0);
	model_ports_release(ports, first);
	assert_int_equal(take(ports, 0), first);
	model_ports_free(ports);
}

static void test_untake_when_taken_in_vain_then_next_again(void **state)
{
	struct model_settings settings = {0};
	struct ports *ports;
	uint32_t ordinal;

	set_range(&settings, 0, "192.0.2.1", 100, 131);
	ports = make(&settings, 3);
	ordinal = take(ports, 0);
	model_ports_untake(ports, ordinal);
	assert_int_equal(take(ports, 0), ordinal);
	model_ports_free(ports);
}

static void test_claim_when_used_then_busy(void **state)
{
	struct model_settings settings = {0};
	struct ports *ports;
	uint32_t ordinal;

	set_range(&settings, 0, "192.0.2.1", 100, 101);
	ports = make(&settings, 3);
	assert_int_equal(model_ports_find(ports, 0, 101, &ordinal), 0);
	assert_int_equal(model_ports_claim(ports, ordinal), 0);
	assert_int_equal(model_ports_claim(ports, ordinal), -EBUSY);
	assert_int_equal(model_ports_number(ports, take(ports, 0)), 100);
	assert_int_equal(model_ports_find(ports, 0, 102, &ordinal), -ENOENT);
	assert_int_equal(model_ports_find(ports, 1, 100, &ordinal), -ENOENT);
	model_ports_free(ports);
}

static void test_touch_when_used_in_an_earlier_life_then_last(void **state)
{
	struct model_settings settings = {0};
	struct ports *ports;
	uint32_t first;

	set_range(&settings, 0, "192.0.2.1", 100, 103);
	ports = make(&settings, 3);
	first = take(ports, 0);
	model_ports_untake(ports, first);
	model_ports_touch(ports, first);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_not_equal(take(ports, 0), first);
	assert_int_equal(take(ports, 0), first);
	model_ports_free(ports);
}

static void test_take_when_families_differ_then_apart(void **state)
{
	struct model_settings settings = {0};
	struct ports *ports;
	uint32_t ordinal;

	set_range(&settings, 0, "192.0.2.1", 100, 100);
	set_range(&settings, 1, "2001:db8::1", 200, 200);
	ports = make(&settings, 3);
	assert_int_equal(model_ports_number(ports, take(ports, 1)), 200);
	assert_int_equal(model_ports_take(ports, 1, &ordinal), -ENOSPC);
	assert_int_equal(model_ports_number(ports, take(ports, 0)), 100);
	model_ports_free(ports);
}

static void test_take_when_pools_differ_then_apart(void **state)
{
	struct model_settings settings = {0};
	struct ports *ports;
	uint32_t ordinal;

	set_range(&settings, 0, "192.0.2.1", 100, 100);
	set_range(&settings, 1, "192.0.2.2", 443, 443);
	set_range(&settings, 2, "192.0.2.3", 443, 443);
	strcpy(settings.publics[1].pool, "https");
	strcpy(settings.publics[2].pool, "https");
	ports = make(&settings, 3);
	assert_int_equal(model_ports_number(ports, take(ports, 2)), 443);
	assert_int_equal(model_ports_number(ports, take(ports, 1)), 443);
	assert_int_equal(model_ports_take(ports, 1, &ordinal), -ENOSPC);
	assert_int_equal(model_ports_number(ports, take(ports, 0)), 100);
	assert_int_equal(model_ports_take(ports, 0, &ordinal), -ENOSPC);
	model_ports_free(ports);
}

/* One name with an IPv4 and an IPv6 address: 100 to 103 and 102 to 105. */
static struct ports *make_dual_stack(void)
{
	struct model_settings settings = {0};

	set_range(&settings, 0, "192.0.2.1", 100, 103);
	set_range(&settings, 1, "2001:db8::1", 102, 105);
	set_range(&settings, 2, "192.0.2.3", 100, 105);
	strcpy(settings.publics[0].advertise, "edge.example.org");
	strcpy(settings.publics[1].advertise, "Edge.example.org.");
	strcpy(settings.publics[2].advertise, "other.example.org");
	strcpy(settings.publics[2].pool, "other");
	return make(&settings, 3);
}

static void expect_figures(const struct ports *ports, uint32_t public_index, uint32_t used,
			   uint32_t free, uint32_t quarantined)
{
	struct ports_figures figures;

	model_ports_figures(ports, public_index, &figures);
	assert_int_equal(figures.used, used);
	assert_int_equal(figures.free, free);
	assert_int_equal(figures.quarantined, quarantined);
}

static void test_take_when_addresses_share_a_name_then_each_number_once(void **state)
{
	struct ports *ports = make_dual_stack();
	bool taken[106] = {false};
	uint32_t ordinal;

	for (unsigned int i = 0; i < 6; i++) { /* the numbers that only one has come last */
		unsigned int public = model_ports_take(ports, i % 2, &ordinal) == 0 ? i % 2 : 2;

		if (public == 2)
			continue;
		assert_false(taken[model_ports_number(ports, ordinal)]);
		taken[model_ports_number(ports, ordinal)] = true;
	}
	while (model_ports_take(ports, 0, &ordinal) == 0 ||
	       model_ports_take(ports, 1, &ordinal) == 0) {
		assert_false(taken[model_ports_number(ports, ordinal)]);
		taken[model_ports_number(ports, ordinal)] = true;
	}
	for (unsigned int number = 100; number <= 105; number++)
		assert_true(taken[number]);
	expect_figures(ports, 0, 4, 0, 0);
	expect_figures(ports, 1, 4, 0, 0);
	expect_figures(ports, 2, 0, 6, 0); /* another name has its own */
	model_ports_free(ports);
}

static void test_release_when_addresses_share_a_name_then_both_are_free_again(void **state)
{
	struct ports *ports = make_dual_stack();
	uint32_t v4, v6, other;

	assert_int_equal(model_ports_find(ports, 0, 102, &v4), 0);
	assert_int_equal(model_ports_find(ports, 1, 102, &v6), 0);
	assert_int_equal(model_ports_claim(ports, v4), 0);
	expect_figures(ports, 1, 1, 3, 0);
	model_ports_touch(ports, v6); /* of an earlier life: it is not to be had either way */
	model_ports_quarantine(ports, v4);
	expect_figures(ports, 0, 0, 3, 1);
	expect_figures(ports, 1, 1, 3, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_not_equal(take(ports, 1), v6);
	assert_int_equal(model_ports_take(ports, 1, &other), -ENOSPC);
	model_ports_release(ports, v4);
	assert_int_equal(take(ports, 1), v6);
	model_ports_untake(ports, v6);
	assert_int_equal(take(ports, 0), v4); /* a vain take leaves both the next to be had */
	model_ports_free(ports);
}

/* What the journal of an older sallyportd holds stays, though two builds have one command. */
static void test_claim_when_the_namesake_is_used_then_both_are(void **state)
{
	struct ports *ports = make_dual_stack();
	uint32_t v4, v6;

	assert_int_equal(model_ports_find(ports, 0, 103, &v4), 0);
	assert_int_equal(model_ports_find(ports, 1, 103, &v6), 0);
	assert_int_equal(model_ports_claim(ports, v4), 0);
	assert_int_equal(model_ports_claim(ports, v6), 0);
	model_ports_quarantine(ports, v4);
	model_ports_release(ports, v4);
	expect_figures(ports, 0, 1, 3, 0); /* held by the other one */
	model_ports_quarantine(ports, v6);
	model_ports_release(ports, v6);
	expect_figures(ports, 0, 0, 4, 0);
	expect_figures(ports, 1, 0, 4, 0);
	model_ports_free(ports);
}

static void test_new_when_ranges_are_wrong_then_refused(void **state)
{
	struct model_settings overlap = {0}, upside_down = {0}, zero = {0};
	struct ports *ports;

	set_range(&overlap, 0, "192.0.2.1", 100, 110);
	set_range(&overlap, 0, "192.0.2.1", 110, 120);
	assert_int_equal(model_ports_new(&overlap, 1, &ports), -EINVAL);
	set_range(&upside_down, 0, "192.0.2.1", 110, 100);
	assert_int_equal(model_ports_new(&upside_down, 1, &ports), -EINVAL);
	set_range(&zero, 0, "192.0.2.1", 0, 100);
	assert_int_equal(model_ports_new(&zero, 1, &ports), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_when_pool_is_large_then_every_port_once_and_shuffled),
		cmocka_unit_test(test_take_when_released_then_least_recently_used_first),
		cmocka_unit_test(test_take_when_in_quarantine_then_not_given),
		cmocka_unit_test(test_untake_when_taken_in_vain_then_next_again),
		cmocka_unit_test(test_claim_when_used_then_busy),
		cmocka_unit_test(test_touch_when_used_in_an_earlier_life_then_last),
		cmocka_unit_test(test_take_when_families_differ_then_apart),
		cmocka_unit_test(test_take_when_pools_differ_then_apart),
		cmocka_unit_test(test_take_when_addresses_share_a_name_then_each_number_once),
		cmocka_unit_test(test_release_when_addresses_share_a_name_then_both_are_free_again),
		cmocka_unit_test(test_claim_when_the_namesake_is_used_then_both_are),
		cmocka_unit_test(test_new_when_ranges_are_wrong_then_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
