// SPDX-License-Identifier: BSD-3-Clause
/*
 * The two engines themselves, the XDP program and a worker of sallyport-dp, over one table in the
 * same memory, with the same routes and neighbours: random packets have the same verdict, leave by
 * the same interface, with the same bytes, and are counted with as many.
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

#include <linux/bpf.h>

#include "engine/dp_engine.h"
#include "engine/xdp_engine.h"
#include "packets.h"
#include "vectors.h"

#include <sallyport/limit.h>

#define PACKETS_DEFAULT	      1000000
#define PACKETS_BEFORE_CHANGE 1000

struct engines {
	struct xdp_engine xdp;
	struct dp_engine *dp;
	struct random random;
	unsigned long long seen[SP_VERDICT_COUNT];
	unsigned long long nr_astray;
};

/*
 * A mutated target can be one for which the kernel has a way of its own: a broadcast or link-local
 * address. Result: whether the XDP engine dropped a packet for that reason alone.
 */
static int is_astray(const struct xdp_result *xdp, const struct dp_result *dp)
{
	return (xdp->verdict == SP_NO_ROUTE || xdp->verdict == SP_NO_NEIGHBOUR) &&
	       (sp_verdict_fate(dp->verdict) == SP_FATE_CARRY || dp->verdict == SP_NO_NEIGHBOUR);
}

static int agree(const struct xdp_result *xdp, const struct dp_result *dp)
{
	/* What asks the host itself too often never comes as far as a worker. */
	if (xdp->verdict == SP_LEASE_LIMITED && dp->verdict == SP_RACED)
		return !dp->sent && xdp->action == XDP_DROP;
	if (sp_verdict_fate(xdp->verdict) == SP_FATE_PASS)
		return dp->verdict == SP_RACED && !dp->sent && xdp->action == XDP_PASS;
	if (xdp->verdict != dp->verdict)
		return 0;
	if (sp_verdict_fate(xdp->verdict) == SP_FATE_DROP)
		return !dp->sent && xdp->action == XDP_DROP;
	return dp->sent && (xdp->action == XDP_REDIRECT || xdp->action == XDP_TX) &&
	       memcmp(xdp->bytes, dp->bytes, sizeof(xdp->bytes)) == 0 &&
	       packets_same(&xdp->out, &dp->out);
}

/* Whatever became of it, for each engine by itself. */
static void expect_bytes(const struct frame *in, const struct xdp_result *xdp,
			 const struct dp_result *dp)
{
	enum sp_direction direction = dp->to_builds ? SP_TOWARD_VM : SP_TOWARD_CLIENT;

	if (!packets_bytes_right(in, dp->verdict, direction, dp->bytes))
		fail_msg("DPDK counts %llu bytes to VMs, %llu to clients", dp->bytes[0],
			 dp->bytes[1]);
	if (!packets_bytes_right(in, xdp->verdict, direction, xdp->bytes))
		fail_msg("XDP counts %llu bytes to VMs, %llu to clients", xdp->bytes[0],
			 xdp->bytes[1]);
}

static void run_both(struct engines *engines)
{
	static struct frame in;
	static struct xdp_result xdp;
	static struct dp_result dp;
	enum sp_role role = 1 + random_below(&engines->random, 3);

	packets_random(&engines->random, &engines->xdp.fixture, &in);
	assert_int_equal(xdp_engine_run(&engines->xdp, role, &in, &xdp), 0);
	assert_int_equal(dp_engine_run(engines->dp, role, &in, &dp), 0);
	engines->seen[xdp.verdict]++;
	expect_bytes(&in, &xdp, &dp);
	if (agree(&xdp, &dp))
		return;
	if (is_astray(&xdp, &dp)) {
		engines->nr_astray++;
		return;
	}
	print_message("# role %u, XDP: %s, action %u; DPDK: %s, %s\n", role,
		      vectors_verdict(xdp.verdict), xdp.action, vectors_verdict(dp.verdict),
		      dp.sent ? "sent" : "not sent");
	packets_print("in", &in);
	packets_print("XDP", &xdp.out);
	packets_print("DPDK", &dp.out);
	fail_msg("the engines differ");
}

/*
 * A limit whose window is longer than the test, for the engines look at the clock one after the
 * other. Of sources there is none: the worker does not see who asks the host.
 */
static void change_limits(struct engines *engines)
{
	__u32 nr = random_below(&engines->random, 4);

	memset(engines->xdp.limits, 0,
	       sp_limit_line_index(FIXTURE_USAGE, engines->xdp.nr_cpus + 1, 0) *
		       sizeof(*engines->xdp.limits));
	engines->xdp.fixture.settings->syn_per_lease = nr ? SP_LIMIT(SP_LIMIT_SHIFT_MAX, nr) : 0;
}

static void test_both_engines_do_the_same_to_random_packets(void **state)
{
	struct engines *engines = *state;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &engines->random);
	__u64 now_ns = xdp_engine_now_ns();

	for (unsigned long long i = 0; i < count; i++) {
		if (i % (64 * PACKETS_BEFORE_CHANGE) == 0)
			assert_int_equal(xdp_engine_standard(&engines->xdp, now_ns), 0);
		if (i % PACKETS_BEFORE_CHANGE == 0) {
			packets_change_table(&engines->random, &engines->xdp.fixture, now_ns);
			change_limits(engines);
		}
		run_both(engines);
	}
	for (__u32 verdict = 0; verdict < SP_VERDICT_COUNT; verdict++)
		if (engines->seen[verdict])
			print_message("# %9llu %s\n", engines->seen[verdict],
				      vectors_verdict(verdict));
	print_message("# %llu of them astray\n", engines->nr_astray);
	assert_true(engines->seen[SP_FORWARDED] > count / 20);
	assert_true(engines->seen[SP_COMPLETED] > count / 200);
	assert_true(engines->seen[SP_LEASE_LIMITED] > count / 1000);
	assert_true(engines->nr_astray < engines->seen[SP_FORWARDED] / 50);
}

/* Routes with an MTU of their own: only what is locked limits what is forwarded. */
static int add_narrow_routes(void)
{
	return network_ip("route add 198.51.100.0/24 via 192.0.2.254 mtu lock 1400\n"
			  "route add 203.0.113.0/29 via 192.0.2.254 mtu 1400\n"
			  "route add 2001:db8:c::/64 via 2001:db8:2::fe dev public mtu lock 1400\n"
			  "route add 2001:db8:d::/64 via 2001:db8:2::fe dev public mtu 1400\n"
			  "route add 10.0.3.7 dev builds mtu lock 1400\n"
			  "route add 2001:db8:b::7 dev builds mtu lock 1400\n");
}

int main(void)
{
	static struct engines engines;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_both_engines_do_the_same_to_random_packets,
					  &engines),
	};
	int r = xdp_engine_start(&engines.xdp);

	if (r)
		return r;
	r = add_narrow_routes();
	if (!r)
		r = dp_engine_open(&engines.xdp.fixture.table, &engines.dp);
	if (r) {
		printf("not ok 1 - starting the worker: %s\n", strerror(-r));
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	dp_engine_close(engines.dp);
	xdp_engine_close(&engines.xdp);
	return r;
}
