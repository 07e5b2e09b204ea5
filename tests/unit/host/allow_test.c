/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/allow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/client/allow.h>

#include "host/addr.h"

#define LISTS	  3000u
#define ADDRESSES 400u
#define SEED	  0x5a11

static struct sp_addr address(const char *text)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static bool has(const char *const prefixes[], unsigned int nr, const char *text)
{
	struct sp_prefix prefix[SP_ALLOW_PREFIXES];
	struct sp_addr addr = address(text);
	struct sp_allow allow;

	for (unsigned int i = 0; i < nr; i++)
		assert_int_equal(addr_prefix_parse(prefixes[i], &prefix[i]), 0);
	allow_make(&allow, prefix, nr);
	return sp_allow_has(&allow, &addr);
}

static void test_has_when_asked_of_the_ends_then_they_are_within(void **state)
{
	const char *const list[] = {"203.0.113.8/29", "198.51.100.0/24", "2001:db8:c::/48",
				    "2001:db8:d::7/128"};
	static const struct {
		const char *addr;
		bool has;
	} cases[] = {
		{"203.0.113.7", false},
		{"203.0.113.8", true},
		{"203.0.113.15", true},
		{"203.0.113.16", false},
		{"198.51.99.255", false},
		{"198.51.100.0", true},
		{"198.51.100.255", true},
		{"198.51.101.0", false},
		{"0.0.0.0", false},
		{"255.255.255.255", false},
		{"2001:db8:b:ffff::", false},
		{"2001:db8:c::", true},
		{"2001:db8:c:ffff::1", true},
		{"2001:db8:c:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:db8:d::", false},
		{"2001:db8:d::6", false},
		{"2001:db8:d::7", true},
		{"2001:db8:d::8", false},
		{"::", false},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(has(list, 4, cases[i].addr), cases[i].has);
}

static void test_has_when_a_list_is_of_one_family_then_no_address_of_the_other(void **state)
{
	const char *const v4[] = {"0.0.0.0/0"}, *const v6[] = {"::/0"};

	assert_true(has(v4, 1, "0.0.0.0"));
	assert_true(has(v4, 1, "255.255.255.255"));
	assert_false(has(v4, 1, "2001:db8::1"));
	assert_false(has(v6, 1, "192.0.2.1"));
	assert_true(has(v6, 1, "2001:db8::1"));
	assert_true(has(v6, 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
	assert_false(has(NULL, 0, "192.0.2.1"));
	assert_false(has(NULL, 0, "2001:db8::1"));
}

static void test_make_when_the_same_addresses_then_the_same_record(void **state)
{
	const char *const one[] = {"203.0.113.0/24", "2001:db8::/32"};
	const char *const two[] = {"2001:db8:1::/48", "203.0.113.128/25", "2001:db8::/32",
				   "203.0.113.0/25", "203.0.113.7/32"};
	struct sp_prefix prefix[5];
	struct sp_allow a, b;

	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(addr_prefix_parse(one[i], &prefix[i]), 0);
	allow_make(&a, prefix, 2);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(addr_prefix_parse(two[i], &prefix[i]), 0);
	allow_make(&b, prefix, 5);
	assert_memory_equal(&a, &b, sizeof(a));
}

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random() % below;
}

/* Few values, so that ranges meet, touch and lie within one another. */
static struct sp_addr draw_address(bool v4)
{
	struct sp_addr addr = v4 ? sp_addr_from_v4(0) : (struct sp_addr){.word_be = {0}};

	if (!v4)
		for (unsigned int i = 0; i < 4; i++)
			addr.word_be[i] = SP_BE32(draw(2) ? draw(4) : 0u - draw(4));
	addr.word_be[3] = SP_BE32(draw(3) ? draw(64) : 0u - draw(64));
	return addr;
}

static struct sp_prefix draw_prefix(void)
{
	bool v4 = draw(2);
	unsigned int bits = v4 ? 96 + (draw(4) ? 32 - draw(7) : draw(33)) : draw(129);
	struct sp_prefix prefix = {.addr = draw_address(v4)};

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int here = bits > 32 * i ? bits - 32 * i : 0;

		prefix.mask.word_be[i] =
			here >= 32 ? 0xffffffff : SP_BE32((uint32_t)(0xffffffffull << (32 - here)));
		prefix.addr.word_be[i] &= prefix.mask.word_be[i];
	}
	return prefix;
}

static bool is_in_one(const struct sp_prefix *prefixes, unsigned int nr, const struct sp_addr *addr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (sp_prefix_contains(&prefixes[i], addr))
			return true;
	return false;
}

static void test_has_when_any_list_and_address_then_as_prefix_by_prefix(void **state)
{
	unsigned int within = 0, without = 0;

	srandom(SEED);
	for (unsigned int list = 0; list < LISTS; list++) {
		struct sp_prefix prefix[SP_ALLOW_PREFIXES];
		unsigned int nr = draw(SP_ALLOW_PREFIXES + 1);
		struct sp_allow allow;

		for (unsigned int i = 0; i < nr; i++)
			prefix[i] = draw_prefix();
		allow_make(&allow, prefix, nr);
		for (unsigned int i = 0; i < ADDRESSES; i++) {
			struct sp_addr addr = draw_address(draw(2));
			bool wanted = is_in_one(prefix, nr, &addr);

			within += wanted;
			without += !wanted;
			assert_int_equal(sp_allow_has(&allow, &addr), wanted);
		}
	}
	assert_true(within > LISTS * ADDRESSES / 10 && without > LISTS * ADDRESSES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has_when_asked_of_the_ends_then_they_are_within),
		cmocka_unit_test(
			test_has_when_a_list_is_of_one_family_then_no_address_of_the_other),
		cmocka_unit_test(test_make_when_the_same_addresses_then_the_same_record),
		cmocka_unit_test(test_has_when_any_list_and_address_then_as_prefix_by_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
