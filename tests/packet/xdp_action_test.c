// SPDX-License-Identifier: BSD-3-Clause
/*
 * What only the XDP program does: next hops, the choice between the engines, usage, notes and
 * snaps. In a network namespace with routes and neighbours, by BPF_PROG_TEST_RUN.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "engine/network.h"
#include "engine/xdp_engine.h"

#include <sallyport/answer.h>

/* A TCP packet from a client to the lease of that port, or from its VM to the client. */
static void make_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
			const char *client, __u32 payload_bytes, struct frame *ret)
{
	const struct sp_slot *slot = &engine->fixture.leases[port];
	struct sp_addr addr;
	__u8 *ip = ret->bytes + 14, *tcp = ip + 20;
	__u32 total = 40 + payload_bytes;

	assert_int_equal(fixture_parse_addr(client, &addr), 0);
	memset(ret, 0, sizeof(*ret));
	ret->len_bytes = 14 + total;
	ret->bytes[12] = 0x08;
	ip[0] = 0x45;
	ip[2] = total >> 8;
	ip[3] = total & 0xff;
	ip[8] = 64;
	ip[9] = 6;
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	memcpy(ip + (direction == SP_TOWARD_VM ? 12 : 16), &addr.word_be[3], 4);
	memcpy(tcp + (direction == SP_TOWARD_VM ? 2 : 0),
	       direction == SP_TOWARD_VM ? &slot->public_port_be : &slot->vm_port_be, 2);
	memcpy(ip + (direction == SP_TOWARD_VM ? 16 : 12),
	       direction == SP_TOWARD_VM ? &slot->public_addr.word_be[3]
					 : &slot->vm_addr.word_be[3],
	       4);
}

static struct xdp_result run_packet(struct xdp_engine *engine, __u16 port,
				    enum sp_direction direction, const char *client,
				    __u32 payload_bytes)
{
	static struct xdp_result result;
	struct frame in;

	make_packet(engine, port, direction, client, payload_bytes, &in);
	assert_int_equal(xdp_engine_run(engine,
					direction == SP_TOWARD_VM ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS,
					&in, &result),
			 0);
	return result;
}

static int set_up_standard(void **state)
{
	struct xdp_engine *engine = *state;
	int r = fixture_standard(&engine->fixture, xdp_engine_now_ns());

	xdp_engine_settings(engine);
	memset(engine->wanted, 0, engine->nr_cpus * sizeof(*engine->wanted));
	memset(engine->usage, 0, engine->nr_cpus * FIXTURE_USAGE * sizeof(*engine->usage));
	return r;
}

#define TCP_LEASE 64003 /* of the standard fixture: live, TCP, for everybody */
#define CLIENT	  "203.0.113.50"

/* Result: the row that has grown, and by how much in *ret. */
static const struct sp_wanted *find_wanted(const struct xdp_engine *engine, __u64 *ret)
{
	const struct sp_wanted *found = NULL;

	*ret = 0;
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		*ret += engine->wanted[cpu].count;
		if (engine->wanted[cpu].count)
			found = &engine->wanted[cpu];
	}
	return found;
}

static void test_a_hop_without_link_address_is_wanted(void **state)
{
	struct xdp_engine *engine = *state;
	const struct sp_wanted *row;
	struct sp_addr client;
	__u64 count;

	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.77", 0).verdict,
			 SP_NO_NEIGHBOUR);
	row = find_wanted(engine, &count);
	assert_int_equal(count, 1);
	assert_int_equal(fixture_parse_addr("192.0.2.77", &client), 0);
	assert_memory_equal(&row->hop[0].addr, &client, sizeof(client));
	assert_int_equal(row->hop[0].ifindex, engine->ingress_ifindex[SP_ROLE_PUBLIC]);
	run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.77", 0);
	find_wanted(engine, &count);
	assert_true(count <= engine->nr_cpus);
}

