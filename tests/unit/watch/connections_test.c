/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

#define SLOT	   40000
#define GENERATION 7
#define CLIENT	   "203.0.113.9"
#define PORT	   50000
#define START_NS   (100 * SECOND)

/* What the visitor was told, and the last connection as it was then. */
struct told {
	struct connections *connections;
	unsigned int nr[CONNECTION_COUNTED + 1];
	struct connection last;
	enum connection_end ends[8];
	unsigned int nr_ends;
};

static void on_change(struct connection *connection, enum connection_change change, void *context)
{
	struct told *told = context;

	told->nr[change]++;
	told->last = *connection;
	if (change == CONNECTION_OPENED)
		connection->number = 77;
	if (change == CONNECTION_ENDED && told->nr_ends < 8)
		told->ends[told->nr_ends++] = connection->end;
}

static void begin(struct told *told)
{
	*told = (struct told){.connections = watch_connections_new()};
	assert_non_null(told->connections);
}

static void finish(struct told *told)
{
	watch_connections_free(told->connections);
}

static struct sp_note note_of(enum sp_note_kind kind, enum sp_direction direction, uint32_t seq)
{
	return (struct sp_note){
		.kind = kind,
		.direction = direction,
		.seq = seq,
		.ring.at_ns = START_NS,
		.slot_index = SLOT,
		.generation = GENERATION,
		.client = world_addr(CLIENT),
		.client_port_be = SP_BE16(PORT),
	};
}

static void tell(struct told *told, struct sp_note note)
{
	watch_connections_note(told->connections, &note, on_change, told);
}

static void tell_kind(struct told *told, enum sp_note_kind kind, enum sp_direction direction,
		      uint32_t seq)
{
	tell(told, note_of(kind, direction, seq));
}

/* The VM's SYN-ACK, and the client's answer to it. */
static struct sp_note accepted(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_ACCEPTED, SP_TOWARD_CLIENT, seq);

	note.ack = ack;
	note.tcp_flags = SP_TCP_SYN | SP_TCP_ACK;
	return note;
}

static struct sp_note answer(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_ESTABLISHED, SP_TOWARD_VM, seq);

	note.ack = ack;
	note.tcp_flags = SP_TCP_ACK;
	return note;
}

/* SYN 1000, SYN-ACK 5000, ACK. */
static void establish(struct told *told)
{
	tell_kind(told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell(told, accepted(5000, 1001));
	tell(told, answer(1001, 5001));
}

static unsigned int open_now(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.open;
}

static unsigned int half_open_now(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.half_open;
}

static uint64_t left_out(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.left_out;
}

static void test_note_when_opened_and_closed_by_client_then_whole_record(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 1);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	assert_int_equal(half_open_now(&told), 0);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 300);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(told.nr[CONNECTION_CLOSING], 1);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001 + 9000);
	assert_int_equal(told.nr[CONNECTION_CLOSING], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_CLIENT);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	assert_int_equal(told.last.counted, 3);
	assert_int_equal(told.last.number, 77);
	assert_int_equal(told.last.client_port, PORT);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

static void test_note_when_fin_carries_data_then_counted(void **state)
{
	struct sp_note note = note_of(SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001 + 10);
	struct told told;

	begin(&told);
	establish(&told);
	note.payload_bytes = 32;
	tell(&told, note);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_VM);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 42);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 0);
	finish(&told);
}

static void test_note_when_fin_is_sent_again_then_not_ended_by_it(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

static void test_note_when_numbers_wrap_then_bytes_right(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 0xfffffff0);
	tell(&told, accepted(0xffffffff, 0xfffffff1));
	tell(&told, answer(0xfffffff1, 0));
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 0x0f);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 0x7fffffff);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 0x1e);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 0x7fffffff);
	finish(&told);
}

