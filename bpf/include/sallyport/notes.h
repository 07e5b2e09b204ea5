/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What the engines tell sallyportd, and no packet waits for: that a connection opens or closes,
 * that a client was refused, that a next hop has no link-layer address. A ring a row (as counters),
 * each written by the row's owner alone and read by sallyportd; a writer never waits for the
 * reader, but overwrites. The maps are pinned, so what is written while sallyportd is away is read
 * when it is back, as far as the ring goes.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "decide.h"
#include "parse.h"
#include "table.h"
#include "wire.h"

#define SP_NOTES 2048u /* notes in a row's ring, a power of two */

enum sp_note_kind {
	SP_NOTE_NONE = 0,
	SP_NOTE_OPENS = 1,    /* SYN of a client, sent on to the VM */
	SP_NOTE_ACCEPTED = 2, /* SYN and ACK of the VM, sent on to the client */
	SP_NOTE_CLOSES = 3,   /* FIN, by direction */
	SP_NOTE_RESET = 4,    /* RST, by direction */
	SP_NOTE_REFUSED = 5,  /* SYN of a client who is not on the allow-list */
};

/*
 * notes[row * SP_NOTES + number % SP_NOTES]. number is stored last, and 0 first: a reader takes a
 * note whose number is the one it expects before and after it has copied the rest.
 */
struct sp_note {
	__u64 number; /* from 1, of this row */
	__u64 at_ns;
	struct sp_addr client;
	__u32 slot_index;
	__u32 generation; /* of the slot */
	__be16 client_port_be;
	__u8 kind;	/* enum sp_note_kind */
	__u8 direction; /* enum sp_direction */
	__u32 seq; /* of the segment: with those of the SYNs they tell how much went each way */
	__u32 ack;
	__u32 payload_bytes;
	__u64 reserved;
};

/* notes_heads[row]: how many notes the row has had. */
struct sp_notes_head {
	__u64 written;
	__u64 reserved[7];
};

_Static_assert(sizeof(struct sp_note) == 64, "a note is one cache line");
_Static_assert(sizeof(struct sp_notes_head) == 64, "a head is one cache line");

#define SP_PIN_NOTES	   "notes"
#define SP_PIN_NOTES_HEADS "notes_heads"

/* Result: the kind of note that a packet sent on is worth, mostly SP_NOTE_NONE. */
SP_INLINE __u8 sp_note_kind_of(const struct sp_packet *packet)
{
	if (!(packet->tcp_flags & (SP_TCP_SYN | SP_TCP_FIN | SP_TCP_RST)))
		return SP_NOTE_NONE;
	if (packet->tcp_flags & SP_TCP_RST)
		return SP_NOTE_RESET;
	if (packet->tcp_flags & SP_TCP_FIN)
		return SP_NOTE_CLOSES;
	return packet->tcp_flags & SP_TCP_ACK ? SP_NOTE_ACCEPTED : SP_NOTE_OPENS;
}

/*
 * Writes one note about a TCP segment into note, which is the record of the row's ring for number
 * head->written + 1 (sp_notes_at()). tcp lies wholly within the frame; NAT leaves its numbers
 * alone.
 */
SP_INLINE void sp_note_write(struct sp_notes_head *head, struct sp_note *note, __u8 kind,
			     const struct sp_tcp *tcp, const struct sp_packet *packet,
			     const struct sp_hit *hit, __u64 now_ns)
{
	int toward_vm = hit->direction == SP_TOWARD_VM;
	__u64 number = head->written + 1;

	SP_STORE(note->number, 0);
	__asm__ volatile("" ::: "memory");
	note->at_ns = now_ns;
	note->slot_index = hit->slot_index;
	note->generation = hit->slot->generation;
	note->kind = kind;
	note->direction = (__u8)hit->direction;
	note->client = toward_vm ? packet->tuple.from : packet->tuple.to;
	note->client_port_be = toward_vm ? packet->tuple.from_port_be : packet->tuple.to_port_be;
	note->seq = SP_HOST32(tcp->seq_be);
	note->ack = SP_HOST32(tcp->ack_be);
	note->payload_bytes = packet->l3_len_bytes - (__u32)SP_L3_BYTES(packet->family) -
			      (tcp->data_offset >> 4) * 4u;
	__asm__ volatile("" ::: "memory");
	SP_STORE(note->number, number);
	SP_STORE(head->written, number);
}

/* Result: the index, within the row's ring, of a note by its number. */
SP_INLINE __u32 sp_notes_at(__u64 number)
{
	return (__u32)(number & (SP_NOTES - 1));
}
