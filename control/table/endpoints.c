/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/endpoints.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <sallyport/find.h>

/* How many places the search for room may look at: bounds the time of one insertion. */
#define SEARCH_MAX 512

struct place {
	uint32_t bucket;
	uint32_t cell;
};

/* One step of the search: the bucket that the entry in the parent's cell could move to. */
struct step {
	uint32_t bucket;
	int16_t parent; /* step, or -1 for the key's own buckets */
	uint8_t cell;	/* of the parent's bucket */
};

struct search {
	struct step step[SEARCH_MAX];
	unsigned int nr_steps;
};

static uint64_t hash_of(const struct endpoints *endpoints, const struct endpoint *key)
{
	return sp_endpoint_hash(&key->addr, key->port_be, key->protocol, endpoints->seed);
}

static uint64_t *cell_at(const struct endpoints *endpoints, struct place place)
{
	return (uint64_t *)&endpoints->bucket[place.bucket].entry[place.cell];
}

static void store(uint64_t *cell, uint64_t entry)
{
	__atomic_store_n(cell, entry, __ATOMIC_RELEASE);
}

static uint64_t load(const uint64_t *cell)
{
	return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

static bool find_in_bucket(const struct endpoints *endpoints, uint32_t bucket, uint64_t entry,
			   struct place *ret_place)
{
	for (uint32_t cell = 0; cell < SP_BUCKET_ENTRIES; cell++) {
		struct place place = {bucket, cell};

		if (load(cell_at(endpoints, place)) == entry) {
			*ret_place = place;
			return true;
		}
	}
	return false;
}

static bool find(const struct endpoints *endpoints, uint64_t hash, uint64_t entry,
		 struct place *ret_place)
{
	uint32_t first = sp_bucket_first(hash, endpoints->nr_buckets);
	uint32_t other = sp_bucket_other(first, sp_hash_tag(hash), endpoints->nr_buckets);

	return find_in_bucket(endpoints, first, entry, ret_place) ||
	       find_in_bucket(endpoints, other, entry, ret_place);
}

static void search_begin(const struct endpoints *endpoints, struct search *search, uint64_t hash)
{
	uint32_t first = sp_bucket_first(hash, endpoints->nr_buckets);
	uint32_t other = sp_bucket_other(first, sp_hash_tag(hash), endpoints->nr_buckets);

	search->step[0] = (struct step){first, -1, 0};
	search->step[1] = (struct step){other, -1, 0};
	search->nr_steps = 2;
}

/* An entry whose bucket is already on the path would be moved twice: such paths are not taken. */
static bool on_path(const struct search *search, int step, uint32_t bucket)
{
	for (; step >= 0; step = search->step[step].parent)
		if (search->step[step].bucket == bucket)
			return true;
	return false;
}

static void search_widen(const struct endpoints *endpoints, struct search *search,
			 unsigned int from)
{
	for (uint32_t cell = 0; cell < SP_BUCKET_ENTRIES; cell++) {
		struct place place = {search->step[from].bucket, cell};
		uint32_t tag = sp_entry_tag(load(cell_at(endpoints, place)));
		uint32_t bucket = sp_bucket_other(place.bucket, tag, endpoints->nr_buckets);

		if (search->nr_steps == SEARCH_MAX)
			return;
		if (on_path(search, (int)from, bucket))
			continue;
		search->step[search->nr_steps++] =
			(struct step){bucket, (int16_t)from, (uint8_t)cell};
	}
}

/* Breadth first, so that the fewest entries move. Result: the step with room, or -1. */
static int search_room(const struct endpoints *endpoints, struct search *search,
		       struct place *ret_place)
{
	for (unsigned int i = 0; i < search->nr_steps; i++) {
		if (find_in_bucket(endpoints, search->step[i].bucket, 0, ret_place))
			return (int)i;
		search_widen(endpoints, search, i);
	}
	return -1;
}

/* Moves entries along the path, the last one first, until a cell of the key's own is free. */
static struct place make_room(struct endpoints *endpoints, const struct search *search, int step,
			      struct place room)
{
	while (search->step[step].parent >= 0) {
		int parent = search->step[step].parent;
		struct place from = {search->step[parent].bucket, search->step[step].cell};

		store(cell_at(endpoints, room), load(cell_at(endpoints, from)));
		room = from;
		step = parent;
	}
	return room;
}

int table_endpoints_add(struct endpoints *endpoints, const struct endpoint *key,
			uint32_t slot_index)
{
	uint64_t hash = hash_of(endpoints, key), entry = sp_entry_make(hash, slot_index);
	struct search search;
	struct place place;
	int step;

	if (find(endpoints, hash, entry, &place))
		return 0;
	search_begin(endpoints, &search, hash);
	step = search_room(endpoints, &search, &place);
	if (step < 0)
		return -ENOSPC;
	place = make_room(endpoints, &search, step, place);
	store(cell_at(endpoints, place), entry);
	endpoints->nr_entries++;
	return 0;
}

void table_endpoints_remove(struct endpoints *endpoints, const struct endpoint *key,
			    uint32_t slot_index)
{
	uint64_t hash = hash_of(endpoints, key);
	struct place place;

	if (!find(endpoints, hash, sp_entry_make(hash, slot_index), &place))
		return;
	store(cell_at(endpoints, place), 0);
	endpoints->nr_entries--;
}

static void remove_in_bucket(struct endpoints *endpoints, uint32_t bucket, uint32_t tag,
			     endpoints_match *match, void *context)
{
	for (uint32_t cell = 0; cell < SP_BUCKET_ENTRIES; cell++) {
		uint64_t *at = cell_at(endpoints, (struct place){bucket, cell});
		uint64_t entry = load(at);

		if (entry == 0 || sp_entry_tag(entry) != tag)
			continue;
		if (!match(sp_entry_slot(entry), context))
			continue;
		store(at, 0);
		endpoints->nr_entries--;
	}
}

void table_endpoints_remove_if(struct endpoints *endpoints, const struct endpoint *key,
			       endpoints_match *match, void *context)
{
	uint64_t hash = hash_of(endpoints, key);
	uint32_t tag = sp_hash_tag(hash), first = sp_bucket_first(hash, endpoints->nr_buckets);

	remove_in_bucket(endpoints, first, tag, match, context);
	remove_in_bucket(endpoints, sp_bucket_other(first, tag, endpoints->nr_buckets), tag, match,
			 context);
}

static bool belongs(const struct endpoints *endpoints, uint64_t entry, struct place place,
		    endpoints_key *key_of, void *context)
{
	struct endpoint key;
	struct place found;
	uint64_t hash;

	if (!key_of(sp_entry_slot(entry), &key, context))
		return false;
	hash = hash_of(endpoints, &key);
	return entry == sp_entry_make(hash, sp_entry_slot(entry)) &&
	       find(endpoints, hash, entry, &found) && found.bucket == place.bucket &&
	       found.cell == place.cell;
}

static void filter_cell(struct endpoints *endpoints, struct place place, endpoints_key *key_of,
			void *context)
{
	uint64_t *at = cell_at(endpoints, place);

	if (load(at) == 0)
		return;
	if (belongs(endpoints, load(at), place, key_of, context))
		endpoints->nr_entries++;
	else
		store(at, 0);
}

void table_endpoints_filter(struct endpoints *endpoints, endpoints_key *key_of, void *context)
{
	endpoints->nr_entries = 0;
	for (uint32_t bucket = 0; bucket < endpoints->nr_buckets; bucket++)
		for (uint32_t cell = 0; cell < SP_BUCKET_ENTRIES; cell++)
			filter_cell(endpoints, (struct place){bucket, cell}, key_of, context);
}
