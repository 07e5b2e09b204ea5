// SPDX-License-Identifier: BSD-3-Clause
/*
 * The XDP program as it is attached, two instances and a one-arm one over one table, in a network
 * namespace with routes and neighbours: vectors, and random packets beside the host's build.
 *
 * PACKET_COUNT is how many random packets (200000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "packets.h"
#include "vectors.h"
#include "xdp/standard.h"

#define PACKETS_DEFAULT	      200000
#define PACKETS_BEFORE_CHANGE 1000
#define MTU_BYTES	      1500

static const char *vectors_path;

/* The VM is the one whose address the frame has. */
static void expect_vm(struct frame *expected)
{
	int is_v4 = expected->bytes[12] == 0x08;

	memcpy(expected->bytes, is_v4 ? NETWORK_VM4_MAC : NETWORK_VM6_MAC, 5);
	expected->bytes[5] = expected->bytes[is_v4 ? 14 + 19 : 14 + 39];
}

/* A translated frame leaves with the links of its next hop; the rest is as expected without. */
static void expect_links(struct frame *expected, int to_builds)
{
	if (to_builds)
		expect_vm(expected);
	else
		memcpy(expected->bytes, NETWORK_GATEWAY_MAC, 6);
	memcpy(expected->bytes + 6, to_builds ? NETWORK_BUILDS_MAC : NETWORK_PUBLIC_MAC, 6);
}

static __u32 expected_action(enum sp_verdict verdict)
{
	switch (sp_verdict_fate(verdict)) {
	case SP_FATE_PASS:
		return XDP_PASS;
	case SP_FATE_DROP:
		return XDP_DROP;
	case SP_FATE_ANSWER:
	case SP_FATE_CARRY:
		break;
	}
	return XDP_REDIRECT;
}

/* Result: whether the program did what is expected, which is printed if not. */
static int check(const struct xdp_result *result, enum sp_role role, const struct frame *in,
		 enum sp_verdict verdict, struct frame *expected, int to_builds)
{
	if (sp_verdict_fate(verdict) == SP_FATE_CARRY)
		expect_links(expected, to_builds);
	if (result->verdict == verdict && result->action == expected_action(verdict) &&
	    packets_bytes_right(in, verdict, to_builds ? SP_TOWARD_VM : SP_TOWARD_CLIENT,
				result->bytes) &&
	    packets_same(&result->out, expected))
		return 1;
	print_message("# role %u: verdict %s action %u, expected %s\n", role,
		      vectors_verdict(result->verdict), result->action, vectors_verdict(verdict));
	packets_print("in", in);
	packets_print("out", &result->out);
	packets_print("expected", expected);
	return 0;
}

/* Vectors say how late it is by their own clock; here the deadline is late enough or long ago. */
static void set_deadlines(struct fixture *fixture, int passed)
{
	for (__u32 public_index = 0; public_index < FIXTURE_PUBLICS; public_index++)
		for (__u32 port = 64784; port < 64800; port++)
			fixture->leases[public_index << 16 | port].deadline_ns = passed ? 1 : ~0ULL;
}

struct vector_run {
	struct xdp_engine *engine;
	int nr_run, nr_failed;
};

static void run_vector(void *context, const struct vector *vector)
{
	static struct xdp_result result;
	struct vector_run *run = context;
	struct frame expected = vector->expected;
	int to_builds = vector->run.role == SP_ROLE_PUBLIC ||
			(vector->run.role == SP_ROLE_BOTH && strstr(vector->name, "from_client"));

	if (vector->run.mtu != MTU_BYTES)
		return;
	xdp_engine_settings(run->engine);
	set_deadlines(&run->engine->fixture, vector->run.now_ns >= 1000);
	run->nr_run++;
	if (!xdp_engine_run(run->engine, vector->run.role, &vector->in, &result) &&
	    check(&result, vector->run.role, &vector->in, vector->verdict, &expected, to_builds))
		return;
	print_message("# vector %s\n", vector->name);
	run->nr_failed++;
}

static void test_vectors_through_the_program_come_out_as_written(void **state)
{
	struct vector_run run = {.engine = *state};
	FILE *file = fopen(vectors_path, "r");

	assert_non_null(file);
	fixture_clear(&run.engine->fixture);
	assert_int_equal(vectors_read(file, &run.engine->fixture, run_vector, &run), 0);
	fclose(file);
	print_message("# %d vectors\n", run.nr_run);
	assert_int_equal(run.nr_failed, 0);
	assert_true(run.nr_run > 150);
}

/*
 * A mutated target can be one that this namespace has no way or no neighbour to. Result: whether
 * that is all that kept a packet back.
 */
static int is_astray(const struct xdp_result *result, enum sp_verdict verdict,
		     const struct frame *in)
{
	return sp_verdict_fate(verdict) == SP_FATE_CARRY && result->action == XDP_DROP &&
	       (result->verdict == SP_NO_NEIGHBOUR || result->verdict == SP_NO_ROUTE) &&
	       packets_same(&result->out, in);
}

struct random_run {
	struct xdp_engine *engine;
	struct random random;
	__u64 now_ns;
	unsigned long long nr_forwarded, nr_astray;
};

/* Result: whether the program did with one random packet what the host's build did. */
static int run_random(struct random_run *all)
{
	static struct frame in, expected;
	static struct xdp_result result;
	struct run run = {
		.now_ns = all->now_ns, .mtu = MTU_BYTES, .role = 1 + random_below(&all->random, 3)};

	packets_random(&all->random, &all->engine->fixture, &in);
	expected = in;
	host_engine_run(&all->engine->fixture.table, &run, &in, &expected);
	if (xdp_engine_run(all->engine, run.role, &in, &result))
		return 0;
	all->nr_forwarded += run.verdict == SP_FORWARDED;
	if (is_astray(&result, run.verdict, &in)) {
		all->nr_astray++;
		return 1;
	}
	return check(&result, run.role, &in, run.verdict, &expected, run.direction == SP_TOWARD_VM);
}

static void test_random_packets_become_what_the_host_makes_of_them(void **state)
{
	struct random_run all = {.engine = *state, .now_ns = xdp_engine_now_ns()};
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &all.random);

	for (unsigned long long i = 0; i < count; i++) {
		if (i % (64 * PACKETS_BEFORE_CHANGE) == 0)
			assert_int_equal(xdp_engine_standard(all.engine, all.now_ns), 0);
		if (i % PACKETS_BEFORE_CHANGE == 0)
			packets_change_table(&all.random, &all.engine->fixture, all.now_ns);
		if (!run_random(&all))
			fail_msg("packet %llu differs", i);
	}
	print_message("# %llu forwarded, %llu without a way\n", all.nr_forwarded, all.nr_astray);
	assert_true(all.nr_forwarded > count / 20);
	assert_true(all.nr_astray < all.nr_forwarded / 50);
}

int main(int argc, char **argv)
{
	static struct xdp_engine engine;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_vectors_through_the_program_come_out_as_written,
					  &engine),
		cmocka_unit_test_prestate(test_random_packets_become_what_the_host_makes_of_them,
					  &engine),
	};

	if (argc < 2)
		return 2;
	vectors_path = argv[1];
	return RUN_ON_ENGINE(tests, &engine);
}