static void test_note_when_reset_then_by_whom_and_how_much(void **state)
{
	static const struct {
		enum sp_direction direction;
		enum connection_end end;
		uint32_t seq;
	} cases[] = {
		{SP_TOWARD_VM, CONNECTION_RESET_BY_CLIENT, 1001 + 55},
		{SP_TOWARD_CLIENT, CONNECTION_RESET_BY_VM, 5001 + 55},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told;

		begin(&told);
		establish(&told);
		tell_kind(&told, SP_NOTE_RESET, cases[i].direction, cases[i].seq);
		assert_int_equal(told.nr[CONNECTION_ENDED], 1);
		assert_int_equal(told.last.end, cases[i].end);
		assert_int_equal(told.last.bytes[cases[i].direction], 55);
		assert_int_equal(told.last.counted, 1u << cases[i].direction);
		finish(&told);
	}
}

/* What a reset acknowledges went the other way; without the flag the number means nothing. */
static void test_note_when_reset_acknowledges_then_both_ways_counted(void **state)
{
	static const struct {
		uint8_t tcp_flags;
		uint8_t counted;
	} cases[] = {
		{SP_TCP_RST | SP_TCP_ACK, 3},
		{SP_TCP_RST, 1u << SP_TOWARD_VM},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_note note = note_of(SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 55);
		struct told told;

		begin(&told);
		establish(&told);
		note.tcp_flags = cases[i].tcp_flags;
		note.ack = 5001 + 700;
		tell(&told, note);
		assert_int_equal(told.last.counted, cases[i].counted);
		assert_int_equal(told.last.bytes[SP_TOWARD_VM], 55);
		assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT],
				 cases[i].counted == 3 ? 700 : 0);
		finish(&told);
	}
}

/* The number after a FIN is that of no byte. */
static void test_note_when_reset_after_a_fin_then_its_bytes_stay(void **state)
{
	struct sp_note note = note_of(SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001 + 30);
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 8);
	note.tcp_flags = SP_TCP_RST | SP_TCP_ACK;
	note.ack = 1001 + 8 + 1;
	tell(&told, note);
	assert_int_equal(told.last.end, CONNECTION_RESET_BY_VM);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 8);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 30);
	finish(&told);
}

/* A refused connect: the VM's reset has no number of its own. */
static void test_note_when_reset_before_accepted_then_no_bytes(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 0);
	assert_int_equal(told.last.end, CONNECTION_RESET_BY_VM);
	assert_int_equal(told.last.counted, 0);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 0);
	finish(&told);
}

static void test_note_when_syn_is_sent_again_then_one_connection(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell(&told, accepted(5000, 1001));
	tell(&told, accepted(5000, 1001));
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 1);
	assert_int_equal(half_open_now(&told), 1);
	tell(&told, answer(1001, 5001));
	tell(&told, answer(1001, 5001));
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

static void test_note_when_port_is_used_anew_then_the_old_one_ends(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 900000); /* anybody's, as far as is known */
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	tell(&told, accepted(7000, 900001));
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.ends[0], CONNECTION_RESET_BY_CLIENT);
	assert_int_equal(told.nr[CONNECTION_OPENED], 2);
	assert_int_equal(half_open_now(&told), 1);
	tell(&told, answer(900001, 7001));
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

/* Its last FIN was not seen, but one was: nobody reset it. */
static void test_note_when_port_of_a_closing_one_is_used_anew_then_closed(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001);
	tell(&told, accepted(7000, 900001));
	assert_int_equal(told.ends[0], CONNECTION_CLOSED_BY_VM);
	assert_int_equal(told.nr[CONNECTION_OPENED], 2);
	finish(&told);
}

static void test_note_when_nothing_opened_then_ignored(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED] + told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

/* Each of what a connection is known by makes another of it. */
static void test_note_when_port_client_slot_or_generation_differs_then_another(void **state)
{
	struct sp_note note = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct told told;

	begin(&told);
	tell(&told, note);
	note.client_port_be = SP_BE16(PORT + 1);
	tell(&told, note);
	note.client = world_addr("203.0.113.10");
	tell(&told, note);
	note.slot_index = SLOT + 4096; /* of the same chain */
	tell(&told, note);
	note.generation++;
	tell(&told, note);
	assert_int_equal(told.nr[CONNECTION_OPENED], 5);
	assert_int_equal(half_open_now(&told), 5);
	finish(&told);
}

