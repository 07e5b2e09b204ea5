// SPDX-License-Identifier: BSD-3-Clause
#include "cost/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/limit.h>
#include <sallyport/link/hop.h>
#include <sallyport/notes.h>
#include <sallyport/openings.h>
#include <sallyport/snaps.h>

#include "engine/map_memory.h"
#include "xdp.skel.h"

#define MEMBERS_MAX 64
#define NAME_BYTES  32

/* Where a record's members lie, those of unnamed ones within it too. */
struct layout {
	struct {
		const char *name;
		__u32 offset, bytes;
	} member[MEMBERS_MAX];
	__u32 nr, bytes;
};

struct bpf_object *object_open(const char *path)
{
	size_t bytes;
	const void *own = xdp_program__elf_bytes(&bytes);

	return path ? bpf_object__open_file(path, NULL) : bpf_object__open_mem(own, bytes, NULL);
}

static void add_members(const struct btf *btf, __s32 type, __u32 offset, struct layout *layout)
{
	const struct btf_type *record = btf__type_by_id(btf, type);
	const struct btf_member *member = btf_members(record);

	for (__u32 i = 0; i < btf_vlen(record); i++) {
		__u32 at = offset + btf_member_bit_offset(record, i) / 8;

		if (!member[i].name_off) {
			add_members(btf, member[i].type, at, layout);
		} else if (layout->nr < MEMBERS_MAX) {
			layout->member[layout->nr].name =
				btf__name_by_offset(btf, member[i].name_off);
			layout->member[layout->nr].offset = at;
			layout->member[layout->nr++].bytes = btf__resolve_size(btf, member[i].type);
		}
	}
}

static int find_layout(const struct bpf_object *object, const char *name, struct layout *ret)
{
	const struct btf *btf = bpf_object__btf(object);
	__s32 type = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) : -ENOENT;

	*ret = (struct layout){0};
	if (type < 0)
		return type;
	ret->bytes = btf__resolve_size(btf, type);
	add_members(btf, type, 0, ret);
	return 0;
}

static void copy_record(const struct layout *from, const char *record, const struct layout *to,
			char *ret)
{
	for (__u32 i = 0; i < to->nr; i++)
		for (__u32 k = 0; k < from->nr; k++)
			if (strcmp(to->member[i].name, from->member[k].name) == 0 &&
			    to->member[i].bytes == from->member[k].bytes)
				memcpy(ret + to->member[i].offset, record + from->member[k].offset,
				       to->member[i].bytes);
}

/* Copies records of this build's layout into a map. */
static int fill(const struct bpf_object *object, const char *map_name, const char *type,
		const void *records, __u32 nr)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, map_name);
	struct bpf_object *own = object_open(NULL);
	struct layout from, to;
	char *memory = map ? map_memory_open(map) : NULL;
	int r = own && memory ? 0 : -ENOMEM;

	if (!r)
		r = find_layout(own, type, &from);
	if (!r)
		r = find_layout(object, type, &to);
	for (__u32 i = 0; i < nr && !r; i++)
		copy_record(&from, (const char *)records + (size_t)i * from.bytes, &to,
			    memory + (size_t)i * to.bytes);
	if (map)
		map_memory_close(map, memory);
	bpf_object__close(own);
	return r;
}

static int fill_table(const struct bpf_object *object, const struct leases *leases)
{
	int r = fill(object, "settings", "sp_settings", &leases->settings, 1);

	if (!r)
		r = fill(object, "hosts", "sp_host", leases->hosts, SP_HOSTS);
	if (!r)
		r = fill(object, "leases", "sp_slot", leases->slots, LEASES_SLOTS);
	return r ? r : fill(object, "endpoints", "sp_bucket", leases->buckets, LEASES_BUCKETS);
}

/* A build without a constant does without it. */
static void set_constant(const struct bpf_object *object, const char *name, __u64 value)
{
	const struct btf *btf = bpf_object__btf(object);
	__s32 type = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	const struct btf_type *section = type < 0 ? NULL : btf__type_by_id(btf, type);
	const struct btf_var_secinfo *variable = section ? btf_var_secinfos(section) : NULL;
	size_t bytes;
	char *memory = map ? (char *)bpf_map__initial_value(map, &bytes) : NULL;

	for (__u32 i = 0; memory && section && i < btf_vlen(section); i++) {
		const struct btf_type *named = btf__type_by_id(btf, variable[i].type);

		if (strcmp(btf__name_by_offset(btf, named->name_off), name) == 0)
			memcpy(memory + variable[i].offset, &value, variable[i].size);
	}
}

static void set_sizes(const struct bpf_object *object, enum sp_role role)
{
	const __u32 nr_cpus = libbpf_num_possible_cpus();
	const struct {
		const char *map;
		__u32 entries;
	} sizes[] = {
		{"leases", LEASES_SLOTS},
		{"endpoints", LEASES_BUCKETS},
		{"counters", nr_cpus},
		{"usage", nr_cpus * LEASES_USAGE},
		{"wanted", nr_cpus},
		{"limits", sp_limit_line_index(LEASES_USAGE, nr_cpus, 0)},
		{"hops", nr_cpus * SP_HOPS},
		{"notes", nr_cpus * SP_NOTES},
		{"notes_heads", nr_cpus},
		{"snaps", nr_cpus * SP_SNAPS},
		{"snaps_heads", nr_cpus},
	};

	set_constant(object, "sp_role", role);
	set_constant(object, "sp_nr_cpus", nr_cpus);
	set_constant(object, "sp_nr_buckets", LEASES_BUCKETS);
	set_constant(object, "sp_nr_usage", LEASES_USAGE);
	set_constant(object, "sp_hash_seed", LEASES_SEED);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, sizes[i].map);

		if (map)
			bpf_map__set_max_entries(map, sizes[i].entries);
	}
}

static int share_maps(struct bpf_object *object, struct bpf_object *first)
{
	struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);
		const struct bpf_map *shared = bpf_object__find_map_by_name(first, name);

		/* Constants and variables are in maps with a dot in their names. */
		if (!r && shared && strcmp(name, "xsks_map") != 0 && !strchr(name, '.'))
			r = bpf_map__reuse_fd(map, bpf_map__fd(shared));
	}
	return r;
}

int object_load(struct bpf_object *object, struct bpf_object *first, enum sp_role role,
		const struct leases *leases)
{
	const struct bpf_program *program;
	int r = 0;

	set_sizes(object, role);
	if (first)
		r = share_maps(object, first);
	if (!r)
		r = bpf_object__load(object);
	if (!r && !first)
		r = fill_table(object, leases);
	program = r ? NULL : bpf_object__find_program_by_name(object, "xsk_def_prog");
	return program ? bpf_program__fd(program) : r ? r : -ENOENT;
}
