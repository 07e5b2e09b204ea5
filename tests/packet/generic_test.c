// SPDX-License-Identifier: BSD-3-Clause
/*
 * The program for generic mode: its packets go on as socket buffers, of which the kernel knows that
 * a checksum was left to a NIC. What was left comes out left again, for the new addresses, so that
 * a NIC makes of it what the vectors expect; all else comes out as in native mode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "engine/xdp_engine.h"
#include "vectors.h"

#define IPPROTO_AT_V4 23
#define IPPROTO_AT_V6 20
#define PROTOCOL_TCP  6
#define LINKS	      12 /* bytes of both link addresses */

static const char *vectors_path;

struct generic {
	struct xdp_engine xdp;
	int nr_left, nr_whole;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* What a NIC does that is told where TCP or UDP begins and where the checksum lies (RFC 1071). */
static void complete_as_a_nic(struct frame *frame)
{
	int six = frame->bytes[12] == 0x86;
	size_t l4 = six ? 54 : 34, end, at;
	uint32_t sum = 0;
	uint16_t whole;

	end = 14 + (six ? 40u + get16(&frame->bytes[18]) : get16(&frame->bytes[16]));
	at = l4 + (frame->bytes[six ? IPPROTO_AT_V6 : IPPROTO_AT_V4] == PROTOCOL_TCP ? 16 : 6);
	for (size_t i = l4; i < end; i += 2)
		sum += i + 1 < end ? get16(&frame->bytes[i]) : frame->bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	whole = (uint16_t)~sum;
	if (!whole && at == l4 + 6)
		whole = 0xffff;
	frame->bytes[at] = (uint8_t)(whole >> 8);
	frame->bytes[at + 1] = (uint8_t)whole;
}

/* Link addresses are the kernel's. */
static void check_same(const struct vector *vector, const struct frame *out)
{
	if (out->len_bytes != vector->expected.len_bytes ||
	    memcmp(out->bytes + LINKS, vector->expected.bytes + LINKS, out->len_bytes - LINKS) != 0)
		fail_msg("%s", vector->name);
}

static void run_vector(void *context, const struct vector *vector)
{
	static struct xdp_result result;
	struct generic *generic = context;

	if (vector->run.mtu != 1500 || vector->run.role == SP_ROLE_BOTH ||
	    vector->run.now_ns >= 1000 ||
	    (vector->verdict != SP_FORWARDED && vector->verdict != SP_COMPLETED))
		return;
	xdp_engine_settings(&generic->xdp);
	xdp_engine_keep_leases(&generic->xdp);
	assert_int_equal(xdp_engine_run(&generic->xdp, vector->run.role, &vector->in, &result), 0);
	assert_int_equal(result.verdict, SP_FORWARDED);
	assert_int_equal(result.action, XDP_REDIRECT);
	if (vector->verdict == SP_COMPLETED) {
		complete_as_a_nic(&result.out);
		generic->nr_left++;
	} else {
		generic->nr_whole++;
	}
	check_same(vector, &result.out);
}

static void test_what_was_left_to_a_nic_is_left_to_the_next(void **state)
{
	struct generic *generic = *state;
	FILE *file = fopen(vectors_path, "r");

	assert_non_null(file);
	fixture_clear(&generic->xdp.fixture);
	assert_int_equal(vectors_read(file, &generic->xdp.fixture, run_vector, generic), 0);
	fclose(file);
	print_message("# %d left, %d whole\n", generic->nr_left, generic->nr_whole);
	assert_true(generic->nr_left > 50);
	assert_true(generic->nr_whole > 10);
}

int main(int argc, char **argv)
{
	static struct generic generic;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_what_was_left_to_a_nic_is_left_to_the_next,
					  &generic),
	};
	int r;

	vectors_path = argc > 1 ? argv[1] : "vectors.txt";
	xdp_engine_generic = 1;
	r = xdp_engine_start(&generic.xdp);
	if (r)
		return r;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	xdp_engine_close(&generic.xdp);
	return r;
}
