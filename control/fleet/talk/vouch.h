/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells sallyportd, again and again, whether this edge has what the store has: it is announced
 * then. */
#pragma once

#include <systemd/sd-event.h>

struct talk_local;
struct vouch;

#define TALK_VOUCH_TEXT_BYTES 256

struct talk_vouch_options {
	sd_event *event;
	const struct talk_local *local;
	const char *(*lack)(void *context); /* why it has not; NULL: it has */
	/* What routers are told of this edge now, and why not all; "": nothing to say. */
	void (*heard)(void *context, const char *state, const char *why);
	void *context;
};

/* Copies the options. Result: 0, -ENOMEM, or what sd-event says. */
int talk_vouch_open(const struct talk_vouch_options *options, struct vouch **ret_vouch);

/* NULL is allowed. */
void talk_vouch_close(struct vouch *vouch);
