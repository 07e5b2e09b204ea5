/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has been connected to which build: from which addresses, the latest ones. Memory alone, of
 * one size whatever comes: a build of many clients makes others of its own set forgotten first, and
 * who is forgotten is told less (explain/text.h), nothing worse. Part of the edge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/addr.h>

#define GUESTS_SETS  8192
#define GUESTS_A_SET 16 /* of all builds that fall into one set */

struct guests;

/* seed spreads builds over the sets. Result: NULL without memory. */
struct guests *state_guests_new(uint64_t seed);
void state_guests_free(struct guests *guests);

/* The client becomes the latest one of that build. */
void state_guests_add(struct guests *guests, uint64_t serial, const struct sp_addr *client);

bool state_guests_has(const struct guests *guests, uint64_t serial, const struct sp_addr *client);
