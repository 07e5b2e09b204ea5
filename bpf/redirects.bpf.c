// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * Counts the frames that the XDP program redirected and that the interface they were to leave by
 * did not take. No driver and no counter of the kernel tells of all of them; these two tracepoints
 * do. The one of a batch that was sent costs a comparison a batch.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <sallyport/redirects.h>

/* What is looked at of the kernel's own, found by its names wherever it lies. */
#define KERNEL __attribute__((preserve_access_index))

struct net {
	__u64 net_cookie;
} KERNEL;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} KERNEL;

/* Both of the network namespace that our interfaces are in: an ifindex is unique in there alone. */
const volatile __u64 sp_net_cookie;
/* public.interface and builds.interface; sallyportd writes them, also anew. */
volatile int sp_ifindex[2];

/* losses[interface * SP_REDIRECT_LOSSES_NR + enum sp_redirect_loss] */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * SP_REDIRECT_LOSSES_NR);
	__type(key, __u32);
	__type(value, __u64);
} redirect_losses SEC(".maps");

static __always_inline int is_ours(const struct net_device *from)
{
	int ifindex = from->ifindex;

	return (ifindex == sp_ifindex[0] || ifindex == sp_ifindex[1]) &&
	       from->nd_net.net->net_cookie == sp_net_cookie;
}

static __always_inline void add(const struct net_device *from, int to_ifindex, int error, int nr)
{
	__u32 index = sp_redirect_loss_of(-error);
	__u64 *losses;

	if (!is_ours(from))
		return;
	if (to_ifindex != sp_ifindex[0])
		index += SP_REDIRECT_LOSSES_NR;
	losses = bpf_map_lookup_elem(&redirect_losses, &index);
	if (losses)
		*losses += (__u64)nr;
}

/* A batch was given to a driver, which took sent of it. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(sp_on_batch, const struct net_device *from, const struct net_device *to, int sent,
	     int drops, int error)
{
	if (drops > 0)
		add(from, to->ifindex, error, drops);
	return 0;
}

/* A frame did not even get into a batch. What was steered to a socket is counted by the socket. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(sp_on_error, const struct net_device *from, const void *program, const void *target,
	     int error, __u32 map_type, __u32 map_id, __u32 index)
{
	if (map_type != BPF_MAP_TYPE_XSKMAP)
		add(from, (int)index, error, 1);
	return 0;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
