// SPDX-License-Identifier: BSD-3-Clause
/*
 * Both engines on trunks: clients come by VLAN 100, VMs by VLAN 200. The vectors come out as
 * written, in the tag of the side that they leave by; random packets are the same from both; and a
 * frame that has not exactly the tag of its side is nobody's: it goes up untouched.
 *
 * PACKET_COUNT is how many random packets (100000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "engine/dp_engine.h"
#include "engine/xdp_engine.h"
#include "packets.h"
#include "vectors.h"

#include <sallyport/link/vlan.h>

#define PUBLIC_VLAN	100u
#define BUILDS_VLAN	200u
#define LINKS		12u /* bytes of both link addresses */
#define PACKETS_DEFAULT 100000

static const char *vectors_path;

struct trunk {
	struct xdp_engine xdp;
	struct dp_engine *dp;
	struct random random;
	int nr_run;
};

/* What both did with one frame. */
struct both {
	struct xdp_result xdp;
	struct dp_result dp;
};

static void put_tag(struct frame *to, const struct frame *from, uint16_t type, uint16_t tag)
{
	const uint8_t bytes[] = {type >> 8, type & 0xff, tag >> 8, tag & 0xff};

	memcpy(to->bytes, from->bytes, LINKS);
	memcpy(to->bytes + LINKS, bytes, sizeof(bytes));
	memcpy(to->bytes + LINKS + 4, from->bytes + LINKS, from->len_bytes - LINKS);
	to->len_bytes = from->len_bytes + 4;
}

static uint16_t vlan_of(enum sp_role role)
{
	return role == SP_ROLE_BUILDS ? BUILDS_VLAN : PUBLIC_VLAN;
}

static void run_both(struct trunk *trunk, enum sp_role role, const struct frame *in,
		     struct both *ret)
{
	assert_int_equal(xdp_engine_run(&trunk->xdp, role, in, &ret->xdp), 0);
	assert_int_equal(dp_engine_run(trunk->dp, role, in, &ret->dp), 0);
}

static void check_untouched(const struct both *both, const struct frame *in)
{
	assert_int_equal(both->xdp.action, XDP_PASS);
	assert_true(packets_same(&both->xdp.out, in));
	assert_false(both->dp.sent);
	assert_int_equal(both->dp.verdict, SP_RACED);
}

static void check_same(const struct both *both, const struct frame *in)
{
	if (both->xdp.action == XDP_PASS) {
		check_untouched(both, in);
	} else if (both->xdp.action == XDP_REDIRECT && both->dp.sent) {
		assert_int_equal(both->xdp.verdict, both->dp.verdict);
		assert_true(packets_same(&both->xdp.out, &both->dp.out));
	} else {
		/* Random targets may be such as the kernel alone has a way to. */
		assert_int_equal(both->xdp.action, XDP_DROP);
		assert_true(!both->dp.sent || both->xdp.verdict == SP_NO_ROUTE ||
			    both->xdp.verdict == SP_NO_NEIGHBOUR);
	}
}

/* A frame that left has the tag of the side it left by, without priority, before the rest. */
static void check_sent(const struct both *both, enum sp_role left_by, const struct frame *expected)
{
	const struct frame *out = &both->xdp.out;
	uint16_t vlan = vlan_of(left_by);
	const uint8_t tag[] = {0x81, 0x00, vlan >> 8, vlan & 0xff};

	assert_int_equal(out->len_bytes, expected->len_bytes + 4);
	assert_memory_equal(out->bytes + LINKS, tag, sizeof(tag));
	assert_memory_equal(out->bytes + LINKS + 4, expected->bytes + LINKS,
			    expected->len_bytes - LINKS);
	assert_int_equal(both->dp.to_builds, left_by == SP_ROLE_BUILDS);
}

