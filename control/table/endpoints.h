/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writer's side of the endpoints map: a cuckoo table of two buckets a key (find.h). Part of
 * publish.
 *
 * To make room an entry is copied to its other bucket before its old place is overwritten, so a
 * reader finds it in one of them. A reader that looks at the two buckets exactly around both stores
 * can miss it once: one packet of a reply, which TCP sends again. That needs two full buckets,
 * which at the configured sizes (at most half full) hardly ever happens.
 */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct endpoint {
	struct sp_addr addr;
	__be16 port_be;
	uint8_t protocol; /* one bit of enum sp_protocol_mask */
};

struct endpoints {
	struct sp_bucket *bucket;
	uint32_t nr_buckets; /* a power of two */
	uint64_t seed;
	uint32_t nr_entries;
};

/* Result: 0, or -ENOSPC with the table as it was. The same entry twice is kept once. */
int table_endpoints_add(struct endpoints *endpoints, const struct endpoint *key,
			uint32_t slot_index);

/* Clears that slot's entry for that key if there is one. */
void table_endpoints_remove(struct endpoints *endpoints, const struct endpoint *key,
			    uint32_t slot_index);

/*
 * Called with each slot that may hold the key (its tag matches). Clears the entries for which the
 * result is not 0.
 */
typedef int endpoints_match(uint32_t slot_index, void *context);
void table_endpoints_remove_if(struct endpoints *endpoints, const struct endpoint *key,
			       endpoints_match *match, void *context);

/*
 * At start: clears every entry but those of slots for which the result is not 0 and *ret_key is set
 * to the slot's key, and counts what stays.
 */
typedef int endpoints_key(uint32_t slot_index, struct endpoint *ret_key, void *context);
void table_endpoints_filter(struct endpoints *endpoints, endpoints_key *key_of, void *context);
