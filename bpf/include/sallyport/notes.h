/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What the XDP program tells sallyportd, and no packet waits for: that a connection opens or
 * closes, or that a client was refused. It sees every packet, whichever engine carries it then.
 */
#pragma once

#include <linux/types.h>

#include "ring.h"
#include "table.h"

#define SP_NOTES      4096u	     /* notes in the ring of a CPU, a power of two */
#define SP_NOTES_LATE (SP_NOTES / 8) /* of SP_NOTE_LATE in a window of sp_ring_may() */

/*
 * How many notes of one kind a lease may have in such a window; and how many once the ring has been
 * half written in it, so that those of all others find room before sallyportd reads again.
 */
#define SP_NOTES_SHARE	    256u
#define SP_NOTES_SHARE_LEAN 16u

enum sp_note_kind {
	SP_NOTE_NONE = 0,
	SP_NOTE_OPENS = 1,    /* SYN of a client, sent on to the VM */
	SP_NOTE_ACCEPTED = 2, /* SYN and ACK of the VM, sent on to the client */
	SP_NOTE_CLOSES = 3,   /* FIN, by direction */
	SP_NOTE_RESET = 4,    /* RST, by direction */
	SP_NOTE_REFUSED = 5,  /* SYN of a client who is not on the allow-list */
	SP_NOTE_LATE = 6,     /* a VM's segment after the end of the lease, answered by a reset */
	SP_NOTE_SOURCE_LIMITED = 7, /* refused: more than limits.syn_per_source */
	SP_NOTE_LEASE_LIMITED = 8,  /* refused: more than limits.syn_per_lease */
	SP_NOTE_ESTABLISHED = 9,    /* a client's first segment that answers the VM's SYN and ACK */
};

struct sp_note {
	struct sp_ring_record ring;
	struct sp_addr client;
	__u32 slot_index;
	__u32 generation; /* of the lease */
	__be16 client_port_be;
	__u8 kind;	/* enum sp_note_kind */
	__u8 direction; /* enum sp_direction */
	__u32 seq; /* of the segment: with those of the SYNs they tell how much went each way */
	__u32 ack;
	__u32 payload_bytes;
	__u8 tcp_flags; /* of the segment: ack counts only with SP_TCP_ACK */
	__u8 reserved[7];
};

_Static_assert(sizeof(struct sp_note) == 64, "a note is one cache line");

#define SP_PIN_NOTES	   "notes"
#define SP_PIN_NOTES_HEADS "notes_heads"
