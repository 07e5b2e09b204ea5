// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/pins/reason.h"
#include "xdp.skel.h"

#define MAPS_OF_PROGRAM_MAX 32
#define RODATA_MAX	    256
#define RODATA_SUFFIX	    ".rodata"

/* What libbpf complained about; it tells only this way what the verifier said. */
static char complaint[KERNEL_SENTENCE_SIZE];

/* Keeps the last line of the verifier's log that is about the program. */
static void keep_log(const char *log)
{
	const char *end = strstr(log, "\nprocessed "), *line;

	if (!end || end == log)
		return;
	for (line = end; line > log && line[-1] != '\n'; line--)
		;
	snprintf(complaint, sizeof(complaint), "%.*s", (int)(end - line), line);
}

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text;

	if (level != LIBBPF_WARN || vasprintf(&text, format, arguments) < 0)
		return 0;
	if (strstr(text, "PROG LOAD LOG"))
		keep_log(text);
	else if (!*complaint)
		snprintf(complaint, sizeof(complaint), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return 0;
}

struct xdp_program *attach_program_open(void)
{
	libbpf_set_print(keep_complaint);
	*complaint = '\0';
	return xdp_program__open();
}

static int share_maps(struct xdp_program *object, const struct maps *maps)
{
	for (enum table_part part = 0; part < TABLE_PARTS; part++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(object->obj, maps->layout[part].name);
		int error = map ? bpf_map__reuse_fd(map, maps->fds[part]) : -ENOENT;

		if (error)
			return error;
	}
	return 0;
}

static void set_constants(struct xdp_program *object, const struct attach_target *target,
			  const struct program_world *world)
{
	const struct table_map *table = world->maps->table;

	object->rodata->sp_role = target->role;
	object->rodata->sp_nr_cpus = table->nr_cpus;
	object->rodata->sp_nr_buckets = table->nr_buckets;
	object->rodata->sp_nr_usage = table->nr_usage;
	object->rodata->sp_hash_seed = table->hash_seed;
	object->rodata->sp_pieces = world->pieces;
	object->rodata->sp_public_vlan = target->public_vlan;
	object->rodata->sp_builds_vlan = target->builds_vlan;
	object->rodata->sp_generic = world->generic;
	object->rodata->sp_exception = target->exception;
	if (world->pieces)
		bpf_program__set_flags(object->progs.xsk_def_prog, BPF_F_XDP_HAS_FRAGS);
}

int attach_program_load(const struct attach_target *target, const struct program_world *world,
			struct program *ret_program, char **ret_reason)
{
	struct xdp_program *object;
	int error;

	object = attach_program_open();
	if (!object)
		return pins_reason_give(ret_reason, -errno, "the XDP program cannot be read: %s",
					strerror(errno));
	set_constants(object, target, world);
	error = share_maps(object, world->maps);
	if (!error && world->xsks_fd >= 0)
		error = bpf_map__reuse_fd(object->maps.xsks_map, world->xsks_fd);
	if (!error)
		error = xdp_program__load(object);
	if (error) {
		xdp_program__destroy(object);
		return pins_reason_give(ret_reason, error,
					"the kernel does not load the XDP program for %s: %s (%s)",
					target->name, strerror(-error), complaint);
	}
	*ret_program = (struct program){
		.object = object,
		.fd = bpf_program__fd(object->progs.xsk_def_prog),
		.xsks_fd = bpf_map__fd(object->maps.xsks_map),
	};
	return 0;
}

void attach_program_unload(struct program *program)
{
	if (program->object)
		xdp_program__destroy(program->object);
	program->object = NULL;
}

/* What there is to know of a loaded program. */
struct portrait {
	struct bpf_prog_info info;
	__u32 maps[MAPS_OF_PROGRAM_MAX]; /* ids of the maps but the constants */
	unsigned int nr_maps;
	unsigned char rodata[RODATA_MAX];
	__u32 rodata_bytes;
};

static int draw_rodata(struct portrait *portrait, int map_fd, const struct bpf_map_info *info)
{
	__u32 first = 0;

	if (info->value_size > sizeof(portrait->rodata))
		return -E2BIG;
	portrait->rodata_bytes = info->value_size;
	return bpf_map_lookup_elem(map_fd, &first, portrait->rodata);
}

static int draw_map(struct portrait *portrait, __u32 id)
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id), error;

	if (fd < 0)
		return fd;
	error = bpf_obj_get_info_by_fd(fd, &info, &bytes);
	if (!error && strstr(info.name, RODATA_SUFFIX))
		error = draw_rodata(portrait, fd, &info);
	else
		portrait->maps[portrait->nr_maps++] = id;
	close(fd);
	return error;
}

