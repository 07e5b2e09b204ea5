/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that change something, and those that read the journal, take turns: one after the other, in
 * the order they came, between other things of the event loop. PUTs that wait together share a
 * commit. A call that takes long goes on bit by bit; other calls than these are answered meanwhile.
 */
#pragma once

#include <systemd/sd-event.h>

struct api_call;
struct edge;
struct api_turns;

/* Result: 0 and *ret_turns to be closed, or -ENOMEM. */
int call_turns_open(sd_event *event, struct edge *edge, struct api_turns **ret_turns);

/* Forgets those that wait and gives up what is under way. NULL is allowed. */
void call_turns_close(struct api_turns *turns);

/* Has the call handled when its turn comes. It is copied; on failure the caller's. Result: 0 or
 * -ENOMEM. */
int call_turns_add(struct api_turns *turns, const struct api_call *call);

/* What a call that takes long does in each of its turns. */
struct api_work {
	/* Result: -EAGAIN to be called again, -EINPROGRESS once the journal's thread has a result;
	 * else it has answered. */
	int (*step)(void *context);
	void (*free)(void *context);
	void *context;
};

/* For a handler: the call whose turn it is goes on with this. */
void call_turns_go_on(struct api_turns *turns, const struct api_work *work);

/* Result: how many calls are not answered yet. */
unsigned int call_turns_waiting(const struct api_turns *turns);