static void run_vector(void *context, const struct vector *vector)
{
	static struct both both;
	struct trunk *trunk = context;
	enum sp_role role = vector->run.role, other;
	bool carried = vector->verdict == SP_FORWARDED || vector->verdict == SP_COMPLETED;
	struct frame in;

	if (vector->run.mtu != 1500 || role == SP_ROLE_BOTH || vector->run.now_ns >= 1000)
		return;
	xdp_engine_settings(&trunk->xdp);
	xdp_engine_keep_leases(&trunk->xdp);
	put_tag(&in, &vector->in, SP_VLAN_TYPE, vlan_of(role) | 5 << 13);
	run_both(trunk, role, &in, &both);
	assert_int_equal(both.xdp.verdict, vector->verdict);
	check_same(&both, &in);
	other = role == SP_ROLE_PUBLIC ? SP_ROLE_BUILDS : SP_ROLE_PUBLIC;
	if (both.dp.sent)
		check_sent(&both, carried ? other : role, &vector->expected);
	trunk->nr_run++;
}

static void test_vectors_come_out_in_the_tag_of_their_side(void **state)
{
	struct trunk *trunk = *state;
	FILE *file = fopen(vectors_path, "r");

	assert_non_null(file);
	fixture_clear(&trunk->xdp.fixture);
	assert_int_equal(vectors_read(file, &trunk->xdp.fixture, run_vector, trunk), 0);
	fclose(file);
	print_message("# %d vectors\n", trunk->nr_run);
	assert_true(trunk->nr_run > 100);
}

static void test_random_packets_are_the_same_from_both(void **state)
{
	static struct frame plain, in;
	static struct both both;
	struct trunk *trunk = *state;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &trunk->random), sent = 0;
	__u64 now_ns = xdp_engine_now_ns();

	for (unsigned long long i = 0; i < count; i++) {
		enum sp_role role = 1 + random_below(&trunk->random, 2);

		if (i % 10000 == 0)
			assert_int_equal(xdp_engine_standard(&trunk->xdp, now_ns), 0);
		packets_random(&trunk->random, &trunk->xdp.fixture, &plain);
		if (plain.len_bytes < LINKS + 2 || plain.len_bytes + 4 > sizeof(in.bytes))
			continue;
		put_tag(&in, &plain, SP_VLAN_TYPE, vlan_of(role));
		run_both(trunk, role, &in, &both);
		check_same(&both, &in);
		sent += both.dp.sent;
	}
	assert_true(sent > count / 20);
}

/* A packet that would be sent on if its tag were right. */
static void test_another_tag_is_nobodys(void **state)
{
	static const struct {
		uint16_t type, tag;
	} tags[] = {
		{SP_VLAN_TYPE, BUILDS_VLAN},  {SP_VLAN_TYPE, 0},
		{SP_VLAN_TYPE, 7 << 13},      {SP_VLAN_TYPE, 4095},
		{SP_VLAN_TYPE, 0x1000 | 101}, {0x88a8, PUBLIC_VLAN},
		{0x9100, PUBLIC_VLAN},	      {0x0800, PUBLIC_VLAN},
	};
	static struct frame plain, in, twice;
	static struct both both;
	struct trunk *trunk = *state;

	assert_int_equal(xdp_engine_standard(&trunk->xdp, xdp_engine_now_ns()), 0);
	do {
		do
			packets_random(&trunk->random, &trunk->xdp.fixture, &plain);
		while (plain.len_bytes < 54 || plain.len_bytes > 200);
		put_tag(&in, &plain, SP_VLAN_TYPE, PUBLIC_VLAN);
		run_both(trunk, SP_ROLE_PUBLIC, &in, &both);
	} while (both.xdp.verdict != SP_FORWARDED);
	run_both(trunk, SP_ROLE_PUBLIC, &plain, &both);
	check_untouched(&both, &plain);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		put_tag(&in, &plain, tags[i].type, tags[i].tag);
		run_both(trunk, SP_ROLE_PUBLIC, &in, &both);
		check_untouched(&both, &in);
		assert_int_equal(both.xdp.verdict, SP_NOT_IP);
		/* Nor has it a second one inside, or outside. */
		put_tag(&twice, &in, SP_VLAN_TYPE, PUBLIC_VLAN);
		run_both(trunk, SP_ROLE_PUBLIC, &twice, &both);
		if (tags[i].type != 0x0800)
			check_untouched(&both, &twice);
	}
	put_tag(&in, &plain, SP_VLAN_TYPE, PUBLIC_VLAN);
	for (in.len_bytes = 14; in.len_bytes < 34; in.len_bytes++) {
		run_both(trunk, SP_ROLE_PUBLIC, &in, &both);
		check_untouched(&both, &in);
	}
}

