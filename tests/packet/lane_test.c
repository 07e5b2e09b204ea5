// SPDX-License-Identifier: BSD-3-Clause
/*
 * A worker with its lane and one without, on the same packets over the same table: the same
 * verdicts, the same bytes by the same port, the same usage, the same limits.
 *
 * PACKET_COUNT is how many bursts (200000), PACKET_SEED where to begin (the clock).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checksums.h"
#include "host/boottime.h"
#include "lane/buckets.h"
#include "lane/pair.h"
#include "lane/plain.h"
#include "packets.h"

#include <sallyport/find.h>
#include <sallyport/limit.h>
#include <sallyport/verdict.h>

#define BURSTS_DEFAULT	     200000
#define BURSTS_BEFORE_CHANGE 200
#define LATE_NS		     10000000ull

struct bench {
	struct fixture fixture;
	struct pair *pair;
	struct random random;
	struct burst burst;
};

static void run(struct bench *bench)
{
	const char *broken = pair_run(bench->pair, &bench->burst);

	if (!broken)
		return;
	print_message("# role %u, %u packets, room for %u\n", bench->burst.role, bench->burst.nr,
		      bench->burst.room);
	for (uint32_t i = 0; i < bench->burst.nr; i++)
		packets_print("in", &bench->burst.frame[i]);
	fail_msg("%s", broken);
}

static struct sp_slot *pick_slot(struct bench *bench, __u32 *ret_index)
{
	*ret_index = random_below(&bench->random, FIXTURE_PUBLICS) << 16 |
		     (64000 + random_below(&bench->random, 48));
	return &bench->fixture.leases[*ret_index];
}

/*
 * Endpoints whose hashes have the same tag, the wrong one first, which may have one half of the
 * endpoint in common with the right one; and some in their second bucket.
 */
static void add_twin(struct bench *bench, __u8 protocol)
{
	__u32 index, twin_index;
	struct sp_slot *slot = pick_slot(bench, &index), *twin = pick_slot(bench, &twin_index);
	__u64 hash = sp_endpoint_hash(&slot->vm_addr, slot->vm_port_be, protocol, FIXTURE_SEED);
	__u32 first = sp_bucket_first(hash, FIXTURE_BUCKETS);
	__u32 other = sp_bucket_other(first, sp_hash_tag(hash), FIXTURE_BUCKETS);
	struct sp_bucket *buckets = bench->fixture.endpoints;

	if (random_below(&bench->random, 3) == 0)
		buckets_move(&buckets[first], &buckets[other], sp_entry_make(hash, index));
	if (twin == slot)
		return;
	switch (random_below(&bench->random, 6)) {
	case 0:
		twin->vm_addr = slot->vm_addr;
		break;
	case 1:
		twin->vm_port_be = slot->vm_port_be;
		break;
	case 2: /* an endpoint leased anew */
		twin->vm_addr = slot->vm_addr;
		twin->vm_port_be = slot->vm_port_be;
		break;
	}
	twin->family = sp_addr_is_v4(&twin->vm_addr) ? 4 : 6;
	if (twin->family == slot->family)
		buckets_put_first(&buckets[random_below(&bench->random, 2) ? first : other],
				  sp_entry_make(hash, twin_index));
}

static void change(struct bench *bench, uint64_t i, uint64_t now_ns)
{
	struct random *random = &bench->random;
	struct sp_settings *settings = bench->fixture.settings;

	if (i % (32 * BURSTS_BEFORE_CHANGE) == 0) {
		assert_int_equal(fixture_standard(&bench->fixture, now_ns), 0);
		pair_forget(bench->pair);
		for (int n = 0; n < 8; n++)
			add_twin(bench, 1 + random_below(random, 2));
	}
	packets_change_table(random, &bench->fixture, now_ns);
	assert_int_equal(pair_change_ways(bench->pair, random_below(random, 256)), 0);
	/* Ended: its usage is still known. */
	for (int n = 0; n < 4; n++) {
		__u32 index;

		pick_slot(bench, &index)->state = SP_SLOT_ENDED;
	}
	/* A deadline that passes while a burst is under way. */
	for (int n = 0; n < 4; n++) {
		__u32 index;

		pick_slot(bench, &index)->deadline_ns = now_ns - LATE_NS / 2;
	}
	settings->syn_per_lease = 0;
	settings->syn_per_source = 0;
	if (random_below(random, 3) == 0)
		settings->syn_per_lease = SP_LIMIT(SP_LIMIT_SHIFT_MAX, 1 + random_below(random, 9));
	if (random_below(random, 3) == 0)
		settings->syn_per_source =
			SP_LIMIT(SP_LIMIT_SHIFT_MAX, 1 + random_below(random, 4));
}