static void test_note_when_lease_is_full_then_left_out_and_others_not(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	for (unsigned int i = 0; i < CONNECTIONS_PER_LEASE + 3; i++) {
		note.client_port_be = SP_BE16(1024 + i);
		tell(&told, note);
	}
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE);
	assert_int_equal(left_out(&told), 3);
	note.slot_index++;
	tell(&told, note);
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE + 1);
	note = note_of(SP_NOTE_RESET, SP_TOWARD_VM, 1001);
	note.client_port_be = SP_BE16(1024);
	tell(&told, note);
	establish(&told);
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE + 1);
	assert_int_equal(left_out(&told), 3);
	finish(&told);
}

#define FLOOD 100000

/* SYNs in the names of so many others, which the VM accepts. */
static void flood(struct told *told)
{
	struct sp_note syn = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct sp_note syn_ack = accepted(5000, 1001);

	for (unsigned int i = 0; i < FLOOD; i++) {
		syn.client.word_be[3] = syn_ack.client.word_be[3] = SP_BE32(0x0a000000 + i);
		syn.ring.at_ns = syn_ack.ring.at_ns = START_NS + i;
		tell(told, syn);
		tell(told, syn_ack);
	}
}

static void test_note_when_flooded_then_nobody_connected_and_who_does_is_kept(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	flood(&told);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	assert_int_equal(half_open_now(&told), CONNECTIONS_HALF_OPEN_PER_LEASE);
	assert_int_equal(told.ends[0], CONNECTION_UNCONFIRMED);
	for (uint16_t i = 1; i <= 10; i++) {
		struct sp_note note = answer(1001, 5001);

		note.client_port_be = SP_BE16(PORT + i);
		tell(&told, note);
		assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1 + i);
		assert_int_equal(told.last.client_port, PORT + i);
		assert_int_equal(told.last.syn_seq[SP_TOWARD_VM], 1000);
		assert_int_equal(told.last.syn_seq[SP_TOWARD_CLIENT], 5000);
	}
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 40);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 40);
	finish(&told);
}

/* All leases together: what is half open longest gives way, whose ever it is. */
static void test_note_when_all_leases_are_flooded_then_the_oldest_give_way(void **state)
{
	struct sp_note note = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct told told;

	begin(&told);
	for (unsigned int i = 0; i < 2 * CONNECTIONS_HALF_OPEN_MAX; i++) {
		note.slot_index = i;
		tell(&told, note);
	}
	assert_int_equal(half_open_now(&told), CONNECTIONS_HALF_OPEN_MAX);
	note = answer(1001, 5001);
	for (unsigned int i = 0; i < CONNECTIONS_MAX + 5; i++) {
		note.slot_index = i / CONNECTIONS_PER_LEASE;
		note.client_port_be = SP_BE16(1024 + i % CONNECTIONS_PER_LEASE);
		tell(&told, note);
	}
	assert_int_equal(open_now(&told), CONNECTIONS_MAX);
	assert_int_equal(left_out(&told), 5);
	finish(&told);
}

/* The note of the answer was lost. A VM that closes, or a client that says what it got, shows it.
 */
static void test_note_when_a_fin_shows_it_then_established(void **state)
{
	static const struct {
		enum sp_direction direction;
		uint32_t ack;
		unsigned int established;
	} cases[] = {
		{SP_TOWARD_CLIENT, 1001, 1},
		{SP_TOWARD_VM, 5001, 1},
		{SP_TOWARD_VM, 5002, 0}, /* a guess */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_note fin = note_of(SP_NOTE_CLOSES, cases[i].direction,
					     cases[i].direction == SP_TOWARD_VM ? 1001 : 5001);
		struct told told;

		begin(&told);
		tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
		tell(&told, accepted(5000, 1001));
		fin.tcp_flags = SP_TCP_FIN | SP_TCP_ACK;
		fin.ack = cases[i].ack;
		tell(&told, fin);
		assert_int_equal(told.nr[CONNECTION_ESTABLISHED], cases[i].established);
		assert_int_equal(told.nr[CONNECTION_CLOSING], cases[i].established);
		finish(&told);
	}
}

