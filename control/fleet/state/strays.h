/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends of connections that this edge has seen and does not know: the edge that knows them is told,
 * by one key of the store that is overwritten, once a second at most and only if there are any.
 */
#pragma once

struct fleet;
struct fleet_strays;

/* Result: 0, -ENOMEM, or what sd-event says. */
int state_strays_open(struct fleet *fleet, struct fleet_strays **ret_strays);

/* NULL is allowed. */
void state_strays_close(struct fleet_strays *strays);

/* What another edge has written: this edge's sallyportd is told. */
void state_strays_put(struct fleet_strays *strays, const char *edge, const char *value);
