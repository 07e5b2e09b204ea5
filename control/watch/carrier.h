/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells by an event when another engine carries packets than before. On the event loop's thread. */
#pragma once

#include <systemd/sd-event.h>

/* So many switches in five minutes are told each; what flaps on only once it lasts 30 s. */
#define CARRIER_MANY 6

struct carrier;
struct edge;
struct table_map;

/*
 * Begins to look, with what was told last as known; if nothing was, with what carries now. edge and
 * table outlive it. Result: 0 and *ret_carrier to be stopped, -ENOMEM, or -errno of the journal or
 * sd-event.
 */
int watch_carrier_start(sd_event *event, struct edge *edge, const struct table_map *table,
			struct carrier **ret_carrier);

/* NULL is allowed. */
void watch_carrier_stop(struct carrier *carrier);
