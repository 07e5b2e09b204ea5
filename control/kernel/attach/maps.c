// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/config.h"
#include "kernel/attach/program.h"
#include "kernel/pins/kept.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"
#include "xdp.skel.h"

#define BUCKETS_MIN	16u
#define ALLOW_LISTS_MAX 65534u /* as many as an index of 16 bits and list 0 leave */

static uint32_t nr_ports(const struct config *config)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];

		if (config_is_prefix(address)) {
			sum += address->sessions;
			continue;
		}
		for (uint32_t range = 0; range < address->nr_ports; range++)
			sum += address->ports[range].last - address->ports[range].first + 1u;
	}
	return sum;
}

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t power = 1;

	while (power < at_least)
		power *= 2;
	return power;
}

/* FNV-1a. */
static uint64_t hash_on(uint64_t hash, const void *bytes, size_t size)
{
	for (const unsigned char *byte = bytes; size--; byte++)
		hash = (hash ^ *byte) * 0x100000001b3ULL;
	return hash;
}

static uint64_t layout_of(const struct config *config)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];

		hash = hash_on(hash, &address->bind, sizeof(address->bind));
		if (config_is_prefix(address))
			hash = hash_on(hash, &address->mask, sizeof(address->mask));
		hash = hash_on(hash, address->ports, address->nr_ports * sizeof(address->ports[0]));
	}
	return hash;
}

/* 0 stays 0. */
static uint32_t rounded(uint32_t nr)
{
	return nr ? power_of_two(nr) : 0;
}

static uint32_t nr_lists(const struct config *config, const struct kernel_kept *kept)
{
	uint32_t limit = config->limits.allow_lists, kept_lists = rounded(kept->nr_lists);

	if (kept->nr_lists <= limit)
		return limit;
	return kept_lists < ALLOW_LISTS_MAX ? kept_lists : ALLOW_LISTS_MAX;
}

struct sp_meta attach_maps_sizes(const struct config *config, const struct kernel_kept *kept)
{
	uint32_t ports = nr_ports(config) + rounded(kept->nr_outside);

	struct sp_meta sizes = {
		.nr_publics = config->public.nr_addresses,
		/* Two protocols a port, at most half of the entries in use. */
		.nr_buckets = power_of_two(ports * 4 / SP_BUCKET_ENTRIES > BUCKETS_MIN
						   ? ports * 4 / SP_BUCKET_ENTRIES
						   : BUCKETS_MIN),
		.nr_allow = nr_lists(config, kept) + 1,
		.nr_usage = ports ? ports : 1,
		.nr_cpus = libbpf_num_possible_cpus(),
		.nr_workers = config->dataplane.workers,
		.layout = layout_of(config),
	};

	table_meta_init(&sizes);
	return sizes;
}

bool attach_maps_fit(const struct sp_meta *have, const struct sp_meta *want)
{
	struct sp_meta same = *want;

	same.hash_seed = have->hash_seed;
	same.lives = have->lives;
	return memcmp(have, &same, sizeof(same)) == 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_fds(struct maps *maps)
{
	for (enum table_part part = 0; part < TABLE_PARTS; part++)
		close_fd(&maps->fds[part]);
}

static bool same_shape(int fd, const struct table_layout *want)
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &bytes) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.key_size == sizeof(__u32) && info.value_size == want->record_bytes &&
	       info.max_entries == want->nr_records && info.map_flags & BPF_F_MMAPABLE;
}

/* Opens the pinned maps. Result: whether all are there, of the wanted shapes, and meta agrees. */
static bool open_pinned(struct maps *maps, const struct sp_meta *want)
{
	char path[PINS_PATH_SIZE];
	struct sp_meta have;
	__u32 first = 0;

	for (enum table_part part = 0; part < TABLE_PARTS; part++) {
		maps->fds[part] =
			bpf_obj_get(pins_path(maps->bpf_dir, maps->layout[part].name, path));
		if (maps->fds[part] < 0 || !same_shape(maps->fds[part], &maps->layout[part]))
			return false;
	}
	return !bpf_map_lookup_elem(maps->fds[TABLE_META], &first, &have) &&
	       attach_maps_fit(&have, want);
}

