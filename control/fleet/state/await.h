/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for edges until they are as far as a revision of the store. */
#pragma once

/* As a name: edges that this one does not know of. */
#define AWAIT_ANY "*"

#include <stdint.h>

struct fleet;
struct roll_wait;

/*
 * Calls done() once each other edge has removed what had ended up to this revision, or gets no
 * packets any more, or fleet.fence_after has passed: with the names of those that have not removed
 * it, NULL if all have. Result: 0 and a wait that lives until done() or state_await_cancel(),
 * -ENOMEM or what sd-event says.
 */
int state_await_begin(struct fleet *fleet, int64_t revision,
		      void (*done)(void *context, const char *unconfirmed), void *context,
		      struct roll_wait **ret_wait);

/* The same of this edge: until it has made everything up to this revision; "" if it has not within
 * the time. */
int state_await_here(struct fleet *fleet, int64_t revision,
		     void (*done)(void *context, const char *unconfirmed), void *context,
		     struct roll_wait **ret_wait);

/* Result: what had ended up to this revision has been removed by all others that get packets. */
int64_t state_await_floor(const struct fleet *fleet);

/* NULL is allowed. */
void state_await_cancel(struct roll_wait *wait);

/* Result: the names of all other edges, to be freed; NULL: there are none, or no memory. */
char *state_await_others(const struct fleet *fleet);

/* Something was heard of an edge, or this one has gone on. */
void state_await_look(struct fleet *fleet);