/* Result: if the first packet is one to a port, its slot; else any. */
static struct sp_slot *slot_to_lose(struct bench *bench)
{
	const struct frame *frame = &bench->burst.frame[0];
	bool is_v4 = frame->bytes[12] == 0x08;
	const uint8_t *port = &frame->bytes[is_v4 ? 36 : 56];
	__u32 index;

	if (bench->burst.role == SP_ROLE_BUILDS || frame->len_bytes < 58)
		return pick_slot(bench, &index);
	return &bench->fixture.leases[(is_v4 ? 0u : 1u << 16) | port[0] << 8 | port[1]];
}

/*
 * What lies before a packet where there are hints: mostly the right one, else one of another slot,
 * of none, of another sender, or anything.
 */
static struct sp_hint draw_hint(struct bench *bench, const struct frame *frame)
{
	const struct sp_table *table = &bench->fixture.table;
	struct random *random = &bench->random;
	struct sp_hint hint = {(__u32)random_next(random), (__u32)random_next(random)};
	struct sp_packet packet;
	__u32 right = 1u << 31; /* none */
	struct sp_hit hit;

	if (sp_parse(frame->bytes, frame->bytes + frame->len_bytes, &packet) != SP_FORWARDED ||
	    random_below(random, 16) == 0)
		return hint;
	if (sp_find(table, &packet, SP_ROLE_BUILDS, &hit) == SP_FORWARDED)
		right = hit.slot_index;
	hint.sender = sp_hint_sender(&packet) ^ (random_below(random, 16) == 0);
	switch (random_below(random, 16)) {
	case 0:
		hint.slot_index = table->nr_slots + random_below(random, 2);
		break;
	case 1:
		pick_slot(bench, &hint.slot_index);
		break;
	case 2:
		hint.slot_index = random_below(random, table->nr_slots);
		break;
	default:
		hint.slot_index = right;
	}
	/* add_twin() leaves slots that are in no bucket: those the XDP program names never. */
	if (hint.slot_index < table->nr_slots && hint.slot_index != right &&
	    sp_slot_has_endpoint(&table->leases[hint.slot_index], &packet))
		hint.slot_index |= 1u << 31;
	return hint;
}

/*
 * Where connections are limited one packet at a time: which source of UDP is pushed out depends on
 * who comes first. What finds no room, or is lost on the way, must all be alike: likewise.
 */
static void draw_burst(struct bench *bench, uint64_t now_ns)
{
	const struct sp_settings *settings = bench->fixture.settings;
	struct random *random = &bench->random;
	struct burst *burst = &bench->burst;
	bool limited = settings->syn_per_lease || settings->syn_per_source;
	bool alike = !random_below(random, 4);

	burst->role = 1 + random_below(random, random_below(random, 8) ? 2 : 3);
	burst->now_ns = random_below(random, alike ? 2 : 8) ? now_ns : now_ns - LATE_NS;
	burst->nr = limited || random_below(random, 2) ? 1 : 1 + random_below(random, PAIR_BURST);
	burst->room = alike && !limited && random_below(random, 2)
			      ? 1 + random_below(random, burst->nr)
			      : 0;
	for (uint32_t i = 0; i < burst->nr; i++)
		if (i > 0 && alike)
			burst->frame[i] = burst->frame[0];
		else
			packets_random(random, &bench->fixture, &burst->frame[i]);
	burst->hinted = random_below(random, 2);
	for (uint32_t i = 0; i < burst->nr; i++)
		burst->hint[i] =
			i > 0 && alike ? burst->hint[0] : draw_hint(bench, &burst->frame[i]);
	burst->lost = alike && burst->now_ns != now_ns ? slot_to_lose(bench) : NULL;
}