/* What the XDP program says of a frame that it steers, the worker finds behind the tag. */
static void test_a_hint_goes_with_the_tag(void **state)
{
	static struct frame plain, in;
	static struct xdp_result steered;
	static struct dp_result plainly, hinted;
	struct trunk *trunk = *state;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &trunk->random) / 4, nr = 0;
	int fd = xdp_engine_add_socket(&trunk->xdp, SP_ROLE_BUILDS);
	struct sp_hint hint;

	assert_true(fd >= 0);
	assert_int_equal(xdp_engine_standard(&trunk->xdp, xdp_engine_now_ns()), 0);
	trunk->xdp.fixture.settings->engine_mode = SP_ENGINE_DPDK;
	trunk->xdp.queues[SP_QUEUES_MAX].beat_ns = ~0ull >> 1;
	for (unsigned long long i = 0; i < count; i++) {
		packets_random(&trunk->random, &trunk->xdp.fixture, &plain);
		if (plain.len_bytes < LINKS + 2 || plain.len_bytes + 4 > sizeof(in.bytes))
			continue;
		put_tag(&in, &plain, SP_VLAN_TYPE, BUILDS_VLAN);
		assert_int_equal(xdp_engine_run(&trunk->xdp, SP_ROLE_BUILDS, &in, &steered), 0);
		if (steered.verdict != SP_STEERED)
			continue;
		assert_true(packets_same(&steered.out, &in));
		assert_int_equal(steered.meta_bytes, sizeof(hint));
		memcpy(&hint, steered.meta, sizeof(hint));
		dp_engine_hint(trunk->dp, NULL);
		assert_int_equal(dp_engine_run(trunk->dp, SP_ROLE_BUILDS, &in, &plainly), 0);
		dp_engine_hint(trunk->dp, &hint);
		assert_int_equal(dp_engine_run(trunk->dp, SP_ROLE_BUILDS, &in, &hinted), 0);
		assert_int_equal(plainly.verdict, hinted.verdict);
		assert_int_equal(plainly.sent, hinted.sent);
		if (plainly.sent)
			assert_true(packets_same(&plainly.out, &hinted.out));
		nr++;
	}
	dp_engine_hint(trunk->dp, NULL);
	trunk->xdp.queues[SP_QUEUES_MAX].beat_ns = 0;
	close(fd);
	print_message("# %llu were steered, %llu of them found by a hint\n", nr,
		      (unsigned long long)dp_engine_hints(trunk->dp, SP_HINT_USED));
	assert_true(dp_engine_hints(trunk->dp, SP_HINT_USED) > nr / 10);
	assert_int_equal(dp_engine_hints(trunk->dp, SP_HINT_WRONG), 0);
}

int main(int argc, char **argv)
{
	static struct trunk trunk;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_vectors_come_out_in_the_tag_of_their_side, &trunk),
		cmocka_unit_test_prestate(test_random_packets_are_the_same_from_both, &trunk),
		cmocka_unit_test_prestate(test_another_tag_is_nobodys, &trunk),
		cmocka_unit_test_prestate(test_a_hint_goes_with_the_tag, &trunk),
	};
	int r;

	vectors_path = argc > 1 ? argv[1] : "vectors.txt";
	xdp_engine_public_vlan = PUBLIC_VLAN;
	xdp_engine_builds_vlan = BUILDS_VLAN;
	r = xdp_engine_start(&trunk.xdp);
	if (r)
		return r;
	r = dp_engine_open(&trunk.xdp.fixture.table, &trunk.dp);
	if (r) {
		printf("not ok 1 - starting the worker: %s\n", strerror(-r));
		return 1;
	}
	dp_engine_trunk(trunk.dp, PUBLIC_VLAN, BUILDS_VLAN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	dp_engine_close(trunk.dp);
	xdp_engine_close(&trunk.xdp);
	return r;
}
