/* SPDX-License-Identifier: BSD-3-Clause */
/* The table in this process's memory: the pinned maps, or for tests plain memory laid out alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sallyport/table.h>
#include <sallyport/table_host.h>

/* The maps, one row each: member, pin name, record type. */
#define TABLE_MAPS(X)                                                                              \
	X(meta, SP_PIN_META, struct sp_meta)                                                       \
	X(settings, SP_PIN_SETTINGS, struct sp_settings)                                           \
	X(hosts, SP_PIN_HOSTS, struct sp_host)                                                     \
	X(leases, SP_PIN_LEASES, struct sp_slot)                                                   \
	X(endpoints, SP_PIN_ENDPOINTS, struct sp_bucket)                                           \
	X(allow, SP_PIN_ALLOW, struct sp_allow)                                                    \
	X(queues, SP_PIN_QUEUES, struct sp_queue)                                                  \
	X(workers, SP_PIN_WORKERS, struct sp_worker)                                               \
	X(counters, SP_PIN_COUNTERS, struct sp_counters)                                           \
	X(usage, SP_PIN_USAGE, struct sp_usage)

enum table_map_id {
#define X(name, pin, type) TABLE_MAP_##name,
	TABLE_MAPS(X)
#undef X
		TABLE_MAPS_NR
};

/*
 * Opened read-only, a store through one of these pointers faults. size_bytes are what was mapped,
 * and sizes is a copy of meta as it was checked: use it, not meta, to find records.
 */
struct table_map {
#define X(name, pin, type) type *name;
	TABLE_MAPS(X)
#undef X
	struct sp_meta sizes;
	size_t size_bytes[TABLE_MAPS_NR];
};

enum table_map_access {
	TABLE_MAP_READ,
	TABLE_MAP_WRITE,
	/* Leases and what finds them read-only; queues, workers, counters and usage writable. */
	TABLE_MAP_ENGINE,
};

/*
 * Maps the table pinned below bpf_dir. Result: 0; -ENOENT if there is none; -EPROTO if its magic,
 * version or a record's size is not ours, or a map is smaller than meta says; or -errno. On failure
 * *ret_reason is a sentence to be freed, or NULL without memory.
 */
int table_map_open(const char *bpf_dir, enum table_map_access access, struct table_map *ret_table,
		   char **ret_reason);

/*
 * The same in anonymous memory, zeroed, with *sizes as meta. Result: 0, -EINVAL for sizes that meta
 * would be refused for, or -ENOMEM.
 */
int table_map_alloc(const struct sp_meta *sizes, struct table_map *ret_table);

/* Unmaps; the maps themselves stay. An empty table is allowed. */
void table_map_close(struct table_map *table);

/*
 * Result: the number of records that a map of that id has in a table of those sizes, 0 if the sizes
 * make no sense (magic, version, powers of two, limits of table.h).
 */
size_t table_map_records(const struct sp_meta *sizes, enum table_map_id id);

const char *table_map_pin(enum table_map_id id);
size_t table_map_record_bytes(enum table_map_id id);

/* Result: what the packet code reads (table_host.h), good while the table is open. */
struct sp_table table_map_view(const struct table_map *table);
