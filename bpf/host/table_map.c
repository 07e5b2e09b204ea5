// SPDX-License-Identifier: BSD-3-Clause
#include "table_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

static const struct {
	const char *pin;
	size_t record_bytes;
} maps[TABLE_MAPS_NR] = {
#define X(name, pin, type) [TABLE_MAP_##name] = {pin, sizeof(type)},
	TABLE_MAPS(X)
#undef X
};

const char *table_map_pin(enum table_map_id id)
{
	return maps[id].pin;
}

size_t table_map_record_bytes(enum table_map_id id)
{
	return maps[id].record_bytes;
}

static bool power_of_two(__u32 number)
{
	return number && (number & (number - 1)) == 0;
}

static bool sizes_make_sense(const struct sp_meta *sizes)
{
	return sizes->magic == SP_TABLE_MAGIC && sizes->version == SP_TABLE_VERSION &&
	       sizes->slot_bytes == sizeof(struct sp_slot) && sizes->nr_publics &&
	       sizes->nr_publics <= SP_PUBLICS_MAX && power_of_two(sizes->nr_buckets) &&
	       sizes->nr_buckets >= 2 && sizes->nr_allow && sizes->nr_usage && sizes->nr_cpus &&
	       sizes->nr_workers <= SP_WORKERS_MAX;
}

size_t table_map_records(const struct sp_meta *sizes, enum table_map_id id)
{
	size_t nr_rows = (size_t)sizes->nr_cpus + sizes->nr_workers;

	if (!sizes_make_sense(sizes))
		return 0;
	switch (id) {
	case TABLE_MAP_meta:
	case TABLE_MAP_settings:
		return 1;
	case TABLE_MAP_hosts:
		return SP_HOSTS;
	case TABLE_MAP_leases:
		return (size_t)sizes->nr_publics * SP_PORTS_PER_ADDRESS;
	case TABLE_MAP_endpoints:
		return sizes->nr_buckets;
	case TABLE_MAP_allow:
		return sizes->nr_allow;
	case TABLE_MAP_queues:
		return 2 * SP_QUEUES_MAX;
	case TABLE_MAP_workers:
		return SP_WORKERS_MAX;
	case TABLE_MAP_counters:
		return nr_rows;
	case TABLE_MAP_usage:
		return nr_rows * sizes->nr_usage;
	case TABLE_MAPS_NR:
		break;
	}
	return 0;
}

static size_t page_up(size_t size_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	return (size_bytes + page_bytes - 1) / page_bytes * page_bytes;
}

static void place(struct table_map *table, enum table_map_id id, void *memory, size_t size_bytes)
{
	table->size_bytes[id] = size_bytes;
	switch (id) {
#define X(name, pin, type)                                                                         \
	case TABLE_MAP_##name:                                                                     \
		table->name = memory;                                                              \
		break;
		TABLE_MAPS(X)
#undef X
	case TABLE_MAPS_NR:
		break;
	}
}

static int refuse(int error, char **ret_reason, const char *path, const char *why)
{
	if (asprintf(ret_reason, "%s: %s", path, why) < 0)
		*ret_reason = NULL;
	return error;
}

static bool writable(enum table_map_id id, enum table_map_access access)
{
	if (access != TABLE_MAP_ENGINE)
		return access == TABLE_MAP_WRITE;
	return id == TABLE_MAP_queues || id == TABLE_MAP_workers || id == TABLE_MAP_counters ||
	       id == TABLE_MAP_usage;
}

static int map_fd(struct table_map *table, enum table_map_id id, int fd, bool write,
		  const char *path, char **ret_reason)
{
	struct bpf_map_info info = {0};
	__u32 info_bytes = sizeof(info);
	size_t nr_records, size_bytes;
	void *memory;

	if (bpf_obj_get_info_by_fd(fd, &info, &info_bytes))
		return refuse(-errno, ret_reason, path, strerror(errno));
	if (info.value_size != maps[id].record_bytes)
		return refuse(-EPROTO, ret_reason, path,
			      "is of another version: its records have another size");
	nr_records = id == TABLE_MAP_meta ? 1 : table_map_records(&table->sizes, id);
	if (info.max_entries < nr_records)
		return refuse(-EPROTO, ret_reason, path, "has fewer records than meta says");
	size_bytes = page_up(nr_records * maps[id].record_bytes);
	memory = mmap(NULL, size_bytes, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return refuse(-errno, ret_reason, path, strerror(errno));
	place(table, id, memory, size_bytes);
	return 0;
}

static int check_meta(struct table_map *table, const char *path, char **ret_reason)
{
	table->sizes = *table->meta;
	if (table->sizes.magic != SP_TABLE_MAGIC)
		return refuse(-EPROTO, ret_reason, path, "is not a table of sallyport");
	if (table->sizes.version != SP_TABLE_VERSION)
		return refuse(-EPROTO, ret_reason, path, "is a table of another version");
	if (!table_map_records(&table->sizes, TABLE_MAP_meta))
		return refuse(-EPROTO, ret_reason, path, "holds sizes that make no sense");
	return 0;
}

static int open_map(struct table_map *table, const char *bpf_dir, enum table_map_id id,
		    enum table_map_access access, char **ret_reason)
{
	char path[512];
	int fd, result;

	snprintf(path, sizeof(path), "%s/%s", bpf_dir, maps[id].pin);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return refuse(fd, ret_reason, path, strerror(-fd));
	result = map_fd(table, id, fd, writable(id, access), path, ret_reason);
	close(fd);
	if (!result && id == TABLE_MAP_meta)
		result = check_meta(table, path, ret_reason);
	return result;
}

int table_map_open(const char *bpf_dir, enum table_map_access access, struct table_map *ret_table,
		   char **ret_reason)
{
	struct table_map table = {0};

	for (enum table_map_id id = 0; id < TABLE_MAPS_NR; id++) {
		int result = open_map(&table, bpf_dir, id, access, ret_reason);

		if (result) {
			table_map_close(&table);
			return result;
		}
	}
	*ret_table = table;
	return 0;
}

int table_map_alloc(const struct sp_meta *sizes, struct table_map *ret_table)
{
	struct table_map table = {.sizes = *sizes};

	if (!table_map_records(sizes, TABLE_MAP_meta))
		return -EINVAL;
	for (enum table_map_id id = 0; id < TABLE_MAPS_NR; id++) {
		size_t size_bytes = page_up(table_map_records(sizes, id) * maps[id].record_bytes);
		void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED) {
			table_map_close(&table);
			return -ENOMEM;
		}
		place(&table, id, memory, size_bytes);
	}
	*table.meta = *sizes;
	*ret_table = table;
	return 0;
}

void table_map_close(struct table_map *table)
{
#define X(name, pin, type)                                                                         \
	if (table->name)                                                                           \
		munmap(table->name, table->size_bytes[TABLE_MAP_##name]);
	TABLE_MAPS(X)
#undef X
	*table = (struct table_map){0};
}

struct sp_table table_map_view(const struct table_map *table)
{
	return (struct sp_table){
		.settings = table->settings,
		.hosts = table->hosts,
		.leases = table->leases,
		.endpoints = table->endpoints,
		.allow = table->allow,
		.nr_slots = table->sizes.nr_publics * SP_PORTS_PER_ADDRESS,
		.nr_buckets = table->sizes.nr_buckets,
		.nr_allow = table->sizes.nr_allow,
		.hash_seed = table->sizes.hash_seed,
	};
}
