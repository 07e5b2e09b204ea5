/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells sallyportd, again and again, whether this edge has what the store has: it is announced
 * then. */
#pragma once

struct fleet;
struct vouch;

/* Result: 0, -ENOMEM, or what sd-event says. */
int fleet_vouch_open(struct fleet *fleet, struct vouch **ret_vouch);

/* NULL is allowed. */
void fleet_vouch_close(struct vouch *vouch);
