/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_map.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

static bool carry_writes(unsigned int part)
{
	return part == TABLE_QUEUES || part == TABLE_WORKERS || part == TABLE_COUNTERS ||
	       part == TABLE_USAGE || part == TABLE_LIMITS;
}

static bool writable(unsigned int part, enum table_access access)
{
	return access == TABLE_DECIDE || (access == TABLE_CARRY && carry_writes(part));
}

/* Puts a sentence into *ret_reason. Result: r. */
static int refuse(int r, char **ret_reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(int r, char **ret_reason, const char *format, ...)
{
	va_list arguments;
	char *reason;

	va_start(arguments, format);
	*ret_reason = vasprintf(&reason, format, arguments) < 0 ? NULL : reason;
	va_end(arguments);
	return r;
}

void table_meta_init(struct sp_meta *meta)
{
	meta->magic = SP_TABLE_MAGIC;
	meta->version = SP_TABLE_VERSION;
	meta->slot_bytes = sizeof(struct sp_slot);
	meta->lives = 0;
}

static int check_kind(const struct sp_meta *meta, char **ret_reason)
{
	if (meta->magic != SP_TABLE_MAGIC)
		return refuse(-EPROTO, ret_reason,
			      "The table is not one of sallyport: its magic is %#llx.",
			      (unsigned long long)meta->magic);
	if (meta->version != SP_TABLE_VERSION)
		return refuse(-EPROTO, ret_reason,
			      "The table has version %u, this program reads version %u.",
			      meta->version, SP_TABLE_VERSION);
	if (meta->slot_bytes != sizeof(struct sp_slot))
		return refuse(-EPROTO, ret_reason,
			      "The table has slots of %u bytes, this program reads slots of %zu.",
			      meta->slot_bytes, sizeof(struct sp_slot));
	return 0;
}

struct bound {
	const char *name;
	uint32_t value;
	uint32_t min;
	uint32_t max;
};

static int check_sizes(const struct sp_meta *meta, char **ret_reason)
{
	const struct bound bounds[] = {
		{"nr_publics", meta->nr_publics, 1, SP_PUBLICS_MAX},
		{"nr_buckets", meta->nr_buckets, 2, 1u << 28},
		{"nr_allow", meta->nr_allow, 1, UINT16_MAX + 1u},
		{"nr_usage", meta->nr_usage, 1, SP_PUBLICS_MAX * SP_PORTS_PER_ADDRESS},
		{"nr_cpus", meta->nr_cpus, 1, 1u << 16},
		{"nr_workers", meta->nr_workers, 0, SP_WORKERS_MAX},
	};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i].value < bounds[i].min || bounds[i].value > bounds[i].max)
			return refuse(-EINVAL, ret_reason,
				      "The table says %s is %u, which is not between %u and %u.",
				      bounds[i].name, bounds[i].value, bounds[i].min,
				      bounds[i].max);
	if (meta->nr_buckets & (meta->nr_buckets - 1))
		return refuse(-EINVAL, ret_reason,
			      "The table says nr_buckets is %u, which is no power of two.",
			      meta->nr_buckets);
	if ((uint64_t)(meta->nr_cpus + meta->nr_workers) * meta->nr_usage > INT32_MAX)
		return refuse(-EINVAL, ret_reason,
			      "The table would need more than %d records of usage.", INT32_MAX);
	return 0;
}

int table_layout(const struct sp_meta *meta, struct table_layout ret_layout[TABLE_PARTS],
		 char **ret_reason)
{
	uint32_t rows = meta->nr_cpus + meta->nr_workers;
	const struct table_layout layout[TABLE_PARTS] = {
		[TABLE_META] = {SP_PIN_META, sizeof(struct sp_meta), 1},
		[TABLE_SETTINGS] = {SP_PIN_SETTINGS, sizeof(struct sp_settings), 1},
		[TABLE_HOSTS] = {SP_PIN_HOSTS, sizeof(struct sp_host), SP_HOSTS},
		[TABLE_LEASES] = {SP_PIN_LEASES, sizeof(struct sp_slot),
				  meta->nr_publics * SP_PORTS_PER_ADDRESS},
		[TABLE_ENDPOINTS] = {SP_PIN_ENDPOINTS, sizeof(struct sp_bucket), meta->nr_buckets},
		[TABLE_ALLOW] = {SP_PIN_ALLOW, sizeof(struct sp_allow), meta->nr_allow},
		[TABLE_QUEUES] = {SP_PIN_QUEUES, sizeof(struct sp_queue), 2 * SP_QUEUES_MAX},
		[TABLE_WORKERS] = {SP_PIN_WORKERS, sizeof(struct sp_worker), SP_WORKERS_MAX},
		[TABLE_COUNTERS] = {SP_PIN_COUNTERS, sizeof(struct sp_counters), rows},
		[TABLE_USAGE] = {SP_PIN_USAGE, sizeof(struct sp_usage), rows * meta->nr_usage},
		[TABLE_WANTED] = {SP_PIN_WANTED, sizeof(struct sp_wanted), meta->nr_cpus},
		[TABLE_LIMITS] = {SP_PIN_LIMITS, sizeof(struct sp_limit_line),
				  sp_limit_line_index(meta->nr_usage, rows, 0)},
		[TABLE_HOPS] = {SP_PIN_HOPS, sizeof(struct sp_hop), meta->nr_cpus * SP_HOPS},
		[TABLE_OPENINGS] = {SP_PIN_OPENINGS, sizeof(struct sp_opening), SP_OPENINGS},
		[TABLE_NOTES] = {SP_PIN_NOTES, sizeof(struct sp_note), meta->nr_cpus * SP_NOTES},
		[TABLE_NOTES_HEADS] = {SP_PIN_NOTES_HEADS, sizeof(struct sp_ring_head),
				       meta->nr_cpus},
		[TABLE_SNAPS] = {SP_PIN_SNAPS, sizeof(struct sp_snap), meta->nr_cpus * SP_SNAPS},
		[TABLE_SNAPS_HEADS] = {SP_PIN_SNAPS_HEADS, sizeof(struct sp_ring_head),
				       meta->nr_cpus},
	};
	int r;

	r = check_kind(meta, ret_reason);
	if (r < 0)
		return r;
	r = check_sizes(meta, ret_reason);
	if (r < 0)
		return r;
	memcpy(ret_layout, layout, sizeof(layout));
	return 0;
}

