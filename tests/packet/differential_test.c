// SPDX-License-Identifier: BSD-3-Clause
/*
 * Random packets through the shared code as compiled for the host and for BPF, over the same table
 * in the same memory: the same verdict, the same lease, the same bytes.
 *
 * PACKET_COUNT is how many (1000000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/bpf_engine.h"
#include "engine/host_engine.h"
#include "engine/refused.h"
#include "packets.h"

#include <sallyport/decide.h>
#include <sallyport/limit.h>
#include <sallyport/verdict.h>

#define NOW_NS		      5000000000000ULL
#define PACKETS_DEFAULT	      1000000
#define PACKETS_BEFORE_CHANGE 1000

static void print_run(const char *what, const struct run *run, const struct frame *frame)
{
	print_message("# %s: verdict %u slot %u direction %u, %u bytes\n", what, run->verdict,
		      run->slot_index, run->direction, frame->len_bytes);
	packets_print(what, frame);
}

/*
 * Limits that are met, or none; time goes on by about a packet, a window or many, so that windows
 * begin, slide and are long past.
 */
static void change_limits(struct random *random, struct sp_settings *settings)
{
	__u32 shift = SP_LIMIT_SHIFT_MIN + random_below(random, 12);

	settings->syn_per_lease =
		random_below(random, 4) ? SP_LIMIT(shift, 1 + random_below(random, 9)) : 0;
	settings->syn_per_source =
		random_below(random, 4) ? SP_LIMIT(shift, 1 + random_below(random, 4)) : 0;
}

static __u64 next_ns(struct random *random, __u64 now_ns)
{
	return now_ns + random_below(random, random_below(random, 512) ? 3000 : 100000000);
}

static void run_both(struct bpf_engine *engine, struct random *random, __u64 now_ns,
		     unsigned long long *seen)
{
	static struct frame in, by_host, by_bpf;
	struct run host = {.now_ns = now_ns, .role = SP_ROLE_BOTH}, bpf;
	int r;

	if (random_below(random, 2))
		host.role = 1 + random_below(random, 2);
	packets_random(random, &engine->fixture, &in);
	host.mtu = random_below(random, 8) ? 1500 : 60;
	bpf = host;
	by_host = in;
	host_engine_run(&engine->fixture.table, &host, &in, &by_host);
	r = bpf_engine_run(engine, &bpf, &in, &by_bpf);
	if (!r && memcmp(&host, &bpf, sizeof(host)) == 0 && packets_same(&by_host, &by_bpf)) {
		seen[host.verdict]++;
		return;
	}
	print_run("in", &host, &in);
	print_run("host", &host, &by_host);
	print_run("bpf", &bpf, &by_bpf);
	fail_msg("the engines differ (BPF_PROG_TEST_RUN: %d)", r);
}

static void print_verdicts(const unsigned long long *seen)
{
#define X(NAME, name, fate, help)                                                                  \
	if (seen[SP_##NAME])                                                                       \
		print_message("# %9llu %s\n", seen[SP_##NAME], #name);
	SP_VERDICT_LIST(X)
#undef X
}

static void test_engines_on_random_packets_agree(void **state)
{
	struct bpf_engine *engine = *state;
	unsigned long long seen[SP_VERDICT_COUNT + 1] = {0};
	struct random random;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &random);
	__u64 now_ns = NOW_NS;

	for (unsigned long long i = 0; i < count; i++) {
		if (i % (64 * PACKETS_BEFORE_CHANGE) == 0)
			assert_int_equal(fixture_standard(&engine->fixture, now_ns), 0);
		if (i % PACKETS_BEFORE_CHANGE == 0) {
			packets_change_table(&random, &engine->fixture, now_ns);
			change_limits(&random, engine->fixture.settings);
		}
		now_ns = next_ns(&random, now_ns);
		run_both(engine, &random, now_ns, seen);
	}
	print_verdicts(seen);
	assert_int_equal(seen[SP_VERDICT_COUNT], 0);
	assert_true(seen[SP_FORWARDED] > count / 20);
	assert_true(seen[SP_COMPLETED] > count / 200);
	assert_true(seen[SP_LEASE_LIMITED] > count / 5000);
	assert_true(seen[SP_SOURCE_LIMITED] > count / 5000);
}

int main(void)
{
	struct bpf_engine engine;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_engines_on_random_packets_agree, &engine),
	};
	int r = bpf_engine_open(&engine);

	if (r)
		return refused("loading the program", r);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	bpf_engine_close(&engine);
	return r;
}
