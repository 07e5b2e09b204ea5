// SPDX-License-Identifier: BSD-3-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sallyport/table_host.h>

#include <sallyport/limit.h>

#include "host/config.h"
#include "kernel/settings.h"

#define NS_PER_S 1000000000ULL

static void test_rate_fits_into_a_window_of_a_power_of_two(void **state)
{
	const struct {
		struct config_rate rate;
		uint32_t shift;
		uint32_t fits; /* in 256ths */
	} cases[] = {
		{{0, NS_PER_S}, 0, 0},
		{{10, NS_PER_S}, 30, 2748}, /* 10.73 in 1.07 s */
		{{50, NS_PER_S}, 30, 13743},
		{{1, 60 * NS_PER_S}, 36, 293},
		{{1, 3600 * NS_PER_S}, 42, 312},
		{{1000000, NS_PER_S}, 24, 4294967}, /* 16777 in 17 ms */
		{{UINT32_MAX, NS_PER_S}, 16, 8388608},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t limit = kernel_settings_limit(&cases[i].rate);

		assert_int_equal(limit >> 32, cases[i].shift);
		assert_int_equal((uint32_t)limit, cases[i].fits);
	}
}

/* Asks as fast as can be, for so long. Result: how often it may. */
static unsigned int flood(uint64_t limit, uint64_t from_ns, uint64_t until_ns, uint64_t *word)
{
	unsigned int nr = 0;

	for (uint64_t now_ns = from_ns; now_ns < until_ns; now_ns += 100000) {
		uint32_t window = sp_limit_window(limit, now_ns);
		struct sp_happened sum = {0};

		sp_happened_add(&sum, *word, window);
		if (!sp_limit_allows(limit, &sum, now_ns))
			continue;
		*word = sp_limit_once_more(*word, window);
		nr++;
	}
	return nr;
}

static void test_flood_for_any_time_passes_its_rate_and_one_burst(void **state)
{
	const struct config_rate rate = {50, NS_PER_S};
	uint64_t limit = kernel_settings_limit(&rate), word = 0, now_ns = 77 * NS_PER_S / 3;

	for (unsigned int s = 1; s < 20; s++) {
		unsigned int nr;

		word = 0;
		nr = flood(limit, now_ns, now_ns + s * NS_PER_S, &word);
		assert_in_range(nr, 50 * s - 50, 50 * s + 53);
		now_ns += s * NS_PER_S + 123456789 * s;
	}
}

static void test_silence_of_two_windows_gives_the_burst_back(void **state)
{
	const struct config_rate rate = {10, NS_PER_S};
	uint64_t limit = kernel_settings_limit(&rate), word = 0;

	assert_int_equal(flood(limit, 0, 1000000, &word), 10);
	assert_int_equal(flood(limit, 1000000, 2000000, &word), 0);
	assert_int_equal(flood(limit, 3 * NS_PER_S, 3 * NS_PER_S + 1000000, &word), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate_fits_into_a_window_of_a_power_of_two),
		cmocka_unit_test(test_flood_for_any_time_passes_its_rate_and_one_burst),
		cmocka_unit_test(test_silence_of_two_windows_gives_the_burst_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