static void test_lane_on_random_bursts_does_as_the_stages(void **state)
{
	struct bench *bench = *state;
	uint64_t nr = packets_begin(BURSTS_DEFAULT, &bench->random), now_ns;

	for (uint64_t i = 0; i < nr; i++) {
		now_ns = boottime_now_ns();
		if (i % BURSTS_BEFORE_CHANGE == 0)
			change(bench, i, now_ns);
		draw_burst(bench, now_ns);
		run(bench);
	}
	print_message("# the lane took %llu of %llu that were sent\n",
		      (unsigned long long)pair_taken(bench->pair),
		      (unsigned long long)pair_seen(bench->pair, SP_FORWARDED));
	bench->burst.hinted = false;
	print_message("# of those %llu by a hint; %llu hints were wrong\n",
		      (unsigned long long)pair_hints(bench->pair, SP_HINT_USED),
		      (unsigned long long)pair_hints(bench->pair, SP_HINT_WRONG));
	assert_true(pair_hints(bench->pair, SP_HINT_USED) > pair_taken(bench->pair) / 16);
	assert_true(pair_hints(bench->pair, SP_HINT_WRONG) > nr / 100);
	/* Nothing would be shown by a lane that takes little. */
	assert_true(pair_taken(bench->pair) > pair_seen(bench->pair, SP_FORWARDED) / 4);
	assert_true(pair_seen(bench->pair, SP_COMPLETED) > nr / 100);
	assert_true(pair_seen(bench->pair, SP_RACED) > nr / 100);
	assert_true(pair_seen(bench->pair, SP_TX_FULL) > nr / 1000);
	assert_true(pair_seen(bench->pair, SP_TOO_BIG) > nr / 1000);
}

/* Every value of a field of two bytes, in bursts; after two packets: a record, then its way. */
static void run_all_values(struct bench *bench, const struct frame *frame, uint32_t at)
{
	struct burst *burst = &bench->burst;

	burst->nr = 1;
	burst->room = 0;
	burst->lost = NULL;
	burst->now_ns = boottime_now_ns();
	burst->frame[0] = *frame;
	run(bench);
	run(bench);
	burst->nr = PAIR_BURST;
	for (uint32_t value = 0; value < 0x10000; value += PAIR_BURST) {
		burst->now_ns = boottime_now_ns();
		for (uint32_t i = 0; i < PAIR_BURST; i++) {
			burst->frame[i] = *frame;
			burst->frame[i].bytes[at] = (uint8_t)((value + i) >> 8);
			burst->frame[i].bytes[at + 1] = (uint8_t)(value + i);
		}
		run(bench);
	}
}

struct lane_case {
	uint8_t family, ip_protocol;
	enum sp_direction direction;
};

static void begin_case(struct bench *bench, const struct lane_case *each, struct frame *ret)
{
	__u32 slot_index = (each->family == 6 ? 1u << 16 : 0) | 64002; /* TCP and UDP */

	assert_int_equal(fixture_standard(&bench->fixture, boottime_now_ns()), 0);
	pair_forget(bench->pair);
	bench->burst.role = each->direction == SP_TOWARD_VM ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS;
	plain_frame(&bench->fixture.leases[slot_index], each->direction, each->ip_protocol, ret);
}

#define EACH_CASE(each)                                                                            \
	for (struct lane_case each = {4, 6, SP_TOWARD_VM}, *once_ = &each; once_;                  \
	     once_ = next_case(&each))

static struct lane_case *next_case(struct lane_case *each)
{
	if (each->direction == SP_TOWARD_VM) {
		each->direction = SP_TOWARD_CLIENT;
		return each;
	}
	each->direction = SP_TOWARD_VM;
	if (each->ip_protocol == 6) {
		each->ip_protocol = 17;
		return each;
	}
	each->ip_protocol = 6;
	if (each->family == 6)
		return NULL;
	each->family = 6;
	return each;
}

