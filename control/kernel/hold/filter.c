// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/hold/filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach/program.h"
#include "kernel/netlink/ask.h"

/* Ours among the filters of an interface. Others' come before and after it. */
#define FILTER_PRIORITY 83
#define FILTER_HANDLE	83
#define HOLD_NAME	"sp_hold"

/* libbpf wants the padding to be zero as well, so neither is ever copied. */
static void name_hook(struct bpf_tc_hook *hook, uint32_t ifindex)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = BPF_TC_INGRESS;
}

static void name_filter(struct bpf_tc_opts *filter)
{
	memset(filter, 0, sizeof(*filter));
	filter->sz = sizeof(*filter);
	filter->handle = FILTER_HANDLE;
	filter->priority = FILTER_PRIORITY;
}

static int stay_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

struct count {
	int ifindex;
	uint32_t parent; /* 0: any */
	unsigned int nr;
};

static int count_one(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	struct count *count = data;

	if (tc->tcm_ifindex == count->ifindex &&
	    (!count->parent || tc->tcm_parent == count->parent))
		count->nr++;
	return MNL_CB_OK;
}

/* Counts the qdiscs of an interface, or its filters below parent. Result: 0 or -errno. */
static int dump(uint16_t type, uint32_t parent, struct count *count)
{
	char buffer[128] = "";
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc->tcm_ifindex = count->ifindex;
	tc->tcm_parent = parent;
	return netlink_ask(request, count_one, count);
}

bool hold_filter_has_place(uint32_t ifindex)
{
	struct count count = {.ifindex = (int)ifindex, .parent = TC_H_CLSACT};

	return dump(RTM_GETQDISC, 0, &count) == 0 && count.nr > 0;
}

static bool is_empty(uint32_t ifindex)
{
	struct count count = {.ifindex = (int)ifindex};

	return dump(RTM_GETTFILTER, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), &count) == 0 &&
	       dump(RTM_GETTFILTER, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), &count) == 0 &&
	       count.nr == 0;
}

int hold_filter_put(uint32_t ifindex, int prog_fd)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts filter;
	libbpf_print_fn_t before = libbpf_set_print(stay_silent);
	int error;

	name_hook(&hook, ifindex);
	name_filter(&filter);
	error = bpf_tc_hook_create(&hook);
	filter.prog_fd = prog_fd;
	filter.flags = BPF_TC_F_REPLACE;
	if (!error || error == -EEXIST)
		error = bpf_tc_attach(&hook, &filter);
	libbpf_set_print(before);
	return error;
}

int hold_filter_find(uint32_t ifindex)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts filter;
	char name[KERNEL_NAME_SIZE], tag[KERNEL_TAG_SIZE];
	libbpf_print_fn_t before = libbpf_set_print(stay_silent);
	int error;

	name_hook(&hook, ifindex);
	name_filter(&filter);
	error = bpf_tc_query(&hook, &filter);
	libbpf_set_print(before);
	/* Without a place for filters, too. */
	if (error == -EINVAL || error == -ENOENT)
		return -ENOENT;
	if (error)
		return error;
	error = attach_program_name(filter.prog_id, name, tag);
	if (error)
		return error;
	return strcmp(name, HOLD_NAME) == 0 ? bpf_prog_get_fd_by_id(filter.prog_id) : -ENOENT;
}

int hold_filter_remove(uint32_t ifindex, bool made_place)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts filter;
	libbpf_print_fn_t before = libbpf_set_print(stay_silent);
	int error;

	name_hook(&hook, ifindex);
	name_filter(&filter);
	error = bpf_tc_detach(&hook, &filter);
	if (!error && made_place && is_empty(ifindex)) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		error = bpf_tc_hook_destroy(&hook);
	}
	libbpf_set_print(before);
	return error;
}