/* The VM gives up, and so does this. */
static void test_expire_when_never_confirmed_then_ended_on_time(void **state)
{
	struct sp_note syn_ack = accepted(5000, 1001);
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	syn_ack.ring.at_ns += SECOND;
	tell(&told, syn_ack);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS, on_change,
				 &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + SECOND + CONNECTIONS_UNANSWERED_NS,
				 on_change, &told);
	assert_int_equal(told.last.end, CONNECTION_UNCONFIRMED);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

static void test_expire_when_never_answered_then_ended_on_time(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS - 1,
				 on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS, on_change,
				 &told);
	assert_int_equal(told.last.end, CONNECTION_UNANSWERED);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

/* The notes are read after the clock: what they tell of may be younger than "now". */
static void test_expire_when_noted_after_now_then_kept(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	watch_connections_expire(told.connections, START_NS - 1, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	watch_connections_expire(told.connections, START_NS - 1, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

static void test_expire_when_half_closed_then_ended_as_closed(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	watch_connections_expire(told.connections, START_NS + 24 * HOUR, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_HALF_NS - 1, on_change,
				 &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_HALF_NS, on_change,
				 &told);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_VM);
	finish(&told);
}

static void test_cut_when_called_then_only_that_lease(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	tell(&told, note);
	note.client_port_be++;
	tell(&told, note);
	note.slot_index = SLOT + 4096;
	tell(&told, note);
	note.slot_index = SLOT;
	note.generation++;
	tell(&told, note);
	watch_connections_each(told.connections, SLOT, GENERATION, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_UNCHANGED], 2);
	watch_connections_cut(told.connections, SLOT, GENERATION, START_NS + 5, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 2);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	assert_int_equal(told.last.ended_ns, START_NS + 5);
	assert_int_equal(open_now(&told), 2);
	finish(&told);
}

static void test_restore_when_known_then_goes_on(void **state)
{
	struct connection connection = {
		.slot_index = SLOT,
		.generation = GENERATION,
		.client = world_addr(CLIENT),
		.client_port = PORT,
		.opened_ns = START_NS,
		.accepted_ns = START_NS,
		.established_ns = START_NS,
		.syn_seq = {[SP_TOWARD_VM] = 1000, [SP_TOWARD_CLIENT] = 5000},
		.number = 12,
	};
	struct told told;

	begin(&told);
	assert_true(watch_connections_restore(told.connections, &connection));
	assert_int_equal(open_now(&told), 1);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 7);
	assert_int_equal(told.last.number, 12);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 7);
	finish(&told);
}

static void test_end_name_when_any_then_one_of_its_own(void **state)
{
	for (unsigned int i = 0; i <= CONNECTION_CUT; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(
				model_connection_record_end_name((enum connection_end)i),
				model_connection_record_end_name((enum connection_end)j));
}

/* Result: a note of the VM's first segment after the end of the lease. */
static struct sp_note late_note(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_LATE, SP_TOWARD_CLIENT, seq);

	note.payload_bytes = 50; /* turned away with it */
	note.ack = ack;
	note.tcp_flags = SP_TCP_ACK;
	return note;
}

static void cut(struct told *told)
{
	watch_connections_cut(told->connections, SLOT, GENERATION, START_NS + 5, on_change, told);
}

static void test_cut_when_the_vm_answers_then_counted(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.counted, 0);
	assert_int_equal(open_now(&told), 0);
	watch_connections_each(told.connections, SLOT, GENERATION, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_UNCHANGED], 0);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	assert_int_equal(told.last.ended_ns, START_NS + 5);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	assert_int_equal(told.last.counted, 3);
	tell(&told, late_note(5001 + 9999, 1001 + 999));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

/* A deadline passes in the engines before its turn comes here. */
static void test_cut_when_the_vm_was_turned_away_before_then_counted_at_once(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(open_now(&told), 1);
	cut(&told);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	finish(&told);
}