/*
 * What is pinned as meta by somebody else is refused; a table of ours of whatever version, or none,
 * is not. Result: 0 with *ret_fd the pinned meta or -1; or -errno and *ret_reason.
 */
static int find_retiring(const char *bpf_dir, int *ret_fd, char **ret_reason)
{
	char path[PINS_PATH_SIZE], value[4096] = "";
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info), first = 0;
	__u64 magic = 0;
	int fd = bpf_obj_get(pins_path(bpf_dir, SP_PIN_META, path));

	if (fd < 0 && errno == ENOENT) {
		*ret_fd = -1;
		return 0;
	}
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &bytes) &&
	    info.type == BPF_MAP_TYPE_ARRAY && info.value_size >= sizeof(magic) &&
	    info.value_size <= sizeof(value) && !bpf_map_lookup_elem(fd, &first, value))
		memcpy(&magic, value, sizeof(magic));
	if (magic != SP_TABLE_MAGIC) {
		close_fd(&fd);
		return pins_reason_give(
			ret_reason, -EEXIST,
			"%s is not a table of sallyport, and is left alone: remove it, "
			"or choose another edge.bpf_dir",
			path);
	}
	*ret_fd = fd;
	return 0;
}

static struct bpf_map *map_of(struct xdp_program *object, const char *name)
{
	return bpf_object__find_map_by_name(object->obj, name);
}

/* Sizes the maps of the object and has the kernel make them, and nothing else of it. */
static int load_maps(const struct maps *maps, struct xdp_program *object)
{
	int error;

	for (enum table_part part = 0; part < TABLE_PARTS; part++) {
		const struct table_layout *layout = &maps->layout[part];

		struct bpf_map *map = map_of(object, layout->name);

		error = map ? bpf_map__set_max_entries(map, layout->nr_records) : -ENOENT;
		if (error)
			return error;
	}
	error = bpf_map__set_autocreate(object->maps.xsks_map, false);
	if (error)
		return error;
	error = bpf_program__set_autoload(object->progs.xsk_def_prog, false);
	return error ? error : xdp_program__load(object);
}

static int create(struct maps *maps)
{
	struct xdp_program *object = attach_program_open();
	int error;

	if (!object)
		return -errno;
	error = load_maps(maps, object);
	for (enum table_part part = 0; part < TABLE_PARTS && !error; part++) {
		maps->fds[part] = fcntl(bpf_map__fd(map_of(object, maps->layout[part].name)),
					F_DUPFD_CLOEXEC, 3);
		error = maps->fds[part] < 0 ? -errno : 0;
	}
	xdp_program__destroy(object);
	return error;
}

static int pin_next(const struct maps *maps, const char *dir)
{
	char path[PINS_PATH_SIZE];
	int error = pins_make_dir(dir);

	for (enum table_part part = 0; part < TABLE_PARTS && !error; part++)
		error = bpf_obj_pin(maps->fds[part], pins_path(dir, maps->layout[part].name, path));
	return error;
}

static int write_meta(const struct maps *maps, const struct sp_meta *want)
{
	struct sp_meta meta = *want;
	__u32 first = 0;

	if (getrandom(&meta.hash_seed, sizeof(meta.hash_seed), 0) != sizeof(meta.hash_seed))
		return -EIO;
	return bpf_map_update_elem(maps->fds[TABLE_META], &first, &meta, BPF_ANY);
}

/* Makes a table in the place of those that are not in force yet. */
static int make_next(struct maps *maps, const struct sp_meta *want, char **ret_reason)
{
	char dir[PINS_PATH_SIZE];
	int error = create(maps);

	if (error)
		return pins_reason_give(ret_reason, error,
					"the kernel does not make a table for %u public ports: %s",
					want->nr_usage, strerror(-error));
	pins_path(maps->bpf_dir, PINS_NEXT, dir);
	error = write_meta(maps, want);
	if (!error)
		error = pin_next(maps, dir);
	if (error)
		return pins_reason_give(ret_reason, error, "cannot pin the table below %s: %s",
					maps->bpf_dir, strerror(-error));
	return 0;
}

