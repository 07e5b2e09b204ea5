// SPDX-License-Identifier: BSD-3-Clause
/*
 * The one segment of a connection that shows that its client is who it says: the first that answers
 * the number the VM has chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "xdp/standard.h"

#define CLIENT_NUMBER 0xcb007132u /* CLIENT */
#define PORT	      50000
#define SYN	      0x02
#define SYN_ACK	      0x12
#define ACK	      0x10
#define PSH_ACK	      0x18
#define FIN_ACK	      0x11
#define VM_SEQ	      5000u
#define ANSWERED      (VM_SEQ + 1)
#define OTHERS	      10000

/* A segment of a connection through TCP_LEASE. */
struct segment {
	enum sp_direction direction;
	uint32_t client;
	uint16_t client_port;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	uint32_t payload_bytes;
};

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void make(const struct xdp_engine *engine, const struct segment *segment, struct frame *ret)
{
	const struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	int toward_vm = segment->direction == SP_TOWARD_VM;
	uint8_t *ip = ret->bytes + 14, *tcp = ip + 20, port[2];
	uint32_t total = 40 + segment->payload_bytes;

	memset(ret, 0, sizeof(*ret));
	ret->len_bytes = 14 + total;
	ret->bytes[12] = 0x08;
	ip[0] = 0x45;
	ip[2] = (uint8_t)(total >> 8);
	ip[3] = (uint8_t)total;
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + (toward_vm ? 12 : 16), segment->client);
	memcpy(ip + (toward_vm ? 16 : 12),
	       toward_vm ? &slot->public_addr.word_be[3] : &slot->vm_addr.word_be[3], 4);
	port[0] = (uint8_t)(segment->client_port >> 8);
	port[1] = (uint8_t)segment->client_port;
	memcpy(tcp + (toward_vm ? 0 : 2), port, 2);
	memcpy(tcp + (toward_vm ? 2 : 0), toward_vm ? &slot->public_port_be : &slot->vm_port_be, 2);
	put32(tcp + 4, segment->seq);
	put32(tcp + 8, segment->ack);
	tcp[12] = 0x50;
	tcp[13] = segment->flags;
}

/* Result: the note that a segment left, of no kind if it left none. */
static struct sp_note note_of(struct xdp_engine *engine, struct segment segment)
{
	struct frame in;

	make(engine, &segment, &in);
	return note_left(engine, role_of(segment.direction), &in);
}

static struct segment of_client(uint8_t flags, uint32_t ack)
{
	return (struct segment){SP_TOWARD_VM, CLIENT_NUMBER, PORT, flags, 1001, ack, 0};
}

static struct segment of_vm(uint32_t client, uint32_t seq)
{
	return (struct segment){SP_TOWARD_CLIENT, client, PORT, SYN_ACK, seq, 1001, 0};
}

static void test_who_answers_the_vm_is_noted_once(void **state)
{
	static const uint8_t flags[] = {ACK, PSH_ACK};
	struct xdp_engine *engine = *state;

	for (unsigned int i = 0; i < 2; i++) {
		struct segment answer = of_client(flags[i], ANSWERED + i);
		struct sp_note note;

		answer.payload_bytes = 21 * i;
		assert_int_equal(note_of(engine, of_vm(CLIENT_NUMBER, VM_SEQ + i)).kind,
				 SP_NOTE_ACCEPTED);
		note = note_of(engine, answer);
		assert_int_equal(note.kind, SP_NOTE_ESTABLISHED);
		assert_int_equal(note.direction, SP_TOWARD_VM);
		assert_int_equal(note.seq, 1001);
		assert_int_equal(note.ack, ANSWERED + i);
		assert_int_equal(note.payload_bytes, 21 * i);
		assert_int_equal(note_of(engine, answer).kind, SP_NOTE_NONE);
	}
}

/* Who claims to be somebody else never sees the number. */
static void test_who_guesses_the_number_is_not_noted(void **state)
{
	struct xdp_engine *engine = *state;
	struct segment other = of_client(ACK, ANSWERED);

	note_of(engine, of_vm(CLIENT_NUMBER, VM_SEQ));
	assert_int_equal(note_of(engine, of_client(ACK, ANSWERED + 1)).kind, SP_NOTE_NONE);
	assert_int_equal(note_of(engine, of_client(ACK, VM_SEQ)).kind, SP_NOTE_NONE);
	other.client++;
	assert_int_equal(note_of(engine, other).kind, SP_NOTE_NONE);
	other = of_client(ACK, ANSWERED);
	other.client_port++;
	assert_int_equal(note_of(engine, other).kind, SP_NOTE_NONE);
	assert_int_equal(note_of(engine, of_client(ACK, ANSWERED)).kind, SP_NOTE_ESTABLISHED);
}

static void test_what_is_noted_otherwise_stays_so(void **state)
{
	struct xdp_engine *engine = *state;

	note_of(engine, of_vm(CLIENT_NUMBER, VM_SEQ));
	assert_int_equal(note_of(engine, of_client(SYN, 0)).kind, SP_NOTE_OPENS);
	assert_int_equal(note_of(engine, of_client(FIN_ACK, ANSWERED)).kind, SP_NOTE_CLOSES);
	assert_int_equal(note_of(engine, of_client(ACK, ANSWERED)).kind, SP_NOTE_ESTABLISHED);
}

/* A flood that the VM answers pushes nobody out who answers in time. */
static void test_who_answers_among_thousands_is_noted(void **state)
{
	struct xdp_engine *engine = *state;

	note_of(engine, of_vm(CLIENT_NUMBER, VM_SEQ));
	for (uint32_t i = 0; i < OTHERS; i++)
		note_of(engine, of_vm(CLIENT_NUMBER + 1 + i, VM_SEQ + i));
	assert_int_equal(note_of(engine, of_client(ACK, ANSWERED)).kind, SP_NOTE_ESTABLISHED);
}

int main(void)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_who_answers_the_vm_is_noted_once),
		TEST(test_who_guesses_the_number_is_not_noted),
		TEST(test_what_is_noted_otherwise_stays_so),
		TEST(test_who_answers_among_thousands_is_noted),
	};

	return RUN_ON_ENGINE(tests, &engine);
}