/* Half closed: what the FIN said stays. */
static void test_cut_when_half_closed_then_the_other_half_is_counted(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 300);
	cut(&told);
	tell(&told, late_note(5001 + 9000, 1001 + 301));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	finish(&told);
}

/* A SYN-ACK sent again, and a keep-alive probe where nothing was sent, tell nothing of bytes. */
static void test_cut_when_the_vm_sends_what_was_before_then_unknown(void **state)
{
	struct sp_note note = late_note(5000, 1001 + 300);
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	note.tcp_flags |= SP_TCP_SYN;
	tell(&told, note);
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	tell(&told, late_note(5000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	tell(&told, late_note(5001 + 7, 1001 + 300));
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 7);
	finish(&told);
}

static bool is_of_port(const struct connection *connection, void *context)
{
	return connection->client_port == PORT;
}

static void test_cut_if_when_some_are_over_then_those(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	establish(&told);
	note.client_port_be++;
	tell(&told, note);
	watch_connections_cut_if(told.connections, is_of_port, START_NS + 5, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.client_port, PORT);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	watch_connections_cut_if(told.connections, is_of_port, START_NS + 6, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

static void test_cut_when_the_vm_is_silent_then_forgotten_in_time(void **state)
{
	uint64_t due_ns = START_NS + 5 + CONNECTIONS_LATE_NS;
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	watch_connections_expire(told.connections, due_ns - 1, on_change, &told);
	watch_connections_expire(told.connections, due_ns, on_change, &told);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_when_opened_and_closed_by_client_then_whole_record),
		cmocka_unit_test(test_note_when_fin_carries_data_then_counted),
		cmocka_unit_test(test_note_when_fin_is_sent_again_then_not_ended_by_it),
		cmocka_unit_test(test_note_when_numbers_wrap_then_bytes_right),
		cmocka_unit_test(test_note_when_reset_then_by_whom_and_how_much),
		cmocka_unit_test(test_note_when_reset_acknowledges_then_both_ways_counted),
		cmocka_unit_test(test_note_when_reset_after_a_fin_then_its_bytes_stay),
		cmocka_unit_test(test_note_when_reset_before_accepted_then_no_bytes),
		cmocka_unit_test(test_note_when_syn_is_sent_again_then_one_connection),
		cmocka_unit_test(test_note_when_port_is_used_anew_then_the_old_one_ends),
		cmocka_unit_test(test_note_when_port_of_a_closing_one_is_used_anew_then_closed),
		cmocka_unit_test(test_note_when_nothing_opened_then_ignored),
		cmocka_unit_test(
			test_note_when_port_client_slot_or_generation_differs_then_another),
		cmocka_unit_test(test_note_when_lease_is_full_then_left_out_and_others_not),
		cmocka_unit_test(test_note_when_flooded_then_nobody_connected_and_who_does_is_kept),
		cmocka_unit_test(test_note_when_all_leases_are_flooded_then_the_oldest_give_way),
		cmocka_unit_test(test_note_when_a_fin_shows_it_then_established),
		cmocka_unit_test(test_expire_when_never_confirmed_then_ended_on_time),
		cmocka_unit_test(test_expire_when_never_answered_then_ended_on_time),
		cmocka_unit_test(test_expire_when_noted_after_now_then_kept),
		cmocka_unit_test(test_expire_when_half_closed_then_ended_as_closed),
		cmocka_unit_test(test_cut_when_called_then_only_that_lease),
		cmocka_unit_test(test_cut_when_the_vm_answers_then_counted),
		cmocka_unit_test(test_cut_when_the_vm_was_turned_away_before_then_counted_at_once),
		cmocka_unit_test(test_cut_when_half_closed_then_the_other_half_is_counted),
		cmocka_unit_test(test_cut_when_the_vm_sends_what_was_before_then_unknown),
		cmocka_unit_test(test_cut_if_when_some_are_over_then_those),
		cmocka_unit_test(test_cut_when_the_vm_is_silent_then_forgotten_in_time),
		cmocka_unit_test(test_restore_when_known_then_goes_on),
		cmocka_unit_test(test_end_name_when_any_then_one_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