static int draw(int prog_fd, struct portrait *portrait)
{
	__u32 bytes = sizeof(portrait->info), ids[MAPS_OF_PROGRAM_MAX];
	int error;

	memset(portrait, 0, sizeof(*portrait));
	portrait->info.nr_map_ids = MAPS_OF_PROGRAM_MAX;
	portrait->info.map_ids = (__u64)(unsigned long)ids;
	error = bpf_obj_get_info_by_fd(prog_fd, &portrait->info, &bytes);
	if (!error && portrait->info.nr_map_ids > MAPS_OF_PROGRAM_MAX)
		error = -E2BIG;
	for (unsigned int i = 0; !error && i < portrait->info.nr_map_ids; i++)
		error = draw_map(portrait, ids[i]);
	return error;
}

static bool uses(const struct portrait *portrait, __u32 map_id)
{
	for (unsigned int i = 0; i < portrait->nr_maps; i++)
		if (portrait->maps[i] == map_id)
			return true;
	return false;
}

bool attach_program_same(int one_fd, int other_fd)
{
	struct portrait one, other;

	if (draw(one_fd, &one) || draw(other_fd, &other))
		return false;
	if (memcmp(one.info.tag, other.info.tag, sizeof(one.info.tag)) != 0 ||
	    one.nr_maps != other.nr_maps || one.rodata_bytes != other.rodata_bytes ||
	    memcmp(one.rodata, other.rodata, one.rodata_bytes) != 0)
		return false;
	for (unsigned int i = 0; i < one.nr_maps; i++)
		if (!uses(&other, one.maps[i]))
			return false;
	return true;
}

bool attach_program_pieces(int prog_fd)
{
	const size_t at = offsetof(struct xdp_program__rodata, sp_pieces);
	struct portrait portrait;
	__u32 pieces;

	/* The kernel does not tell a program's flags. Before there was this constant none had it.
	 */
	if (draw(prog_fd, &portrait) || portrait.rodata_bytes < at + sizeof(pieces))
		return false;
	memcpy(&pieces, portrait.rodata + at, sizeof(pieces));
	return pieces != 0;
}

typedef bool is_wanted(const struct bpf_map_info *info, const char *name);

/* Result: a descriptor of the first wanted map that a program uses; or -errno, -ENOENT: it has
 * none. */
static int find_map(int prog_fd, is_wanted *wanted, const char *name)
{
	struct portrait portrait;
	int error = draw(prog_fd, &portrait);

	if (error)
		return error;
	for (unsigned int i = 0; i < portrait.nr_maps; i++) {
		struct bpf_map_info info = {0};
		__u32 bytes = sizeof(info);
		int fd = bpf_map_get_fd_by_id(portrait.maps[i]);

		if (fd < 0)
			return fd;
		if (!bpf_obj_get_info_by_fd(fd, &info, &bytes) && wanted(&info, name))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static bool has_sockets(const struct bpf_map_info *info, const char *name)
{
	return info->type == BPF_MAP_TYPE_XSKMAP;
}

static bool is_called(const struct bpf_map_info *info, const char *name)
{
	return strcmp(info->name, name) == 0;
}

int attach_program_xsks(int prog_fd)
{
	return find_map(prog_fd, has_sockets, NULL);
}

bool attach_program_is_sallyport(uint32_t prog_id)
{
	static const char *const names[] = {SP_PIN_SETTINGS, SP_PIN_LEASES, SP_PIN_ENDPOINTS,
					    SP_PIN_USAGE};
	int prog_fd = bpf_prog_get_fd_by_id(prog_id);
	bool all = prog_fd >= 0;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]) && all; i++) {
		int fd = find_map(prog_fd, is_called, names[i]);

		all = fd >= 0;
		if (all)
			close(fd);
	}
	if (prog_fd >= 0)
		close(prog_fd);
	return all;
}

int attach_program_name(uint32_t prog_id, char ret_name[KERNEL_NAME_SIZE],
			char ret_tag[KERNEL_TAG_SIZE])
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id), error;

	*ret_name = *ret_tag = '\0';
	if (fd < 0)
		return fd;
	error = bpf_obj_get_info_by_fd(fd, &info, &bytes);
	close(fd);
	if (error)
		return error;
	snprintf(ret_name, KERNEL_NAME_SIZE, "%s", info.name);
	for (unsigned int i = 0; i < sizeof(info.tag); i++)
		snprintf(ret_tag + 2 * i, KERNEL_TAG_SIZE - 2 * i, "%02x", info.tag[i]);
	return 0;
}
