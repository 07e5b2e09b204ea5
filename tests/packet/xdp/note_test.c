// SPDX-License-Identifier: BSD-3-Clause
/* What the XDP program leaves about packets: notes of segments, and snaps of a captured lease. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "xdp/standard.h"

/* Result: the one note that a packet with these flags left, of no kind if it left none. */
static struct sp_note note_of(struct xdp_engine *engine, enum sp_direction direction, __u8 flags,
			      const char *client)
{
	struct frame in;

	make_packet(engine, TCP_LEASE, direction, client, 5, &in);
	in.bytes[34 + 4] = 0x12;
	in.bytes[34 + 13] = flags;
	return note_left(engine, role_of(direction), &in);
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
	assert_int_equal(snap_left(engine, SP_ROLE_PUBLIC, &in).ring.number, 0);
	slot->capture_until_s = next_second();
	assert_int_equal(snap_left(engine, SP_ROLE_PUBLIC, &in).ring.number, 1);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.9", 5, &in);
	assert_int_equal(snap_left(engine, SP_ROLE_BUILDS, &in).ring.number, 0);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 5, &in);
	assert_int_equal(snap_left(engine, SP_ROLE_BUILDS, &in).ring.number, 1);
	slot->capture_until_s = (__u32)(xdp_engine_now_ns() / 1000000000);
	assert_int_equal(snap_left(engine, SP_ROLE_BUILDS, &in).ring.number, 0);
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
	snap = snap_left(engine, SP_ROLE_PUBLIC, &in);
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
	snap = snap_left(engine, SP_ROLE_PUBLIC, &in);
	assert_int_equal(snap.kept_bytes, 94);
	assert_memory_equal(snap.data, in.bytes, 94);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0, &in);
	snap = snap_left(engine, SP_ROLE_BUILDS, &in);
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
	snap = snap_left(engine, SP_ROLE_BUILDS, &in);
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
	assert_int_equal(snap_left(engine, SP_ROLE_BUILDS, &stray).verdict, SP_NO_NEIGHBOUR);
	slot->allow_index = 1;
	assert_int_equal(snap_left(engine, SP_ROLE_PUBLIC, &in).verdict, SP_NOT_ALLOWED);
	slot->allow_index = 0;
	in.bytes[22] = 1;
	assert_int_equal(snap_left(engine, SP_ROLE_PUBLIC, &in).verdict, SP_TTL_EXCEEDED);
	slot->state = SP_SLOT_ENDED;
	assert_int_equal(snap_left(engine, SP_ROLE_PUBLIC, &in).verdict, SP_ENDED);
	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0, &in);
	assert_int_equal(snap_left(engine, SP_ROLE_BUILDS, &in).verdict, SP_RESET_VM);
}

int main(void)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_segments_that_open_or_close_are_noted),
		TEST(test_late_segments_are_noted_but_so_often),
		TEST(test_only_a_lease_being_captured_leaves_snaps),
		TEST(test_a_snap_is_the_headers_as_they_came_and_no_more),
		TEST(test_a_snap_of_an_icmp_error_ends_with_the_quoted_ports),
		TEST(test_a_snap_says_what_became_of_its_packet),
	};
#undef TEST

	return RUN_ON_ENGINE(tests, &engine);
}
