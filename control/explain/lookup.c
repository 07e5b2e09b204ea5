// SPDX-License-Identifier: BSD-3-Clause
#include "explain/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "explain.skel.h"

struct explain_lookup {
	struct explain_program *program;
	struct bpf_link *link;
};

static int fail(int error, char **ret_reason, const char *what, const char *name)
{
	if (asprintf(ret_reason, "%s %s: %s", what, name, strerror(-error)) < 0)
		*ret_reason = NULL;
	return error;
}

/* The program's maps are the table's: all but the sockets', and xsks_map which it never asks. */
static int share_map(struct explain_lookup *lookup, struct bpf_map *map, const char *bpf_dir,
		     char **ret_reason)
{
	char path[512];
	int fd, result;

	if (map == lookup->program->maps.explain_sockets || bpf_map__is_internal(map))
		return 0;
	if (map == lookup->program->maps.xsks_map)
		return bpf_map__set_autocreate(map, false);
	snprintf(path, sizeof(path), "%s/%s", bpf_dir, bpf_map__name(map));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fail(fd, ret_reason, "cannot open the pinned map", path);
	result = bpf_map__reuse_fd(map, fd);
	close(fd);
	return result ? fail(result, ret_reason, "cannot share the pinned map", path) : 0;
}

static int share_maps(struct explain_lookup *lookup, const char *bpf_dir, char **ret_reason)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, lookup->program->obj)
	{
		int result = share_map(lookup, map, bpf_dir, ret_reason);

		if (result)
			return result;
	}
	return 0;
}

static int place_sockets(struct explain_lookup *lookup, const int listen_fd[2], char **ret_reason)
{
	int map_fd = bpf_map__fd(lookup->program->maps.explain_sockets);

	for (uint32_t i = 0; i < 2; i++) {
		uint64_t fd = (uint64_t)listen_fd[i];

		if (listen_fd[i] >= 0 && bpf_map_update_elem(map_fd, &i, &fd, BPF_ANY))
			return fail(-errno, ret_reason, "cannot place", "the explain socket");
	}
	return 0;
}

static int attach(struct explain_lookup *lookup, char **ret_reason)
{
	int netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (netns_fd < 0)
		return fail(-errno, ret_reason, "cannot open", "/proc/self/ns/net");
	lookup->link = bpf_program__attach_netns(lookup->program->progs.sp_explain, netns_fd);
	close(netns_fd);
	if (!lookup->link)
		return fail(-errno, ret_reason, "cannot attach", "the explain program");
	return 0;
}

int explain_lookup_open(const char *bpf_dir, const int listen_fd[2],
			struct explain_lookup **ret_lookup, char **ret_reason)
{
	struct explain_lookup *lookup = calloc(1, sizeof(*lookup));
	int result;

	if (!lookup)
		return -ENOMEM;
	lookup->program = explain_program__open();
	if (!lookup->program) {
		result = fail(-errno, ret_reason, "cannot open", "the explain program");
		goto err_lookup;
	}
	result = share_maps(lookup, bpf_dir, ret_reason);
	if (result)
		goto err_lookup;
	result = explain_program__load(lookup->program);
	if (result) {
		fail(result, ret_reason, "cannot load", "the explain program");
		goto err_lookup;
	}
	result = place_sockets(lookup, listen_fd, ret_reason);
	if (!result)
		result = attach(lookup, ret_reason);
	if (result)
		goto err_lookup;
	*ret_lookup = lookup;
	return 0;

err_lookup:
	explain_lookup_close(lookup);
	return result;
}

void explain_lookup_close(struct explain_lookup *lookup)
{
	if (!lookup)
		return;
	bpf_link__destroy(lookup->link);
	explain_program__destroy(lookup->program);
	free(lookup);
}
