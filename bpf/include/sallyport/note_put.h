/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Writing notes (notes.h): what is done with a TCP segment that opens or closes something. */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "decide.h"
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

/*
 * Writes one note about a TCP segment into note, which is the record of the ring for number
 * head->written + 1. tcp lies wholly within the frame; NAT leaves its numbers alone.
 */
SP_INLINE void sp_note_write(struct sp_ring_head *head, struct sp_note *note, __u8 kind,
			     const struct sp_tcp *tcp, const struct sp_packet *packet,
			     const struct sp_hit *hit, __u64 now_ns)
{
	int toward_vm = hit->direction == SP_TOWARD_VM;

	sp_ring_begin(&note->ring, now_ns);
	note->slot_index = hit->slot_index;
	note->generation = hit->slot->generation;
	note->kind = kind;
	note->tcp_flags = packet->tcp_flags;
	note->direction = (__u8)hit->direction;
	note->client = toward_vm ? packet->tuple.from : packet->tuple.to;
	note->client_port_be = toward_vm ? packet->tuple.from_port_be : packet->tuple.to_port_be;
	note->seq = SP_HOST32(tcp->seq_be);
	note->ack = SP_HOST32(tcp->ack_be);
	note->payload_bytes = packet->l3_len_bytes - (__u32)SP_L3_BYTES(packet->family) -
			      (tcp->data_offset >> 4) * 4u;
	sp_ring_end(head, &note->ring);
}
