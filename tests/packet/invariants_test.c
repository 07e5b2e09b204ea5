// SPDX-License-Identifier: BSD-3-Clause
/*
 * Random packets through the host's build; what must hold for every packet holds for them.
 * PACKET_COUNT is how many (300000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "checksums.h"
#include "engine/host_engine.h"
#include "fixture.h"
#include "invariants.h"
#include "packets.h"

#define NOW_NS		5000000000000ULL
#define PACKETS_DEFAULT 300000

static unsigned long long from_environment(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_random_packets_keep_every_invariant(void **state)
{
	unsigned long long seed = from_environment("PACKET_SEED", (unsigned long long)time(NULL));
	unsigned long long count = from_environment("PACKET_COUNT", PACKETS_DEFAULT);
	struct random random = {.state = seed};
	static struct frame in, out;
	struct fixture fixture;

	print_message("# PACKET_SEED=%llu PACKET_COUNT=%llu\n", seed, count);
	assert_int_equal(fixture_new(&fixture), 0);
	assert_int_equal(fixture_standard(&fixture, NOW_NS), 0);
	for (unsigned long long i = 0; i < count; i++) {
		struct run run = {.now_ns = NOW_NS,
				  .role = 1 + random_below(&random, 3),
				  .mtu = random_below(&random, 8) ? 1500 : 60};
		const char *broken;

		packets_random(&random, &fixture, &in);
		out = in;
		host_engine_run(&fixture.table, &run, &in, &out);
		broken = invariants_broken(&fixture.table, &run, &in, &out);
		if (broken)
			fail_msg("packet %llu, verdict %u: broken: %s", i, run.verdict, broken);
	}
	fixture_free(&fixture);
}

/* The checker is worth nothing if it takes what is wrong for right. */
static void test_checker_on_a_flipped_bit_says_wrong(void **state)
{
	struct random random = {.state = 7};
	static struct frame frame;
	struct fixture fixture;
	int nr_right = 0, nr_wrong = 0;

	assert_int_equal(fixture_new(&fixture), 0);
	assert_int_equal(fixture_standard(&fixture, NOW_NS), 0);
	for (int i = 0; i < 2000; i++) {
		packets_random(&random, &fixture, &frame);
		if (checksums_check(frame.bytes, frame.len_bytes) != CHECKSUMS_RIGHT)
			continue;
		nr_right++;
		frame.bytes[26 + random_below(&random, 8)] ^= 1 << random_below(&random, 8);
		nr_wrong += checksums_check(frame.bytes, frame.len_bytes) == CHECKSUMS_WRONG;
	}
	fixture_free(&fixture);
	assert_true(nr_right > 1000);
	assert_true(nr_wrong > nr_right * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_packets_keep_every_invariant),
		cmocka_unit_test(test_checker_on_a_flipped_bit_says_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