/* Result: the bytes that a map of this layout is mmapped by. */
static size_t mapping_bytes(const struct table_layout *layout)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)layout->record_bytes * layout->nr_records;

	return (bytes + page - 1) / page * page;
}

/* The map is there, whole and of the size that the layout says. */
static int check_map(int fd, const struct table_layout *layout, char **ret_reason)
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &bytes) < 0)
		return refuse(-errno, ret_reason, "The map %s of the table cannot be examined: %s.",
			      layout->name, strerror(errno));
	if (info.type != BPF_MAP_TYPE_ARRAY || !(info.map_flags & BPF_F_MMAPABLE))
		return refuse(-EPROTO, ret_reason,
			      "The map %s of the table is not a mappable array.", layout->name);
	if (info.value_size != layout->record_bytes || info.max_entries != layout->nr_records)
		return refuse(-EPROTO, ret_reason,
			      "The map %s of the table holds %u records of %u bytes, not %u of %u.",
			      layout->name, info.max_entries, info.value_size, layout->nr_records,
			      layout->record_bytes);
	return 0;
}

static int map_part(struct table_map *map, unsigned int part, int fd,
		    const struct table_layout *layout, char **ret_reason)
{
	int protection = writable(part, map->access) ? PROT_READ | PROT_WRITE : PROT_READ;
	size_t bytes = mapping_bytes(layout);
	void *memory;
	int r;

	r = check_map(fd, layout, ret_reason);
	if (r < 0)
		return r;
	memory = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return refuse(-errno, ret_reason, "The map %s of the table cannot be mapped: %s.",
			      layout->name, strerror(errno));
	map->mappings[part] = (struct table_mapping){memory, bytes};
	return 0;
}

/* Takes the sizes from a checked meta, and the typed pointers from the mappings. */
static void adopt(struct table_map *map, const struct sp_meta *meta)
{
	map->meta = map->mappings[TABLE_META].memory;
	map->settings = map->mappings[TABLE_SETTINGS].memory;
	map->hosts = map->mappings[TABLE_HOSTS].memory;
	map->leases = map->mappings[TABLE_LEASES].memory;
	map->endpoints = map->mappings[TABLE_ENDPOINTS].memory;
	map->allow = map->mappings[TABLE_ALLOW].memory;
	map->queues = map->mappings[TABLE_QUEUES].memory;
	map->workers = map->mappings[TABLE_WORKERS].memory;
	map->counters = map->mappings[TABLE_COUNTERS].memory;
	map->usage = map->mappings[TABLE_USAGE].memory;
	map->wanted = map->mappings[TABLE_WANTED].memory;
	map->limits = map->mappings[TABLE_LIMITS].memory;
	map->openings = map->mappings[TABLE_OPENINGS].memory;
	map->notes = map->mappings[TABLE_NOTES].memory;
	map->notes_heads = map->mappings[TABLE_NOTES_HEADS].memory;
	map->snaps = map->mappings[TABLE_SNAPS].memory;
	map->snaps_heads = map->mappings[TABLE_SNAPS_HEADS].memory;
	map->nr_publics = meta->nr_publics;
	map->nr_slots = meta->nr_publics * SP_PORTS_PER_ADDRESS;
	map->nr_buckets = meta->nr_buckets;
	map->nr_allow = meta->nr_allow;
	map->nr_usage = meta->nr_usage;
	map->nr_cpus = meta->nr_cpus;
	map->nr_workers = meta->nr_workers;
	map->nr_rows = meta->nr_cpus + meta->nr_workers;
	map->hash_seed = meta->hash_seed;
}