int attach_maps_open(const struct config *config, const struct kernel_kept *kept, struct maps *maps,
		     char **ret_reason)
{
	const struct sp_meta want = attach_maps_sizes(config, kept);
	int leftover, error;

	memset(maps, 0, sizeof(*maps));
	memset(maps->fds, -1, sizeof(maps->fds));
	maps->retiring_fd = -1;
	snprintf(maps->bpf_dir, sizeof(maps->bpf_dir), "%s", config->edge.bpf_dir);
	error = table_layout(&want, maps->layout, ret_reason);
	if (error)
		return error;
	leftover = pins_unlink_next(maps->bpf_dir);
	if (leftover < 0)
		return pins_reason_give(ret_reason, leftover, "cannot clean up below %s: %s",
					maps->bpf_dir, strerror(-leftover));
	error = find_retiring(maps->bpf_dir, &maps->retiring_fd, ret_reason);
	if (error)
		return error;
	if (!leftover && open_pinned(maps, &want)) {
		maps->origin = KERNEL_ADOPTED;
		maps->committed = true;
		close_fd(&maps->retiring_fd);
	} else {
		close_fds(maps);
		maps->origin =
			maps->retiring_fd >= 0 || leftover ? KERNEL_REPLACED : KERNEL_CREATED;
		error = make_next(maps, &want, ret_reason);
	}
	if (!error)
		error = table_map_open_fds(maps->fds, TABLE_DECIDE, &maps->table, ret_reason);
	if (error)
		attach_maps_close(maps);
	return error;
}

/* Spoils the magic of the table that was replaced, so that whoever maps it looks again. */
static void retire(int meta_fd)
{
	char value[4096];
	__u64 none = 0;
	__u32 first = 0;

	if (meta_fd < 0 || bpf_map_lookup_elem(meta_fd, &first, value))
		return;
	memcpy(value, &none, sizeof(none));
	bpf_map_update_elem(meta_fd, &first, value, BPF_ANY);
}

int attach_maps_commit(struct maps *maps, char **ret_reason)
{
	char dir[PINS_PATH_SIZE], from[PINS_PATH_SIZE], to[PINS_PATH_SIZE];

	if (maps->committed)
		return 0;
	/* From here on what is left of the directory must stay: it tells a start of the mixture. */
	maps->committed = true;
	pins_path(maps->bpf_dir, PINS_NEXT, dir);
	/*
	 * meta comes last (it is the first of the list), so that whoever opens a mixture has the
	 * meta that is about to be retired.
	 */
	for (int part = TABLE_PARTS - 1; part >= 0; part--) {
		pins_path(dir, maps->layout[part].name, from);
		pins_path(maps->bpf_dir, maps->layout[part].name, to);
		if (rename(from, to))
			return pins_reason_give(ret_reason, -errno, "cannot rename %s to %s: %s",
						from, to, strerror(errno));
	}
	rmdir(dir);
	retire(maps->retiring_fd);
	close_fd(&maps->retiring_fd);
	return 0;
}

void attach_maps_close(struct maps *maps)
{
	char dir[PINS_PATH_SIZE];

	table_map_free(maps->table);
	maps->table = NULL;
	close_fds(maps);
	close_fd(&maps->retiring_fd);
	if (!maps->committed && *maps->bpf_dir)
		pins_unlink_table(pins_path(maps->bpf_dir, PINS_NEXT, dir));
}

int attach_maps_remove(const char *bpf_dir)
{
	int meta_fd, error = find_retiring(bpf_dir, &meta_fd, NULL);

	if (error)
		return error;
	close_fd(&meta_fd);
	error = pins_unlink_next(bpf_dir);
	return error < 0 ? error : pins_unlink_table(bpf_dir);
}
