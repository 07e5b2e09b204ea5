/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes this edge's sallyportd hold a build as a record of the store has it. */
#pragma once

#include <stdbool.h>

struct apply;
struct record;
struct talk_local;
struct transfer_end;

struct talk_apply_end {
	/* The last answer of sallyportd: of the change that was to be made, or of what refused it.
	 */
	const struct transfer_end *answer;
	bool made;     /* sallyportd holds what the record says */
	bool ended;    /* the build has ended here, though the record says that it is open */
	bool by_clock; /* of that: nobody asked for it */
	/* An earlier build of this id is in the way here, with other ports or VMs; open or not. */
	bool earlier, open;
};

/*
 * The record is copied. Result: 0 and an apply that lives until done() or talk_apply_cancel(); or
 * -ENOMEM.
 */
int talk_apply_start(const struct talk_local *local, const struct record *record,
		     void (*done)(void *context, const struct talk_apply_end *end), void *context,
		     struct apply **ret_apply);

/* NULL is allowed. */
void talk_apply_cancel(struct apply *apply);
