/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of attempts to connect that came to nothing, for diagnose. Anybody can make them, in
 * anybody's name, so they are kept in a table of fixed size and nowhere else: a later one may take
 * the place of an earlier one, and none outlives sallyportd.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/connection_record.h"
#include "watch/connections.h"

struct attempts;

struct attempts *watch_attempts_new(void); /* NULL without memory */
void watch_attempts_free(struct attempts *attempts);

/* Takes a change of a connection; those of one that was established say that it was. */
void watch_attempts_note(struct attempts *attempts, const struct connection *connection,
			 enum connection_change change);

/* Of one client at one lease, or of a lease: the latest. */
struct attempt {
	uint32_t slot_index;
	uint32_t generation;
	struct sp_addr client;
	uint64_t seen;	    /* in this place, one after the other */
	uint64_t nr;	    /* of these, how many came to nothing */
	uint64_t first_ns;  /* when the first of these opened */
	uint64_t opened_ns; /* the latest, and so what follows */
	bool accepted;
	bool established;
	enum connection_end end;
};

/* client NULL: of the lease, from anywhere. Result: whether one is remembered. */
bool watch_attempts_find(const struct attempts *attempts, uint32_t slot_index, uint32_t generation,
			 const struct sp_addr *client, struct attempt *ret_attempt);
