/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving one event to every hook and to the webhook, each again until it acknowledges. */
#pragma once

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
