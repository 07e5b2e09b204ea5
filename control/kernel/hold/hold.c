// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/hold/hold.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "hold.skel.h"
#include "host/config.h"
#include "kernel/hold/filter.h"
#include "kernel/pins/reason.h"

static uint64_t total;

static void note_ports(struct sp_hold *hold, uint32_t public, const struct config_range *range)
{
	for (uint32_t port = range->first; port <= range->last; port++)
		hold->ports[public][port >> 6] |= 1ull << (port & 63);
}

static struct sp_hold *describe(const struct config *config, uint64_t until_ns, bool made_qdisc)
{
	struct sp_hold *hold = calloc(1, sizeof(*hold));

	if (!hold)
		return NULL;
	hold->until_ns = until_ns;
	hold->made_qdisc = made_qdisc;
	hold->nr_publics = config->public.nr_addresses;
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];

		hold->addr[i] = config_prefix(address);
		for (uint32_t j = 0; j < address->nr_ports; j++)
			note_ports(hold, i, &address->ports[j]);
	}
	return hold;
}

/* Result: the map that a program of ours reads, or -errno. */
static int map_of(int prog_fd)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info), id = 0;
	int error;

	info.nr_map_ids = 1;
	info.map_ids = (__u64)(unsigned long)&id;
	error = bpf_obj_get_info_by_fd(prog_fd, &info, &bytes);
	if (error)
		return error;
	return info.nr_map_ids == 1 ? bpf_map_get_fd_by_id(id) : -EBADMSG;
}

/* Reads what a filter holds. Result: 0, or -errno: it may be another version's. */
static int read_hold(int prog_fd, struct sp_hold *ret_hold)
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info), first = 0;
	int fd = map_of(prog_fd), error;

	if (fd < 0)
		return fd;
	error = bpf_obj_get_info_by_fd(fd, &info, &bytes);
	if (!error && info.value_size != sizeof(*ret_hold))
		error = -EBADMSG;
	if (!error)
		error = bpf_map_lookup_elem(fd, &first, ret_hold);
	close(fd);
	return error;
}

/* Result: whether the place for filters was made by us, or is not there yet. */
static bool is_place_ours(uint32_t ifindex)
{
	struct sp_hold *hold;
	bool made = false;
	int fd;

	if (!hold_filter_has_place(ifindex))
		return true;
	fd = hold_filter_find(ifindex);
	if (fd < 0)
		return false;
	hold = malloc(sizeof(*hold));
	made = hold && !read_hold(fd, hold) && hold->made_qdisc;
	free(hold);
	close(fd);
	return made;
}

static int load(const struct sp_hold *hold, struct hold_program **ret_program)
{
	struct hold_program *program = hold_program__open_and_load();
	__u32 first = 0;
	int error;

	if (!program)
		return -errno;
	error = bpf_map_update_elem(bpf_map__fd(program->maps.hold), &first, hold, BPF_ANY);
	if (error) {
		hold_program__destroy(program);
		return error;
	}
	*ret_program = program;
	return 0;
}

int hold_begin(const struct config *config, uint64_t until_ns, char **ret_reason)
{
	const char *name = config->public.interface;
	uint32_t ifindex = if_nametoindex(name);
	struct hold_program *program = NULL;
	struct sp_hold *hold;
	int error;

	if (!ifindex)
		return -ENODEV;
	hold = describe(config, until_ns, is_place_ours(ifindex));
	error = hold ? load(hold, &program) : -ENOMEM;
	if (!error)
		error = hold_filter_put(ifindex, bpf_program__fd(program->progs.sp_hold));
	hold_program__destroy(program);
	free(hold);
	if (error)
		return pins_reason_give(
			ret_reason, error,
			"public.interface: %s takes no filter that holds packets: %s", name,
			strerror(-error));
	return 0;
}

/* Result: 0, also if there is none, or -errno. Adds what was held. */
static int end_on(uint32_t ifindex, struct sp_hold *hold, uint64_t *held)
{
	int fd = hold_filter_find(ifindex), error;
	bool known;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	known = !read_hold(fd, hold);
	error = hold_filter_remove(ifindex, known && hold->made_qdisc);
	/* Read again: the last was held when it was taken off. */
	if (!error && known && !read_hold(fd, hold))
		*held += hold->held;
	close(fd);
	return error;
}

int hold_end(uint64_t *ret_held)
{
	struct if_nameindex *all = if_nameindex();
	struct sp_hold *hold = malloc(sizeof(*hold));
	uint64_t held = 0;
	int first = all && hold ? 0 : -ENOMEM;

	for (const struct if_nameindex *each = all; !first && each->if_index; each++)
		first = end_on(each->if_index, hold, &held);
	free(hold);
	if (all)
		if_freenameindex(all);
	total += held;
	*ret_held = held;
	return first;
}

uint64_t hold_total(void)
{
	return total;
}
