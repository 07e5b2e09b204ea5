/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * On a port that no XDP program sees: which packets it is to see all the same, since sallyportd
 * hears of them by it (notes.h, snaps.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>
#include <sallyport/openings.h>
#include <sallyport/parse.h>
#include <sallyport/snap_put.h>
#include <sallyport/wire.h>

#include "worker.h"

#define NOTE_FLAGS (SP_TCP_SYN | SP_TCP_FIN | SP_TCP_RST)

/*
 * Result: whether a client's segment acknowledges a VM's SYN-ACK, of which the XDP program keeps
 * the number until it has seen that.
 */
static inline bool note_answers(const struct worker *worker, const struct sp_packet *packet,
				const struct sp_hit *hit, uint32_t ack)
{
	uint64_t hash = sp_opening_hash(hit->slot_index, &packet->tuple.from,
					packet->tuple.from_port_be, worker->table.hash_seed);
	const struct sp_opening *line = &worker->openings[sp_opening_of_hash(hash)];

	for (uint32_t i = 0; i < SP_OPENING_ENTRIES; i++)
		if (SP_LOAD(line->entry[i]) == sp_opening_entry(hash, ack))
			return true;
	return false;
}

/* Result: whether answers are waited for at that lease: for a moment after a SYN-ACK of it. */
static inline bool note_waits(const struct worker *worker, const struct sp_hit *hit,
			      uint64_t now_ns)
{
	const struct sp_opening *of_slot;

	if (!worker->openings)
		return false;
	of_slot = &worker->openings[sp_opening_of_slot(hit->slot_index)];
	return now_ns < SP_LOAD(of_slot->answered_ns) + SP_OPENING_NS;
}

/* Result: whether a frame that is to be sent on is one of those. Its slot is in the cache. */
static inline bool note_wanted(const struct worker *worker, const char *frame,
			       const struct sp_packet *packet, const struct sp_hit *hit,
			       uint64_t now_ns)
{
	const struct sp_tcp *tcp = (const void *)(frame + SP_L4_OFFSET(packet->family));

	if (unlikely((packet->tcp_flags & NOTE_FLAGS) || sp_snap_marked(hit, SP_FORWARDED)))
		return true;
	return hit->direction == SP_TOWARD_VM && (packet->tcp_flags & SP_TCP_ACK) &&
	       unlikely(note_waits(worker, hit, now_ns)) &&
	       note_answers(worker, packet, hit, SP_HOST32(tcp->ack_be));
}
