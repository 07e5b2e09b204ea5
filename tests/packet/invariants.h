/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for every packet, whatever the vectors say. */
#pragma once

#include "engine/host_engine.h"

#include <sallyport/table_host.h>

/*
 * Looks at what host_engine_run() made of a frame. Result: NULL, or what does not hold:
 * - a packet left alone or dropped is untouched, and no frame grows but by an answer;
 * - checksums that were right are right, those of answers always;
 * - a reply to a translated packet finds the same lease and restores the tuple: a bijection;
 * - nothing but addresses, ports, TTL and checksums changes;
 * - an answer goes back to its sender, by link and by address.
 */
const char *invariants_broken(const struct sp_table *table, const struct run *run,
			      const struct frame *in, const struct frame *out);
