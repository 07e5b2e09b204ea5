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
#include "lane/pair.h"
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

/* Puts an entry before all others of a bucket that is not full. */
static void put_first(struct sp_bucket *bucket, __u64 entry)
{
	if (bucket->entry[SP_BUCKET_ENTRIES - 1])
		return;
	memmove(&bucket->entry[1], &bucket->entry[0], sizeof(*bucket) - sizeof(bucket->entry[0]));
	bucket->entry[0] = entry;
}

static void move_to_other(struct sp_bucket *bucket, struct sp_bucket *other, __u64 entry)
{
	for (uint32_t i = 0; i < SP_BUCKET_ENTRIES; i++) {
		if (bucket->entry[i] != entry || other->entry[SP_BUCKET_ENTRIES - 1])
			continue;
		bucket->entry[i] = 0;
		put_first(other, entry);
	}
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
		move_to_other(&buckets[first], &buckets[other], sp_entry_make(hash, index));
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
		put_first(&buckets[random_below(&bench->random, 2) ? first : other],
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
	/* Nothing would be shown by a lane that takes little. */
	assert_true(pair_taken(bench->pair) > pair_seen(bench->pair, SP_FORWARDED) / 4);
	assert_true(pair_seen(bench->pair, SP_COMPLETED) > nr / 100);
	assert_true(pair_seen(bench->pair, SP_RACED) > nr / 100);
	assert_true(pair_seen(bench->pair, SP_TX_FULL) > nr / 1000);
	assert_true(pair_seen(bench->pair, SP_TOO_BIG) > nr / 1000);
}

/* A segment of the lease's own client, or of its VM, as it goes by the lane. */
static void plain_frame(struct bench *bench, __u32 slot_index, enum sp_direction direction,
			__u8 ip_protocol, struct frame *ret)
{
	const struct sp_slot *slot = &bench->fixture.leases[slot_index];
	bool is_v4 = slot->family == 4;
	uint8_t *ip = ret->bytes + 14, *l4 = ip + (is_v4 ? 20 : 40);
	uint8_t l4_bytes = ip_protocol == 6 ? 32 : 20;
	struct sp_addr client;

	assert_int_equal(fixture_parse_addr(is_v4 ? "198.51.100.9" : "2001:db8:c::9", &client), 0);
	memset(ret, 0, sizeof(*ret));
	ret->bytes[0] = 2;
	ret->bytes[12] = is_v4 ? 0x08 : 0x86;
	ret->bytes[13] = is_v4 ? 0x00 : 0xdd;
	ip[0] = is_v4 ? 0x45 : 0x60;
	ip[is_v4 ? 3 : 5] = (is_v4 ? 20 : 0) + l4_bytes;
	ip[is_v4 ? 9 : 6] = ip_protocol;
	ip[is_v4 ? 8 : 7] = 64;
	for (int end = 0; end < 2; end++) {
		bool at_client = (end == 0) == (direction == SP_TOWARD_VM);
		bool at_vm = !at_client && direction == SP_TOWARD_CLIENT;
		const struct sp_addr *addr = at_client ? &client
					     : at_vm   ? &slot->vm_addr
						       : &slot->public_addr;
		__be16 port_be = at_client ? SP_BE16(40000)
				 : at_vm   ? slot->vm_port_be
					   : slot->public_port_be;

		if (is_v4)
			memcpy(ip + 12 + 4 * end, &addr->word_be[3], 4);
		else
			memcpy(ip + 8 + 16 * end, addr, 16);
		memcpy(l4 + 2 * end, &port_be, 2);
	}
	if (ip_protocol == 6) {
		l4[12] = 0x50;
		l4[13] = 0x10;
	} else {
		l4[5] = l4_bytes;
	}
	ret->len_bytes = 14 + (is_v4 ? 20 : 40) + l4_bytes;
	checksums_set(ret->bytes, ret->len_bytes);
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
	plain_frame(bench, slot_index, each->direction, each->ip_protocol, ret);
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

int main(void)
{
	static struct bench bench;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_lane_on_random_bursts_does_as_the_stages, &bench),
		cmocka_unit_test_prestate(test_lane_on_any_checksum_does_as_the_stages, &bench),
		cmocka_unit_test_prestate(test_lane_on_any_header_does_as_the_stages, &bench),
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
