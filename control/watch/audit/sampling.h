/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which connections have a record: all, but of a source or a lease that opens them without end a
 * sample. Those left out are carried, watched and told of their end like others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/connection_record.h"

/* So many at once, and so many a second for as long as it goes on. A /64 of IPv6 is one source. */
#define SAMPLING_SOURCE_BURST 2000u
#define SAMPLING_SOURCE_RATE  20u
#define SAMPLING_LEASE_BURST  8000u
#define SAMPLING_LEASE_RATE   50u

struct sampling;

struct sampling *audit_sampling_new(void); /* NULL without memory */
void audit_sampling_free(struct sampling *sampling);

/* Result: whether a connection that is established now has a record. */
bool audit_sampling_may(struct sampling *sampling, const struct connection *connection);
