// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/look.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach/link.h"
#include "kernel/attach/program.h"
#include "kernel/device/device.h"
#include "kernel/pins/pins.h"

/* Result: whether packets come and go by an interface of that name, as far as can be learned. */
static bool is_up(const char *name)
{
	int flags = device_flags(name);

	return flags < 0 || (flags & IFF_UP && flags & IFF_RUNNING);
}

int attach_look_seen(const char *bpf_dir, const struct attach_target *target,
		     struct desired_seen *ret)
{
	struct link_programs programs = {0};
	struct link link = {.fd = -1};
	struct desired_seen seen = {0};
	char name[KERNEL_NAME_SIZE];
	int error = 0;

	if (if_indextoname(target->ifindex, name)) {
		seen.present = true;
		seen.up = is_up(name);
		error = attach_link_programs(target->ifindex, &programs);
	} else if (errno != ENXIO) {
		error = -errno;
	}
	if (error)
		return error;
	attach_link_open(bpf_dir, attach_link_name(target), &link);
	seen.prog_id = programs.prog_id;
	seen.by_our_link = attach_link_is_on(&link, target->ifindex, &programs);
	if (link.fd >= 0)
		close(link.fd);
	*ret = seen;
	return 0;
}

void attach_look(const char *bpf_dir, const struct attach_target *target,
		 struct kernel_interface *ret)
{
	struct link_programs programs = {0};
	struct link link = {.fd = -1};

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->name, sizeof(ret->name), "%s", target->name);
	ret->ifindex = target->ifindex;
	if_indextoname(target->ifindex, ret->called);
	pins_path(bpf_dir, attach_link_name(target), ret->link_path);
	attach_link_open(bpf_dir, attach_link_name(target), &link);
	if (!attach_link_programs(target->ifindex, &programs) && programs.prog_id) {
		ret->native = programs.native;
		ret->prog_id = programs.prog_id;
		ret->foreign = !attach_link_is_on(&link, target->ifindex, &programs);
		attach_program_name(programs.prog_id, ret->prog_name, ret->prog_tag);
	}
	ret->link_pinned = link.fd >= 0;
	ret->link_id = link.id;
	if (link.fd >= 0)
		close(link.fd);
}
