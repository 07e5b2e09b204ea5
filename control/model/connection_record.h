/* SPDX-License-Identifier: BSD-3-Clause */
/* One TCP connection through a lease: what is known, shown and journaled of it. */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

enum connection_end {
	CONNECTION_OPEN,
	CONNECTION_CLOSED_BY_CLIENT, /* who sent the first FIN */
	CONNECTION_CLOSED_BY_VM,
	CONNECTION_RESET_BY_CLIENT,
	CONNECTION_RESET_BY_VM,
	CONNECTION_UNANSWERED,	/* the VM did not accept it in time */
	CONNECTION_UNCONFIRMED, /* the client did not answer the VM in time */
	CONNECTION_CUT,		/* its lease ended */
};

struct connection {
	uint32_t slot_index;
	uint32_t generation; /* of the slot */
	struct sp_addr client;
	uint16_t client_port;
	uint64_t opened_ns;
	uint64_t accepted_ns;	 /* by the VM; 0: not yet */
	uint64_t established_ns; /* by the answer of the client to that; 0: not yet */
	uint64_t ended_ns;
	uint64_t bytes[2];   /* by enum sp_direction, of payload, modulo 4 GiB */
	uint8_t counted;     /* of which directions bytes are known: bits, by enum sp_direction */
	uint32_t syn_seq[2]; /* by enum sp_direction */
	uint8_t fins;	     /* bits, by enum sp_direction */
	enum connection_end end;
	const char *at_edge; /* where the end was seen; NULL: here. Its owner is the user */
	uint64_t number;     /* free for the user: of its record in the journal */
};

/* Result: how records spell it. */
const char *model_connection_record_end_name(enum connection_end end);

/* Puts back what a record says of one that is open: the FIN of one end, by the record's words. */
void model_connection_record_set_closing(struct connection *connection, const char *closed_by);
