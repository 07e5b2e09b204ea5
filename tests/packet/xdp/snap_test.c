// SPDX-License-Identifier: BSD-3-Clause
/*
 * Never a byte of payload in a snap: random packets, each kind of them, while every lease is
 * captured. Where the headers end is found by a reader of its own.
 *
 * PACKET_COUNT is how many random packets (50000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packets.h"
#include "xdp/standard.h"

#define PACKETS_DEFAULT 50000
#define ALWAYS_S	UINT32_MAX

/* What a snap is of. */
enum kind { TCP4, TCP6, UDP4, UDP6, ERROR4, ERROR6, KINDS };

struct headers {
	enum kind kind;
	uint32_t bytes;
};

static struct headers read_headers(const struct frame *frame)
{
	int is_v4 = frame->bytes[12] == 0x08;
	uint32_t l3 = is_v4 ? 20 : 40, l4 = 14 + l3;

	switch (frame->bytes[is_v4 ? 23 : 20]) {
	case 6:
		return (struct headers){is_v4 ? TCP4 : TCP6, l4 + frame->bytes[l4 + 12] / 16 * 4};
	case 17:
		return (struct headers){is_v4 ? UDP4 : UDP6, l4 + 8};
	default:
		return (struct headers){is_v4 ? ERROR4 : ERROR6, l4 + 8 + l3 + 8};
	}
}

/* TCP with options, which are as good as payload to whoever counts wrong. */
static void add_options(struct random *random, struct frame *frame)
{
	struct headers headers = read_headers(frame);
	uint32_t words = 5 + random_below(random, 11);

	if (headers.kind <= TCP6 && frame->len_bytes >= headers.bytes - 20 + words * 4)
		frame->bytes[headers.bytes - 20 + 12] = (uint8_t)(words << 4);
}

static void test_a_snap_never_goes_beyond_the_headers(void **state)
{
	struct xdp_engine *engine = *state;
	struct random random;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &random);
	unsigned int nr[KINDS] = {0};
	struct frame in;

	for (__u32 i = 0; i < FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS; i++)
		engine->fixture.leases[i].capture_until_s = ALWAYS_S;
	for (unsigned long long i = 0; i < count; i++) {
		struct sp_snap snap;
		struct headers headers;

		packets_random(&random, &engine->fixture, &in);
		if (in.len_bytes >= 94 && random_below(&random, 2))
			add_options(&random, &in);
		snap = snap_left(engine, 1 + random_below(&random, 2), &in);
		if (!snap.ring.number)
			continue;
		headers = read_headers(&in);
		nr[headers.kind]++;
		assert_int_equal(snap.kept_bytes, headers.bytes);
		assert_memory_equal(snap.data, in.bytes, headers.bytes);
		assert_int_equal(snap.frame_bytes, in.len_bytes);
	}
	for (enum kind kind = 0; kind < KINDS; kind++)
		assert_in_range(nr[kind], count / 1000, count);
}

int main(void)
{
	static struct xdp_engine engine;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(test_a_snap_never_goes_beyond_the_headers,
							 set_up_standard, NULL, &engine),
	};

	return RUN_ON_ENGINE(tests, &engine);
}
