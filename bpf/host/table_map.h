/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table's maps in this process's memory: from their pins, from descriptors, or on plain memory
 * for tests. sallyportd writes, sallyport-dp carries by it, tools look.
 */
#pragma once

#include <stdint.h>

#include <sallyport/notes.h>
#include <sallyport/openings.h>
#include <sallyport/ring.h>
#include <sallyport/snaps.h>
#include <sallyport/table.h>
#include <sallyport/table_host.h>

enum table_part {
	TABLE_META,
	TABLE_SETTINGS,
	TABLE_HOSTS,
	TABLE_LEASES,
	TABLE_ENDPOINTS,
	TABLE_ALLOW,
	TABLE_QUEUES,
	TABLE_WORKERS,
	TABLE_COUNTERS,
	TABLE_USAGE,
	TABLE_WANTED,
	TABLE_LIMITS,
	/* The next two are of the XDP program alone. */
	TABLE_HOPS,
	TABLE_OPENINGS,
	TABLE_NOTES,
	TABLE_NOTES_HEADS,
	TABLE_SNAPS,
	TABLE_SNAPS_HEADS,
	TABLE_PARTS,
};

/* Which parts can be written through the pointers; a store to another one is a fault. */
enum table_access {
	TABLE_LOOK,   /* none */
	TABLE_CARRY,  /* sallyport-dp: queues, workers, counters, usage, limits */
	TABLE_DECIDE, /* sallyportd: all */
};

/* One map: its pin's name (SP_PIN_…), the bytes of a record, and how many there are. */
struct table_layout {
	const char *name;
	uint32_t record_bytes;
	uint32_t nr_records;
};

struct table_mapping {
	void *memory;
	size_t bytes;
};

/*
 * Sizes are this process's own copies, taken from meta once it was checked: use these, never those
 * in shared memory. A row is what one CPU of the XDP program or one worker writes: CPUs first.
 */
struct table_map {
	struct sp_meta *meta;
	struct sp_settings *settings;
	struct sp_host *hosts;		  /* [SP_HOSTS] */
	struct sp_slot *leases;		  /* [nr_slots] */
	struct sp_bucket *endpoints;	  /* [nr_buckets] */
	struct sp_allow *allow;		  /* [nr_allow] */
	struct sp_queue *queues;	  /* [2 * SP_QUEUES_MAX] */
	struct sp_worker *workers;	  /* [SP_WORKERS_MAX] */
	struct sp_counters *counters;	  /* [nr_rows] */
	struct sp_usage *usage;		  /* [nr_rows * nr_usage] */
	struct sp_wanted *wanted;	  /* [nr_cpus] */
	struct sp_limit_line *limits;	  /* table.h says what lies where */
	struct sp_opening *openings;	  /* [SP_OPENINGS] */
	struct sp_note *notes;		  /* [nr_cpus * SP_NOTES] */
	struct sp_ring_head *notes_heads; /* [nr_cpus] */
	struct sp_snap *snaps;		  /* [nr_cpus * SP_SNAPS] */
	struct sp_ring_head *snaps_heads; /* [nr_cpus] */

	uint32_t nr_publics;
	uint32_t nr_slots;
	uint32_t nr_buckets;
	uint32_t nr_allow;
	uint32_t nr_usage;
	uint32_t nr_cpus;
	uint32_t nr_workers;
	uint32_t nr_rows;
	uint64_t hash_seed;

	enum table_access access;
	struct table_mapping mappings[TABLE_PARTS];
};

/* Fills in magic, version and record size, and leaves the sizes to the caller. Pure. */
void table_meta_init(struct sp_meta *meta);

/*
 * Says how each map must be sized for a meta. Pure. Result: 0, or with *ret_reason (a sentence to
 * be freed, NULL without memory) -EPROTO for another magic, version or record size, and
 * -EINVAL for sizes out of range.
 */
int table_layout(const struct sp_meta *meta, struct table_layout ret_layout[TABLE_PARTS],
		 char **ret_reason);

/*
 * Maps the table pinned below bpf_dir. Nothing is kept open. Result: 0 and *ret_map, to be freed;
 * or with *ret_reason as above: -ENOENT: no table there; -EPROTO: one of another version or layout;
 * -EINVAL: damaged; -errno of the kernel (-EPERM: not allowed).
 */
int table_map_open(const char *bpf_dir, enum table_access access, struct table_map **ret_map,
		   char **ret_reason);

/*
 * The same from descriptors of the maps, by enum table_part, which stay the caller's. Whoever
 * creates a table writes meta[0] first, by bpf_map_update_elem().
 */
int table_map_open_fds(const int fds[TABLE_PARTS], enum table_access access,
		       struct table_map **ret_map, char **ret_reason);

/*
 * Makes a table on plain zeroed memory with the layout of *meta, which is copied, for tests and
 * benchmarks. Result: 0 and *ret_map; -EPROTO, -EINVAL as table_layout(); -ENOMEM.
 */
int table_map_alloc(const struct sp_meta *meta, struct table_map **ret_map);

/* Unmaps. The pinned maps live on. NULL is allowed. */
void table_map_free(struct table_map *map);

/* Result: the table as find.h and decide.h read it; good as long as the map. */
struct sp_table table_map_view(const struct table_map *map);

/* Result: a lease's slot, NULL for an index that none has, such as of an address not served now. */
static inline const struct sp_slot *table_map_slot(const struct table_map *map, uint32_t slot_index)
{
	return slot_index < map->nr_slots ? &map->leases[slot_index] : NULL;
}

/* Result: record i of a row of usage; row < nr_rows, i < nr_usage. */
static inline struct sp_usage *table_map_usage(const struct table_map *map, uint32_t row,
					       uint32_t i)
{
	return &map->usage[(uint64_t)row * map->nr_usage + i];
}