/* Reads meta through its descriptor: the map's size is not known to be right yet. */
static int read_meta(int fd, struct sp_meta *ret_meta, char **ret_reason)
{
	struct table_layout layout = {SP_PIN_META, sizeof(struct sp_meta), 1};
	__u32 key = 0;
	int r;

	r = check_map(fd, &layout, ret_reason);
	if (r < 0)
		return r;
	if (bpf_map_lookup_elem(fd, &key, ret_meta) < 0)
		return refuse(-errno, ret_reason, "The map %s of the table cannot be read: %s.",
			      layout.name, strerror(errno));
	return 0;
}

/* The same, and how each map must be sized by it. */
static int read_layout(int fd, struct sp_meta *ret_meta,
		       struct table_layout ret_layout[TABLE_PARTS], char **ret_reason)
{
	int r = read_meta(fd, ret_meta, ret_reason);

	return r < 0 ? r : table_layout(ret_meta, ret_layout, ret_reason);
}

int table_map_open_fds(const int fds[TABLE_PARTS], enum table_access access,
		       struct table_map **ret_map, char **ret_reason)
{
	struct table_layout layout[TABLE_PARTS];
	struct table_map *map;
	struct sp_meta meta;
	int r;

	r = read_layout(fds[TABLE_META], &meta, layout, ret_reason);
	if (r < 0)
		return r;
	map = calloc(1, sizeof(*map));
	if (!map)
		return refuse(-ENOMEM, ret_reason, "There is no memory for the table.");
	map->access = access;
	for (unsigned int part = 0; part < TABLE_PARTS; part++) {
		r = map_part(map, part, fds[part], &layout[part], ret_reason);
		if (r < 0)
			goto unmap;
	}
	adopt(map, &meta);
	*ret_map = map;
	return 0;

unmap:
	table_map_free(map);
	return r;
}

/*
 * Result: a descriptor of a pinned map, or -errno and *ret_reason. Never opened BPF_F_RDONLY: the
 * kernel takes no shared mapping of such a one, not even for reading.
 */
static int open_pin(const char *bpf_dir, const char *name, char **ret_reason)
{
	char path[PATH_MAX];
	int fd, length;

	length = snprintf(path, sizeof(path), "%s/%s", bpf_dir, name);
	if (length < 0 || (size_t)length >= sizeof(path))
		return refuse(-ENAMETOOLONG, ret_reason, "edge.bpf_dir is too long.");
	fd = bpf_obj_get(path);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return refuse(-ENOENT, ret_reason,
			      "There is no table at %s (is sallyportd running?).", path);
	return refuse(-errno, ret_reason, "The pinned map %s cannot be opened: %s.", path,
		      strerror(errno));
}

int table_map_open(const char *bpf_dir, enum table_access access, struct table_map **ret_map,
		   char **ret_reason)
{
	struct table_layout layout[TABLE_PARTS];
	int fds[TABLE_PARTS];
	unsigned int opened = 1;
	struct sp_meta meta;
	int r;

	r = open_pin(bpf_dir, SP_PIN_META, ret_reason);
	if (r < 0)
		return r;
	fds[TABLE_META] = r;
	/* Before the others are opened: a table of another version may lack some of them. */
	r = read_layout(fds[TABLE_META], &meta, layout, ret_reason);
	if (r < 0)
		goto close_pins;
	for (; opened < TABLE_PARTS; opened++) {
		r = open_pin(bpf_dir, layout[opened].name, ret_reason);
		if (r < 0)
			goto close_pins;
		fds[opened] = r;
	}
	r = table_map_open_fds(fds, access, ret_map, ret_reason);
close_pins:
	while (opened > 0)
		close(fds[--opened]);
	return r;
}

int table_map_alloc(const struct sp_meta *meta, struct table_map **ret_map)
{
	struct table_layout layout[TABLE_PARTS];
	char *reason = NULL;
	struct table_map *map;
	int r;

	r = table_layout(meta, layout, &reason);
	free(reason);
	if (r < 0)
		return r;
	map = calloc(1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	map->access = TABLE_DECIDE;
	for (unsigned int part = 0; part < TABLE_PARTS; part++) {
		size_t bytes = mapping_bytes(&layout[part]);
		void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED)
			goto unmap;
		map->mappings[part] = (struct table_mapping){memory, bytes};
	}
	adopt(map, meta);
	*map->meta = *meta;
	*ret_map = map;
	return 0;

unmap:
	table_map_free(map);
	return -ENOMEM;
}

void table_map_free(struct table_map *map)
{
	if (!map)
		return;
	for (unsigned int part = 0; part < TABLE_PARTS; part++)
		if (map->mappings[part].memory)
			munmap(map->mappings[part].memory, map->mappings[part].bytes);
	free(map);
}

struct sp_table table_map_view(const struct table_map *map)
{
	return (struct sp_table){
		.settings = map->settings,
		.hosts = map->hosts,
		.leases = map->leases,
		.endpoints = map->endpoints,
		.allow = map->allow,
		.limits = map->limits,
		.nr_slots = map->nr_slots,
		.nr_buckets = map->nr_buckets,
		.nr_allow = map->nr_allow,
		.nr_usage = map->nr_usage,
		.nr_rows = map->nr_rows,
		.hash_seed = map->hash_seed,
	};
}
