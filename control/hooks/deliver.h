/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving one event to every hook and to the webhook, each again until it acknowledges. */
#pragma once

#define HOOKS_WEBHOOK	   "webhook" /* what it is called among the hooks */
#define HOOKS_REASON_BYTES 256

struct notice;
struct options;
struct stop;

/*
 * Delivers to the hooks in order, then to the webhook. One that fails is tried again, after pauses
 * that double, before the next one's turn; it is logged each time. Result: 0 when all have
 * acknowledged, or -EINTR when asked to stop before that.
 */
int hooks_deliver(const struct options *options, const struct notice *notice,
		  const struct stop *stop);

/*
 * Delivers to one of them, once. Result: 0, -EINTR, or anything else and *ret_reason for "not
 * acknowledged".
 */
int hooks_deliver_once(const struct options *options, const struct notice *notice,
		       const struct stop *stop, const char *name,
		       char ret_reason[HOOKS_REASON_BYTES]);