static void test_a_way_through_the_wrong_interface_is_no_route(void **state)
{
	struct xdp_engine *engine = *state;
	__u64 count;

	assert_int_equal(network_ip("route add 203.0.113.64/26 via 10.0.3.7\n"
				    "route add 203.0.113.128/26 via 10.0.99.99\n"
				    "route add unreachable 203.0.113.192/26\n"),
			 0);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.65", 0).verdict,
			 SP_NO_ROUTE);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.129", 0).verdict,
		SP_NO_ROUTE);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.193", 0).verdict,
		SP_NO_ROUTE);
	find_wanted(engine, &count);
	assert_int_equal(count, 0);
}

static void test_a_packet_over_the_routes_mtu_is_answered(void **state)
{
	struct xdp_engine *engine = *state;
	static struct xdp_result result;

	assert_int_equal(network_ip("route add 198.18.0.0/24 via 192.0.2.254 mtu lock 1400\n"), 0);
	result = run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1360);
	assert_int_equal(result.verdict, SP_FORWARDED);
	result = run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1361);
	assert_int_equal(result.verdict, SP_TOO_BIG);
	assert_int_equal(result.action, XDP_REDIRECT);
	assert_int_equal(result.out.len_bytes, 70);
	assert_memory_equal(result.out.bytes + 34, "\3\4", 2);
	assert_memory_equal(result.out.bytes + 40, "\x05\x78", 2);
}

static void test_errors_are_limited_each_kind_by_itself(void **state)
{
	struct xdp_engine *engine = *state;
	static struct xdp_result result;
	struct frame in;
	int nr_sent = 0, nr_limited = 0;
	__u64 start_ns = xdp_engine_now_ns(), took_ns;

	engine->limit_errors = 1;
	make_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0, &in);
	in.bytes[22] = 1;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(xdp_engine_run(engine, SP_ROLE_PUBLIC, &in, &result), 0);
		nr_sent += result.verdict == SP_TTL_EXCEEDED && result.action == XDP_REDIRECT;
		nr_limited += result.verdict == SP_ANSWER_LIMITED && result.action == XDP_DROP;
	}
	took_ns = xdp_engine_now_ns() - start_ns;
	assert_int_equal(nr_sent + nr_limited, 1000);
	assert_in_range(nr_sent, 1, (took_ns / SP_ERROR_GAP_NS + 1) * engine->nr_cpus);
	assert_true(nr_limited > 0);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1361).verdict,
		SP_TOO_BIG);
	engine->limit_errors = 0;
}

static void test_usage_counts_both_ways_and_begins_anew(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	struct sp_usage sum = {0};

	run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 10);
	run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 20);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		struct sp_usage *row = &engine->usage[cpu * FIXTURE_USAGE + slot->usage_index];

		if (row->generation != slot->generation)
			continue;
		for (int direction = 0; direction < 2; direction++) {
			sum.packets[direction] += row->packets[direction];
			sum.bytes[direction] += row->bytes[direction];
		}
		sum.last_seen_ns |= row->last_seen_ns;
		row->generation--;
	}
	assert_int_equal(sum.packets[SP_TOWARD_VM], 1);
	assert_int_equal(sum.bytes[SP_TOWARD_VM], 50);
	assert_int_equal(sum.packets[SP_TOWARD_CLIENT], 1);
	assert_int_equal(sum.bytes[SP_TOWARD_CLIENT], 60);
	assert_true(sum.last_seen_ns > 0);
	run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 10);
	sum.packets[0] = 0;
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		struct sp_usage *row = &engine->usage[cpu * FIXTURE_USAGE + slot->usage_index];

		if (row->generation == slot->generation)
			sum.packets[0] += row->packets[0];
	}
	assert_int_equal(sum.packets[0], 1);
}

static void test_without_a_socket_the_program_carries_or_drops_as_told(void **state)
{
	struct xdp_engine *engine = *state;

	engine->fixture.settings->engine_mode = SP_ENGINE_DPDK;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_FORWARDED);
	engine->fixture.settings->fallback = 0;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_NO_ENGINE);
}