/* The checksum that comes out as 0 is one of 65,536, and UDP has a rule of its own for it. */
static void test_lane_on_any_checksum_does_as_the_stages(void **state)
{
	struct bench *bench = *state;

	EACH_CASE(each)
	{
		uint32_t l4 = each.family == 4 ? 34 : 54;
		uint64_t before = pair_taken(bench->pair);
		struct frame frame;

		begin_case(bench, &each, &frame);
		run_all_values(bench, &frame, l4 + (each.ip_protocol == 6 ? 16 : 6));
		/* One value is what a partial checksum has. */
		assert_true(pair_taken(bench->pair) >= before + 0xffff);
		if (each.family == 4)
			run_all_values(bench, &frame, 24);
	}
}

/* Lengths and flags: of the header of TCP; of IP; fragments; TTL and protocol. */
static void test_lane_on_any_header_does_as_the_stages(void **state)
{
	struct bench *bench = *state;

	EACH_CASE(each)
	{
		uint32_t l4 = each.family == 4 ? 34 : 54;
		struct frame frame;

		begin_case(bench, &each, &frame);
		if (each.ip_protocol == 6)
			run_all_values(bench, &frame, l4 + 12);
		run_all_values(bench, &frame, 12);
		run_all_values(bench, &frame, 14);
		run_all_values(bench, &frame, each.family == 4 ? 16 : 18);
		run_all_values(bench, &frame, 20);
		if (each.family == 4)
			run_all_values(bench, &frame, 22);
	}
}

/* Nothing that both ways share says what is right: the checksums are summed by the test. */
static void test_lane_on_any_ttl_sends_right_checksums(void **state)
{
	struct bench *bench = *state;
	struct burst *burst = &bench->burst;
	struct frame sent;

	EACH_CASE(each)
	{
		uint32_t at = each.family == 4 ? 22 : 21;

		begin_case(bench, &each, &burst->frame[0]);
		burst->nr = 1;
		for (uint8_t ttl = 255; ttl > 1; ttl--) {
			burst->now_ns = boottime_now_ns();
			burst->frame[0].bytes[at] = ttl;
			checksums_set(burst->frame[0].bytes, burst->frame[0].len_bytes);
			run(bench);
			assert_int_equal(pair_sent(bench->pair, 0, &sent), 0);
			assert_int_equal(sent.bytes[at], ttl - 1);
			assert_int_equal(checksums_check(sent.bytes, sent.len_bytes),
					 CHECKSUMS_RIGHT);
		}
	}
}

#define OWN_ADDRESSES FIXTURE_PUBLICS
#define OWN_PORTS     4u

/* As many addresses of IPv4, each with other VMs at the same ports, and one port that is shut. */
static void set_own_addresses(struct bench *bench, unsigned int nth)
{
	struct fixture *fixture = &bench->fixture;
	char line[128];

	fixture_clear(fixture);
	pair_forget(bench->pair);
	assert_int_equal(fixture_add_network(fixture, "10.0.0.0/16"), 0);
	for (unsigned int i = 0; i < OWN_ADDRESSES; i++) {
		snprintf(line, sizeof(line), "192.0.%u.%u", 2 + i, i == 0 ? 1 : nth);
		assert_int_equal(fixture_add_public(fixture, i, line), 0);
		for (unsigned int port = 0; port < OWN_PORTS; port++) {
			if (port == i)
				continue;
			snprintf(line, sizeof(line), "lease %u %u live 10.0.3.%u 22 tcp %llu 0", i,
				 64000 + port, 16 + i * OWN_PORTS + port,
				 (unsigned long long)UINT64_MAX >> 1);
			assert_int_equal(fixture_read_line(fixture, line), 1);
		}
	}
}

