/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole set of builds that somebody asked for: planned against what is known of the store, tried
 * by this edge's sallyportd, written in transactions of many builds each, several at a time, then
 * made here as all that the store has, then answered. One set at a time; others wait.
 */
#pragma once

#include <jansson.h>

struct fleet;
struct fleet_syncs;
struct http_request;

/* Result: NULL without memory. */
struct fleet_syncs *fleet_sync_open(struct fleet *fleet);

/* Those under way are left as they are, unanswered. NULL is allowed. */
void fleet_sync_close(struct fleet_syncs *syncs);

/* body is an object; it is written to. */
void fleet_sync_start(struct fleet_syncs *syncs, json_t *body, struct http_request *request);