static void test_a_worker_with_a_fresh_beat_gets_the_packets(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_queue *public = &engine->queues[0], *builds = &engine->queues[SP_QUEUES_MAX];
	int fd = xdp_engine_add_socket(engine, SP_ROLE_BUILDS);

	assert_true(fd >= 0);
	engine->fixture.settings->engine_mode = SP_ENGINE_DPDK;
	engine->fixture.settings->failover_ns = 1000000000;
	public->beat_ns = xdp_engine_now_ns();
	builds->beat_ns = 0;
	/* A beat without a socket, and a socket without a beat. */
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_FORWARDED);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_FORWARDED);
	builds->beat_ns = xdp_engine_now_ns();
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_STEERED);
	/* One that is longer than its buffers would be lost there. */
	builds->frame_bytes = 60;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100).verdict,
			 SP_FORWARDED);
	builds->frame_bytes = 1514;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100).verdict,
			 SP_STEERED);
	builds->frame_bytes = 0;
	builds->beat_ns = xdp_engine_now_ns() - 1000000000;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_FORWARDED);
	builds->beat_ns = xdp_engine_now_ns();
	engine->fixture.leases[TCP_LEASE].state = SP_SLOT_ENDED;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_STEERED);
	engine->fixture.settings->engine_mode = SP_ENGINE_XDP;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_RESET_VM);
	close(fd);
	public->beat_ns = 0;
	builds->beat_ns = 0;
}

/* Result: the one note that a packet with these flags left, of no kind if it left none. */
static struct sp_note note_of(struct xdp_engine *engine, enum sp_direction direction, __u8 flags,
			      const char *client)
{
	static struct xdp_result result;
	struct sp_note found = {0};
	struct frame in;

	memset(engine->notes_heads, 0, engine->nr_cpus * sizeof(*engine->notes_heads));
	make_packet(engine, TCP_LEASE, direction, client, 5, &in);
	in.bytes[34 + 4] = 0x12;
	in.bytes[34 + 13] = flags;
	assert_int_equal(xdp_engine_run(engine,
					direction == SP_TOWARD_VM ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS,
					&in, &result),
			 0);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		if (engine->notes_heads[cpu].written)
			found = engine->notes[cpu * SP_NOTES + sp_ring_at(1, SP_NOTES)];
	return found;
}

static void test_segments_that_open_or_close_are_noted(void **state)
{
	const struct {
		enum sp_direction direction;
		__u8 flags;
		enum sp_note_kind kind;
	} cases[] = {
		{SP_TOWARD_VM, 0x02, SP_NOTE_OPENS},	{SP_TOWARD_CLIENT, 0x12, SP_NOTE_ACCEPTED},
		{SP_TOWARD_VM, 0x11, SP_NOTE_CLOSES},	{SP_TOWARD_CLIENT, 0x11, SP_NOTE_CLOSES},
		{SP_TOWARD_VM, 0x04, SP_NOTE_RESET},	{SP_TOWARD_CLIENT, 0x14, SP_NOTE_RESET},
		{SP_TOWARD_VM, 0x10, SP_NOTE_NONE},	{SP_TOWARD_CLIENT, 0x18, SP_NOTE_NONE},
		{SP_TOWARD_CLIENT, 0x02, SP_NOTE_NONE},
	};
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	struct sp_addr client;

	assert_int_equal(fixture_parse_addr(CLIENT, &client), 0);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_note note = note_of(engine, cases[i].direction, cases[i].flags, CLIENT);

		assert_int_equal(note.kind, cases[i].kind);
		if (note.kind == SP_NOTE_NONE)
			continue;
		assert_int_equal(note.ring.number, 1);
		assert_int_equal(note.direction, cases[i].direction);
		assert_int_equal(note.slot_index, TCP_LEASE);
		assert_int_equal(note.generation, slot->generation);
		assert_int_equal(note.seq, 0x12000000);
		assert_int_equal(note.payload_bytes, 5);
		assert_int_equal(note.tcp_flags, cases[i].flags);
		assert_memory_equal(&note.client, &client, sizeof(client));
	}
	slot->allow_index = 1;
	assert_int_equal(note_of(engine, SP_TOWARD_VM, 0x02, CLIENT).kind, SP_NOTE_REFUSED);
	assert_int_equal(note_of(engine, SP_TOWARD_VM, 0x11, CLIENT).kind, SP_NOTE_NONE);
	slot->state = SP_SLOT_ENDED;
	assert_int_equal(note_of(engine, SP_TOWARD_VM, 0x02, CLIENT).kind, SP_NOTE_NONE);
	assert_int_equal(note_of(engine, SP_TOWARD_CLIENT, 0x10, CLIENT).kind, SP_NOTE_LATE);
	assert_int_equal(note_of(engine, SP_TOWARD_CLIENT, 0x14, CLIENT).kind, SP_NOTE_NONE);
}

