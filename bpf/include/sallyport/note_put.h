/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Writing notes (notes.h): what is done with a TCP segment that opens or closes something. */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "decide.h"
#include "limit.h"
#include "notes.h"
#include "parse.h"
#include "table.h"
#include "wire.h"

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

/* Result: whether a note tells of a refusal, of which a few tell as much as all. */
SP_INLINE int sp_note_tells_refusal(__u8 kind)
{
	return kind == SP_NOTE_REFUSED || kind == SP_NOTE_SOURCE_LIMITED ||
	       kind == SP_NOTE_LEASE_LIMITED;
}

/*
 * The ring is everybody's: no lease may fill it with one kind of note, whoever sends the packets.
 * Counts the note that is about to be written, in words of this CPU's row of limits that leases
 * share as sources do (shield.h). Result: whether it may be written.
 */
SP_INLINE int sp_note_may(const struct sp_table *table, __u32 row, struct sp_ring_head *head,
			  __u32 slot_index, __u8 kind, __u64 now_ns)
{
	int lean = sp_ring_turn(head, now_ns) >= SP_NOTES / 2 || sp_note_tells_refusal(kind);
	__u64 limit = SP_LIMIT(SP_RING_WINDOW_SHIFT, lean ? SP_NOTES_SHARE_LEAN : SP_NOTES_SHARE);

	if (sp_limit_share(table, row, slot_index, kind, limit, now_ns))
		return 1;
	SP_STORE(head->withheld, head->withheld + 1);
	return 0;
}

/* What a note is about, as values alone: the XDP program hands them on. */
struct sp_note_about {
	__u32 slot_index;
	__u32 generation; /* of the slot */
	__u8 kind;	  /* enum sp_note_kind */
	__u8 direction;	  /* enum sp_direction */
};

/*
 * Writes one note about a packet into note, which is the record of the ring for number
 * head->written + 1. tcp lies wholly within the frame, or is NULL for UDP; NAT leaves its numbers
 * alone.
 */
SP_INLINE void sp_note_write(struct sp_ring_head *head, struct sp_note *note,
			     const struct sp_note_about *about, const struct sp_tcp *tcp,
			     const struct sp_packet *packet, __u64 now_ns)
{
	int toward_vm = about->direction == SP_TOWARD_VM;

	sp_ring_begin(&note->ring, now_ns);
	note->slot_index = about->slot_index;
	note->generation = about->generation;
	note->kind = about->kind;
	note->tcp_flags = packet->tcp_flags;
	note->direction = about->direction;
	note->client = toward_vm ? packet->tuple.from : packet->tuple.to;
	note->client_port_be = toward_vm ? packet->tuple.from_port_be : packet->tuple.to_port_be;
	note->seq = tcp ? SP_HOST32(tcp->seq_be) : 0;
	note->ack = tcp ? SP_HOST32(tcp->ack_be) : 0;
	note->payload_bytes = tcp ? packet->l3_len_bytes - (__u32)SP_L3_BYTES(packet->family) -
					      (tcp->data_offset >> 4) * 4u
				  : 0;
	sp_ring_end(head, &note->ring);
}