/* To one of them, or to one that is none of them. */
static void draw_own(struct bench *bench, struct frame *ret)
{
	uint32_t i = random_below(&bench->random, OWN_ADDRESSES);
	uint32_t port = random_below(&bench->random, OWN_PORTS);
	const struct sp_slot *open =
		&bench->fixture.leases[sp_slot_index(i, (__u16)(64000 + (i ? 0 : 1)))];

	plain_frame(open, SP_TOWARD_VM, 6, ret);
	ret->bytes[37] = (uint8_t)port;
	if (random_below(&bench->random, 8) == 0)
		ret->bytes[33] ^= 0x80;
	checksums_set(ret->bytes, ret->len_bytes);
}

static void run_own(struct bench *bench)
{
	struct burst *burst = &bench->burst;

	burst->nr = PAIR_BURST;
	burst->now_ns = boottime_now_ns();
	for (uint32_t i = 0; i < PAIR_BURST; i++)
		draw_own(bench, &burst->frame[i]);
	run(bench);
}

/* By turns, so many that some are remembered in one place; at last one is taken away. */
static void test_lane_with_several_own_addresses_does_as_the_stages(void **state)
{
	struct bench *bench = *state;
	uint64_t before = pair_taken(bench->pair);

	packets_begin(1, &bench->random);
	bench->burst.role = SP_ROLE_PUBLIC;
	bench->burst.room = 0;
	bench->burst.lost = NULL;
	for (unsigned int nth = 1; nth < 255; nth++) {
		struct sp_host *host;

		set_own_addresses(bench, nth);
		for (int burst = 0; burst < 6; burst++)
			run_own(bench);
		host = (void *)sp_find_host(&bench->fixture.table, &bench->fixture.publics[1]);
		host->kind = SP_HOST_LOCAL;
		run_own(bench);
	}
	assert_true(pair_taken(bench->pair) > before + 254ull * 3 * PAIR_BURST);
}

/* Leases with another list each, to which clients come by turns that are on the one or the other.
 */
static void test_lane_with_two_lists_does_as_the_stages(void **state)
{
	static const __u16 port[] = {64014, 64009}; /* TCP, lists 1 and 2 */
	static const uint8_t last_of_addr[] = {9, 201};
	struct bench *bench = *state;
	struct burst *burst = &bench->burst;
	uint64_t before = pair_taken(bench->pair);

	begin_case(bench, &(struct lane_case){4, 6, SP_TOWARD_VM}, &burst->frame[0]);
	burst->nr = PAIR_BURST;
	burst->room = 0;
	burst->lost = NULL;
	for (int n = 0; n < 100; n++) {
		burst->now_ns = boottime_now_ns();
		for (uint32_t i = 0; i < PAIR_BURST; i++) {
			struct frame *frame = &burst->frame[i];

			plain_frame(&bench->fixture.leases[port[random_below(&bench->random, 2)]],
				    SP_TOWARD_VM, 6, frame);
			frame->bytes[29] = last_of_addr[random_below(&bench->random, 2)];
			checksums_set(frame->bytes, frame->len_bytes);
		}
		run(bench);
	}
	/* Every second one is on the right list. */
	assert_in_range(pair_taken(bench->pair) - before, 100 * PAIR_BURST / 4,
			100 * PAIR_BURST * 3 / 4);
}

int main(void)
{
	static struct bench bench;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_lane_on_random_bursts_does_as_the_stages, &bench),
		cmocka_unit_test_prestate(test_lane_on_any_checksum_does_as_the_stages, &bench),
		cmocka_unit_test_prestate(test_lane_on_any_header_does_as_the_stages, &bench),
		cmocka_unit_test_prestate(test_lane_on_any_ttl_sends_right_checksums, &bench),
		cmocka_unit_test_prestate(test_lane_with_several_own_addresses_does_as_the_stages,
					  &bench),
		cmocka_unit_test_prestate(test_lane_with_two_lists_does_as_the_stages, &bench),
	};
	int r = fixture_new(&bench.fixture);

	if (!r)
		r = pair_open(&bench.fixture, &bench.pair);
	if (r) {
		printf("not ok 1 - starting the workers: %s\n", strerror(-r));
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	pair_close(bench.pair);
	fixture_free(&bench.fixture);
	return r;
}