/* A VM whose session has ended floods: the notes of others stay. */
static void test_late_segments_are_noted_but_so_often(void **state)
{
	struct xdp_engine *engine = *state;
	__u64 start_ns = xdp_engine_now_ns(), nr = 0, windows;

	memset(engine->notes_heads, 0, engine->nr_cpus * sizeof(*engine->notes_heads));
	engine->fixture.leases[TCP_LEASE].state = SP_SLOT_ENDED;
	for (unsigned int i = 0; i < 16 * SP_NOTES_LATE; i++)
		assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
				 SP_RESET_VM);
	windows = ((xdp_engine_now_ns() - start_ns) >> SP_RING_WINDOW_SHIFT) + 2;
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		nr += engine->notes_heads[cpu].written;
	assert_in_range(nr, 1, windows * engine->nr_cpus * SP_NOTES_LATE);
}

/* Result: the one snap that a frame left, without a number if it left none. */
static struct sp_snap snap_of(struct xdp_engine *engine, enum sp_role role, const struct frame *in)
{
	static struct xdp_result result;
	struct sp_snap found = {0};

	memset(engine->snaps_heads, 0, engine->nr_cpus * sizeof(*engine->snaps_heads));
	assert_int_equal(xdp_engine_run(engine, role, in, &result), 0);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		if (engine->snaps_heads[cpu].written)
			found = engine->snaps[cpu * SP_SNAPS + sp_ring_at(1, SP_SNAPS)];
	return found;
}

static __u32 next_second(void)
{
	return (__u32)(xdp_engine_now_ns() / 1000000000) + 60;
}

static void test_only_a_lease_being_captured_leaves_snaps(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	struct frame in;

	make_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 5, &in);
	assert_int_equal(snap_of(engine, SP_ROLE_PUBLIC, &in).ring.number, 0);
	slot->capture_until_s = next_second();
	assert_int_equal(snap_of(engine, SP_ROLE_PUBLIC, &in).ring.number, 1);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.9", 5, &in);
	assert_int_equal(snap_of(engine, SP_ROLE_BUILDS, &in).ring.number, 0);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 5, &in);
	assert_int_equal(snap_of(engine, SP_ROLE_BUILDS, &in).ring.number, 1);
	slot->capture_until_s = (__u32)(xdp_engine_now_ns() / 1000000000);
	assert_int_equal(snap_of(engine, SP_ROLE_BUILDS, &in).ring.number, 0);
}

static void test_a_snap_is_the_headers_as_they_came_and_no_more(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	__u64 before_ns = xdp_engine_now_ns();
	struct sp_snap snap;
	struct frame in;

	slot->capture_until_s = next_second();
	make_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 50, &in);
	memset(in.bytes + 54, 'x', 50);
	snap = snap_of(engine, SP_ROLE_PUBLIC, &in);
	assert_int_equal(snap.kept_bytes, 54);
	assert_memory_equal(snap.data, in.bytes, 54);
	assert_null(memchr(snap.data + 54, 'x', SP_SNAP_BYTES - 54));
	assert_int_equal(snap.frame_bytes, in.len_bytes);
	assert_int_equal(snap.verdict, SP_FORWARDED);
	assert_int_equal(snap.direction, SP_TOWARD_VM);
	assert_int_equal(snap.slot_index, TCP_LEASE);
	assert_int_equal(snap.generation, slot->generation);
	assert_in_range(snap.ring.at_ns, before_ns, xdp_engine_now_ns());
	in.bytes[34 + 12] = 0xf0; /* all the options that fit */
	snap = snap_of(engine, SP_ROLE_PUBLIC, &in);
	assert_int_equal(snap.kept_bytes, 94);
	assert_memory_equal(snap.data, in.bytes, 94);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0, &in);
	snap = snap_of(engine, SP_ROLE_BUILDS, &in);
	assert_int_equal(snap.kept_bytes, 54);
	assert_int_equal(snap.direction, SP_TOWARD_CLIENT);
}

