// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "kernel/attach/attach.h"
#include "kernel/device/device.h"
#include "kernel/device/xdp.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"

const char *const attach_link_names[ATTACH_LINK_NAMES] = {
	PINS_LINK_PUBLIC,
	PINS_LINK_BUILDS,
	PINS_LINK_PUBLIC PINS_NEXT_OF,
	PINS_LINK_BUILDS PINS_NEXT_OF,
};

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

const char *attach_link_name(const struct attach_target *target)
{
	return target->role == SP_ROLE_BUILDS ? PINS_LINK_BUILDS : PINS_LINK_PUBLIC;
}

/* What the driver said to the last attempt. */
static char words[KERNEL_SENTENCE_SIZE];

static int keep_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	static const char mark[] = "Kernel error message: ";
	char text[KERNEL_SENTENCE_SIZE];
	const char *found;

	vsnprintf(text, sizeof(text), format, arguments);
	found = strstr(text, mark);
	if (found)
		snprintf(words, sizeof(words), ": %.*s",
			 (int)strcspn(found + sizeof(mark) - 1, "\n"), found + sizeof(mark) - 1);
	return 0;
}

/*
 * bpf(2) returns an errno alone; the same by netlink also says why. Should it succeed after all, it
 * is taken off again.
 */
static void ask_driver(const struct attach_target *target, int prog_fd, __u32 flags)
{
	libbpf_print_fn_t before = libbpf_set_print(keep_words);

	*words = '\0';
	if (!bpf_xdp_attach((int)target->ifindex, prog_fd, flags | XDP_FLAGS_UPDATE_IF_NOEXIST,
			    NULL))
		bpf_xdp_detach((int)target->ifindex, flags, NULL);
	libbpf_set_print(before);
}

static int refuse(const struct attach_target *target, int prog_fd, bool native, int error,
		  char **ret_reason)
{
	struct device_channels channels = {0};
	char driver[DEVICE_DRIVER_SIZE] = "?";

	ask_driver(target, prog_fd, native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	device_driver(target->name, driver);
	device_channels(target->name, &channels);
	return pins_reason_give(
		ret_reason, error,
		"%s: %s takes no XDP program%s%s (%s; driver %s, MTU %u, queues: %u receive, "
		"%u send)",
		target->key, target->name, native ? " natively" : "", words, strerror(-error),
		driver, device_mtu(target->name), channels.rx, channels.tx);
}

/* Generic mode there is worse than none: the kernel warns, and packets come merged, unsummed. */
static int refuse_gro_hw(const struct attach_target *target, char **ret_reason)
{
	return pins_reason_give(
		ret_reason, -EOPNOTSUPP,
		"%s: %s has rx-gro-hw on, which cannot be turned off: give this VM a NIC with "
		"ctrl_guest_offloads, or of another model",
		target->key, target->name);
}

int attach_link_create(const struct attach_target *target, int prog_fd, bool native,
		       char **ret_reason)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd;

	if (!native && device_feature(target->name, "rx-gro-hw") == DEVICE_ON_FIXED)
		return refuse_gro_hw(target, ret_reason);
	fd = bpf_link_create(prog_fd, (int)target->ifindex, BPF_XDP, &options);
	return fd >= 0 ? fd : refuse(target, prog_fd, native, fd, ret_reason);
}

bool attach_link_takes_pieces(const struct attach_target *target)
{
	struct device_xdp xdp;

	return device_xdp(target->ifindex, &xdp) && xdp.pieces;
}

int attach_link_judge(const struct attach_target *target, bool pieces, char **ret_reason)
{
	char driver[DEVICE_DRIVER_SIZE];
	struct device_xdp xdp;

	if (!device_xdp(target->ifindex, &xdp) ||
	    (xdp.receives && (xdp.receives_pieces || !pieces)))
		return 0;
	return pins_reason_give(ret_reason, -EOPNOTSUPP,
				"%s: %s takes no packets from other drivers (ndo_xdp_xmit)%s",
				target->key, target->name,
				device_driver(target->name, driver) && strcmp(driver, "veth") == 0
					? ": of a veth, the peer wants ethtool -K PEER gro on"
					: "");
}
