// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach/attach.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"

int attach_link_read(struct link *link)
{
	struct bpf_link_info info = {0};
	__u32 bytes = sizeof(info);
	int error = bpf_obj_get_info_by_fd(link->fd, &info, &bytes);

	if (error)
		return error;
	if (info.type != BPF_LINK_TYPE_XDP)
		return -EEXIST;
	link->id = info.id;
	link->ifindex = info.xdp.ifindex;
	link->prog_id = info.prog_id;
	return 0;
}

int attach_link_open(const char *bpf_dir, const char *name, struct link *ret_link)
{
	struct link link = {.fd = -1};
	char path[PINS_PATH_SIZE];
	int error;

	link.fd = bpf_obj_get(pins_path(bpf_dir, name, path));
	if (link.fd < 0 && link.fd != -ENOENT)
		return link.fd;
	if (link.fd >= 0) {
		error = attach_link_read(&link);
		if (error) {
			close(link.fd);
			return error;
		}
	} else {
		link.fd = -1;
	}
	*ret_link = link;
	return 0;
}

int attach_link_programs(uint32_t ifindex, struct link_programs *ret_programs)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct link_programs programs = {0};
	int error = bpf_xdp_query(ifindex, 0, &query);
	unsigned int nr_others = 0;

	if (error)
		return error;
	programs.native = query.drv_prog_id != 0;
	programs.prog_id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	if (query.skb_prog_id && query.skb_prog_id != programs.prog_id)
		programs.others[nr_others++] = query.skb_prog_id;
	if (query.hw_prog_id)
		programs.others[nr_others++] = query.hw_prog_id;
	*ret_programs = programs;
	return 0;
}

bool attach_link_is_on(const struct link *link, uint32_t ifindex,
		       const struct link_programs *programs)
{
	/* An index alone may be another namespace's. */
	return link->fd >= 0 && link->ifindex == ifindex && link->prog_id == programs->prog_id;
}

uint32_t attach_link_holding(uint32_t ifindex, uint32_t prog_id)
{
	__u32 id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct link link = {.fd = bpf_link_get_fd_by_id(id)};
		int error;

		if (link.fd < 0)
			continue;
		error = attach_link_read(&link);
		close(link.fd);
		if (!error && link.ifindex == ifindex && link.prog_id == prog_id)
			return id;
	}
	return 0;
}

int attach_link_create(const struct attach_target *target, int prog_fd, bool *ret_native,
		       char **ret_reason)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(prog_fd, target->ifindex, BPF_XDP, &options);
	bool native = fd >= 0;

	if (fd == -EOPNOTSUPP) {
		options.flags = XDP_FLAGS_SKB_MODE;
		fd = bpf_link_create(prog_fd, target->ifindex, BPF_XDP, &options);
	}
	if (fd < 0)
		return pins_reason_give(
			ret_reason, fd,
			"%s: %s takes no XDP program: %s; drivers want an MTU of at "
			"most about 3500 and as many receive queues as the peer sends by",
			target->key, target->name, strerror(-fd));
	*ret_native = native;
	return fd;
}