/* From the VM, about a packet of the client's, which it quotes in full. */
static void test_a_snap_of_an_icmp_error_ends_with_the_quoted_ports(void **state)
{
	struct xdp_engine *engine = *state;
	struct frame quoted, in;
	struct sp_snap snap;
	__u8 *icmp;

	engine->fixture.leases[TCP_LEASE].capture_until_s = next_second();
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0, &in);
	quoted = in;
	memcpy(quoted.bytes + 26, in.bytes + 30, 4); /* turned round */
	memcpy(quoted.bytes + 30, in.bytes + 26, 4);
	memcpy(quoted.bytes + 34, in.bytes + 36, 2);
	memcpy(quoted.bytes + 36, in.bytes + 34, 2);
	icmp = in.bytes + 34;
	in.bytes[17] = 20 + 8 + 40;
	in.bytes[23] = 1;
	memset(icmp, 0, 8);
	icmp[0] = 3;
	icmp[1] = 1;
	memcpy(icmp + 8, quoted.bytes + 14, 40);
	in.len_bytes = 14 + 20 + 8 + 40;
	snap = snap_of(engine, SP_ROLE_BUILDS, &in);
	assert_int_equal(snap.ring.number, 1);
	assert_int_equal(snap.kept_bytes, 14 + 20 + 8 + 20 + 8);
	assert_memory_equal(snap.data, in.bytes, snap.kept_bytes);
	assert_int_equal(snap.verdict, SP_FORWARDED);
}

static void test_a_snap_says_what_became_of_its_packet(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	struct frame in, stray;

	slot->capture_until_s = next_second();
	make_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0, &in);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.77", 0, &stray);
	assert_int_equal(snap_of(engine, SP_ROLE_BUILDS, &stray).verdict, SP_NO_NEIGHBOUR);
	slot->allow_index = 1;
	assert_int_equal(snap_of(engine, SP_ROLE_PUBLIC, &in).verdict, SP_NOT_ALLOWED);
	slot->allow_index = 0;
	in.bytes[22] = 1;
	assert_int_equal(snap_of(engine, SP_ROLE_PUBLIC, &in).verdict, SP_TTL_EXCEEDED);
	slot->state = SP_SLOT_ENDED;
	assert_int_equal(snap_of(engine, SP_ROLE_PUBLIC, &in).verdict, SP_ENDED);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0, &in);
	assert_int_equal(snap_of(engine, SP_ROLE_BUILDS, &in).verdict, SP_RESET_VM);
}

static void test_a_deadline_passes_while_nobody_writes(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	unsigned long long forwarded = 0, after = 0;

	SP_STORE(slot->deadline_ns, xdp_engine_now_ns() + 200000000);
	while (xdp_engine_now_ns() < slot->deadline_ns)
		forwarded += run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict ==
			     SP_FORWARDED;
	for (int i = 0; i < 1000; i++)
		after += run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict !=
			 SP_EXPIRED;
	assert_true(forwarded > 0);
	assert_int_equal(after, 0);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_RESET_VM);
}

int main(void)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_a_hop_without_link_address_is_wanted),
		TEST(test_a_way_through_the_wrong_interface_is_no_route),
		TEST(test_a_packet_over_the_routes_mtu_is_answered),
		TEST(test_errors_are_limited_each_kind_by_itself),
		TEST(test_usage_counts_both_ways_and_begins_anew),
		TEST(test_without_a_socket_the_program_carries_or_drops_as_told),
		TEST(test_a_worker_with_a_fresh_beat_gets_the_packets),
		TEST(test_segments_that_open_or_close_are_noted),
		TEST(test_late_segments_are_noted_but_so_often),
		TEST(test_only_a_lease_being_captured_leaves_snaps),
		TEST(test_a_snap_is_the_headers_as_they_came_and_no_more),
		TEST(test_a_snap_of_an_icmp_error_ends_with_the_quoted_ports),
		TEST(test_a_snap_says_what_became_of_its_packet),
		TEST(test_a_deadline_passes_while_nobody_writes),
	};
#undef TEST
	int r = xdp_engine_start(&engine);

	if (r)
		return r;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	xdp_engine_close(&engine);
	return r;
}
