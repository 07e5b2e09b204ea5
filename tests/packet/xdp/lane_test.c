// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the lane of the XDP program takes it carries as the program would have done without it:
 * random packets, each with next hops remembered, by which the lane goes, and without. The same
 * verdict, bytes and interface, and counted, noted and captured alike.
 *
 * PACKET_COUNT is how many (200000), PACKET_SEED where to begin (the clock).
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "packets.h"
#include "vectors.h"
#include "xdp/standard.h"

#include <sallyport/limit.h>

#define PACKETS_DEFAULT	      200000
#define PACKETS_BEFORE_CHANGE 500

/* All that a packet may be counted in. */
struct tally {
	__u64 packets[2], bytes[2], syns[2], seen, notes, snaps;
};

static struct tally tally_of(const struct xdp_engine *engine)
{
	struct tally tally = {0};

	for (__u32 i = 0; i < engine->nr_cpus * FIXTURE_USAGE; i++)
		for (int k = 0; k < 2; k++) {
			tally.packets[k] += engine->usage[i].packets[k];
			tally.bytes[k] += engine->usage[i].bytes[k];
			tally.syns[k] += engine->usage[i].syns[k];
			tally.seen += engine->usage[i].last_seen_ns != 0;
		}
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		tally.notes += engine->notes_heads[cpu].written + engine->notes_heads[cpu].withheld;
		tally.snaps += engine->snaps_heads[cpu].written;
	}
	return tally;
}

static void forget(struct xdp_engine *engine)
{
	memset(engine->usage, 0, engine->nr_cpus * FIXTURE_USAGE * sizeof(*engine->usage));
	memset(engine->hops, 0, engine->nr_cpus * SP_HOPS * sizeof(*engine->hops));
}

/* Runs a frame, next hops remembered or not. Result: what it was counted in. */
static struct tally run(struct xdp_engine *engine, enum sp_role role, const struct frame *in,
			__u32 hops_kept, struct xdp_result *ret)
{
	struct tally before, after;
	__u64 *was = (__u64 *)&before, *is = (__u64 *)&after;

	for (__u32 i = 0; i < engine->nr_cpus * FIXTURE_USAGE; i++)
		engine->usage[i].last_seen_ns = 0;
	memset(engine->openings, 0, SP_OPENINGS * sizeof(*engine->openings));
	engine->fixture.settings->hops_kept = hops_kept;
	before = tally_of(engine);
	assert_int_equal(xdp_engine_run(engine, role, in, ret), 0);
	after = tally_of(engine);
	for (size_t i = 0; i < sizeof(before) / sizeof(*was); i++)
		is[i] -= was[i];
	return after;
}

#define NR_SLOTS (FIXTURE_PUBLICS * 48)

static struct sp_slot *slot_at(struct xdp_engine *engine, __u32 i)
{
	return &engine->fixture.leases[(i % FIXTURE_PUBLICS) << 16 | (64000 + i / FIXTURE_PUBLICS)];
}

/* Makes of leases whose ways are known what the lane must not take, or only sometimes. */
static void spoil(struct sp_slot *slot, __u32 how)
{
	switch (how) {
	case 0:
		slot->deadline_ns = 1;
		break;
	case 1:
		slot->state = SP_SLOT_ENDED;
		break;
	case 2:
		slot->protocol_mask = ~slot->protocol_mask & 3;
		break;
	case 3:
		slot->vm_port_be++;
		break;
	case 4:
		slot->allow_index = 1;
		break;
	case 5: /* another session's by now, of a prefix */
		if (slot->family == 6)
			slot->public_addr.word_be[3] ^= 1;
		break;
	}
}

/* A note of what is not sent on may be withheld: those two of a moment differ. */
static int counted_alike(const struct xdp_result *result, const struct tally *a,
			 const struct tally *b)
{
	return sp_verdict_fate(result->verdict) != SP_FATE_CARRY || memcmp(a, b, sizeof(*a)) == 0;
}

/* Runs a frame by the lane and without it. */
static void compare(struct xdp_engine *engine, enum sp_role role, const struct frame *in,
		    unsigned long long *seen)
{
	static struct xdp_result by_lane, without;
	struct tally program = run(engine, role, in, 0, &without);
	struct tally lane = run(engine, role, in, 1, &by_lane);

	seen[without.verdict]++;
	if (by_lane.verdict == without.verdict && by_lane.action == without.action &&
	    packets_same(&by_lane.out, &without.out) &&
	    memcmp(by_lane.bytes, without.bytes, sizeof(by_lane.bytes)) == 0 &&
	    counted_alike(&without, &lane, &program))
		return;
	print_message("# role %u, lane: %s, action %u; without: %s, action %u\n", role,
		      vectors_verdict(by_lane.verdict), by_lane.action,
		      vectors_verdict(without.verdict), without.action);
	packets_print("in", in);
	packets_print("lane", &by_lane.out);
	packets_print("without", &without.out);
	fail_msg("the lane differs%s",
		 counted_alike(&without, &lane, &program) ? "" : ", in what it counts");
}

static void run_all(struct xdp_engine *engine, struct random *random, unsigned long long *seen)
{
	static struct sp_slot kept[NR_SLOTS];
	enum sp_role role = 1 + random_below(random, 2);
	__u32 how = random_below(random, 20);
	static struct xdp_result result;
	struct frame in;

	packets_random(random, &engine->fixture, &in);
	run(engine, role, &in, 1, &result); /* the record is begun, the way learned */
	for (__u32 i = 0; i < NR_SLOTS; i++) {
		kept[i] = *slot_at(engine, i);
		spoil(slot_at(engine, i), how);
	}
	compare(engine, role, &in, seen);
	for (__u32 i = 0; i < NR_SLOTS; i++)
		*slot_at(engine, i) = kept[i];
}

/* Some leases are captured, SYNs are limited or not, to more than there are. */
static void change(struct xdp_engine *engine, struct random *random, __u64 now_ns)
{
	struct fixture *fixture = &engine->fixture;

	packets_change_table(random, fixture, now_ns);
	for (__u32 i = 0; i < NR_SLOTS; i++)
		slot_at(engine, i)->capture_until_s = random_below(random, 8) ? 0 : ~0u;
	memset(engine->notes_heads, 0, engine->nr_cpus * sizeof(*engine->notes_heads));
	fixture->settings->syn_per_lease =
		random_below(random, 2) ? SP_LIMIT(SP_LIMIT_SHIFT_MIN, 1000) : 0;
	forget(engine);
}

static void test_random_packets_on_the_lane_do_as_without(void **state)
{
	struct xdp_engine *engine = *state;
	unsigned long long seen[SP_VERDICT_COUNT] = {0};
	struct random random;
	unsigned long long count = packets_begin(PACKETS_DEFAULT, &random);
	__u64 now_ns = xdp_engine_now_ns();
	cpu_set_t one;

	/* Each CPU remembers for itself. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	for (unsigned long long i = 0; i < count; i++) {
		if (i % (64 * PACKETS_BEFORE_CHANGE) == 0)
			assert_int_equal(xdp_engine_standard(engine, now_ns), 0);
		if (i % PACKETS_BEFORE_CHANGE == 0)
			change(engine, &random, now_ns);
		run_all(engine, &random, seen);
	}
	assert_true(seen[SP_FORWARDED] > count / 40);
	assert_true(seen[SP_COMPLETED] > count / 400);
}

int main(void)
{
	static struct xdp_engine engine;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(
			test_random_packets_on_the_lane_do_as_without, set_up_standard, NULL,
			&engine),
	};

	return RUN_ON_ENGINE(tests, &engine);
}
