// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/neighbours/neighbours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"
#include "host/seeks.h"
#include "kernel/neighbours/hops.h"
#include "kernel/neighbours/index.h"
#include "kernel/netlink/netlink.h"

#define RETRY_NS	  1000000000ULL
#define ROUTES_REST_NS	  1000000000ULL /* at least, between two looks at all routes */
#define ROUTES_REST_TIMES 20ULL		/* that many times what the last look took */
#define GATEWAYS_MAX	  1024
#define SLOTS_A_CALL	  128
#define ADDS_AT_ONCE	  256 /* between two calls of expire; more wait for it */

struct vm {
	struct index_node node; /* first; ifindex 0 */
	unsigned int nr_leases;
	struct hop *hop; /* NULL: unrouted */
	bool deferred;	 /* the way is not asked for yet */
};

struct neighbours {
	struct netlink *netlink;
	uint32_t public_ifindex, builds_ifindex;
	struct hops hops;
	struct seeks seeks;
	struct index vms;
	unsigned int nr_gateways;
	bool routes_changed;   /* since the last look */
	bool for_some;	       /* some route is, of senders */
	uint64_t retry_ns;     /* 0: as soon as possible */
	uint64_t next_look_ns; /* not before */
	size_t next_slot;      /* of vms, to be asked about; nr_slots or more: all done */
	bool ask_all;	       /* about each of them, else only about those deferred */
	unsigned int nr_deferred;
	unsigned int adds_left; /* before adds are deferred */
	bool sweep_later;	/* once no VM is deferred */
};

/* Asks the kernel which way a VM is, and moves it to that hop. Result: 0 or -ENOMEM. */
static int find_way(struct neighbours *neighbours, struct vm *vm)
{
	struct hop *hop = NULL, *before = vm->hop;
	struct netlink_route route;

	neighbours->nr_deferred -= vm->deferred;
	vm->deferred = false;
	if (!netlink_ask_route(neighbours->netlink, &vm->node.addr, &route) &&
	    route.ifindex == neighbours->builds_ifindex) {
		hop = neighbours_hops_get(&neighbours->hops,
					  route.has_gateway ? &route.gateway : &vm->node.addr,
					  route.ifindex);
		if (!hop)
			return -ENOMEM;
	}
	if (hop == before)
		return 0;
	vm->hop = hop;
	if (hop) {
		hop->nr_vms++;
		neighbours_hops_use(&neighbours->hops, hop);
	}
	if (before) {
		before->nr_vms--;
		neighbours_hops_release(&neighbours->hops, before);
	}
	return 0;
}

/* The way is asked for now, or if there are many, bit by bit in expire. Result: 0 or -ENOMEM. */
static int find_way_or_defer(struct neighbours *neighbours, struct vm *vm)
{
	if (neighbours->adds_left) {
		neighbours->adds_left--;
		return find_way(neighbours, vm);
	}
	vm->deferred = true;
	neighbours->nr_deferred++;
	neighbours->next_slot = 0;
	return 0;
}

int neighbours_vm_add(struct neighbours *neighbours, const struct sp_addr *addr)
{
	struct vm *vm = (struct vm *)neighbours_index_find(&neighbours->vms, addr, 0);
	int error;

	if (vm) {
		vm->nr_leases++;
		return 0;
	}
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->node.addr = *addr;
	vm->nr_leases = 1;
	error = neighbours_index_add(&neighbours->vms, &vm->node);
	if (error)
		goto free_vm;
	error = find_way_or_defer(neighbours, vm);
	if (error)
		goto remove_vm;
	return 0;
remove_vm:
	neighbours_index_remove(&neighbours->vms, &vm->node);
free_vm:
	free(vm);
	return error;
}

int neighbours_vm_remove(struct neighbours *neighbours, const struct sp_addr *addr)
{
	struct vm *vm = (struct vm *)neighbours_index_find(&neighbours->vms, addr, 0);

	if (!vm || --vm->nr_leases)
		return 0;
	if (vm->hop) {
		vm->hop->nr_vms--;
		neighbours_hops_release(&neighbours->hops, vm->hop);
	}
	neighbours->nr_deferred -= vm->deferred;
	neighbours_index_remove(&neighbours->vms, &vm->node);
	free(vm);
	return 0;
}

struct kernel_vm neighbours_vm(const struct neighbours *neighbours, const struct sp_addr *addr)
{
	const struct vm *vm = (const struct vm *)neighbours_index_find(&neighbours->vms, addr, 0);
	struct kernel_vm answer = {.state = KERNEL_VM_UNKNOWN, .next_hop = *addr};

	if (!vm)
		return answer;
	if (!vm->hop) {
		answer.state = vm->deferred ? KERNEL_VM_RESOLVING : KERNEL_VM_UNROUTED;
		return answer;
	}
	answer.state = neighbours_hops_state(vm->hop);
	answer.next_hop = vm->hop->node.addr;
	answer.via_gateway = memcmp(&answer.next_hop, addr, sizeof(*addr)) != 0;
	memcpy(answer.mac, vm->hop->mac, sizeof(answer.mac));
	return answer;
}

static bool on_ours(const struct neighbours *neighbours, uint32_t ifindex)
{
	return ifindex == neighbours->public_ifindex || ifindex == neighbours->builds_ifindex;
}

void neighbours_hear(struct neighbours *neighbours, const struct netlink_neigh *neigh)
{
	struct hop *hop = neighbours_hops_find(&neighbours->hops, &neigh->addr, neigh->ifindex);

	if (hop)
		neighbours_hops_note(&neighbours->hops, hop, neigh);
	if (!neigh->gone && neigh->state & NEIGHBOURS_VALID)
		seeks_found(&neighbours->seeks, &neigh->addr, neigh->ifindex);
}

/* Neighbours with our mark that no hop stands for are an earlier process's: taken over. */
static void take_over(const struct netlink_neigh *neigh, void *context)
{
	struct neighbours *neighbours = context;
	bool ours = neigh->managed && neigh->protocol == NETLINK_NEIGH_OURS;
	struct hop *hop = neighbours_hops_find(&neighbours->hops, &neigh->addr, neigh->ifindex);

	if (!hop && ours && on_ours(neighbours, neigh->ifindex))
		hop = neighbours_hops_get(&neighbours->hops, &neigh->addr, neigh->ifindex);
	if (!hop)
		return;
	neighbours_hops_note(&neighbours->hops, hop, neigh);
	hop->listed = true;
}

static void release(struct hop *hop, void *context)
{
	struct neighbours *neighbours = context;

	neighbours_hops_release(&neighbours->hops, hop);
}

void neighbours_sweep(struct neighbours *neighbours)
{
	neighbours->sweep_later = neighbours->nr_deferred != 0;
	if (!neighbours->sweep_later)
		neighbours_hops_each(&neighbours->hops, release, neighbours);
}

static void unsee(struct hop *hop, void *context)
{
	hop->gateway_seen = false;
}

static void see_gateway(const struct netlink_route *route, void *context)
{
	struct neighbours *neighbours = context;
	struct hop *hop;

	neighbours->for_some |= route->for_some;
	if (!route->has_gateway || !on_ours(neighbours, route->ifindex))
		return;
	hop = neighbours_hops_find(&neighbours->hops, &route->gateway, route->ifindex);
	if (!hop && neighbours->nr_gateways < GATEWAYS_MAX)
		hop = neighbours_hops_get(&neighbours->hops, &route->gateway, route->ifindex);
	if (!hop)
		return;
	hop->gateway_seen = true;
	neighbours->nr_gateways += !hop->gateway;
	hop->gateway = true;
}

static void settle_gateway(struct hop *hop, void *context)
{
	struct neighbours *neighbours = context;

	if (hop->gateway && !hop->gateway_seen) {
		hop->gateway = false;
		neighbours->nr_gateways--;
		neighbours_hops_release(&neighbours->hops, hop);
	} else if (hop->gateway) {
		neighbours_hops_use(&neighbours->hops, hop);
	}
}

static int look_at_routes(struct neighbours *neighbours)
{
	const struct netlink_listener listener = {.route = see_gateway, .context = neighbours};
	int error;

	neighbours_hops_each(&neighbours->hops, unsee, NULL);
	neighbours->routes_changed = neighbours->for_some = false;
	error = netlink_dump(neighbours->netlink, NETLINK_ROUTES, &listener);
	/* Of a route over an object the kernel may tell its number alone. */
	if (!error)
		error = netlink_dump(neighbours->netlink, NETLINK_OBJECTS, &listener);
	if (error == -EINTR)
		neighbours->routes_changed = true;
	else if (error) {
		neighbours->routes_changed = true;
		return error;
	} else
		neighbours_hops_each(&neighbours->hops, settle_gateway, neighbours);
	neighbours->next_slot = 0;
	neighbours->ask_all = true;
	return 0;
}

void neighbours_route_changed(struct neighbours *neighbours)
{
	neighbours->routes_changed = true;
}

void neighbours_link_up(struct neighbours *neighbours, uint32_t ifindex)
{
	if (!on_ours(neighbours, ifindex))
		return;
	/* Going down took its neighbours along, and its routes. */
	neighbours->hops.retry = true;
	neighbours->retry_ns = 0;
	neighbours->routes_changed = true;
}

void neighbours_renumber(struct neighbours *neighbours, uint32_t public_ifindex,
			 uint32_t builds_ifindex)
{
	neighbours->public_ifindex = public_ifindex;
	neighbours->builds_ifindex = builds_ifindex;
	/* The next look finds no route by the old ones, and asks the way to each VM anew. */
	neighbours->routes_changed = true;
	neighbours->next_look_ns = 0;
}

void neighbours_look_for(struct neighbours *neighbours, const struct sp_wanted_hop *wanted,
			 uint64_t now_ns)
{
	const struct hop *hop =
		neighbours_hops_find(&neighbours->hops, &wanted->addr, wanted->ifindex);

	if (!on_ours(neighbours, wanted->ifindex))
		return;
	/* Said again of one that is managed, it is looked for at once. */
	if (hop && hop->ours)
		netlink_neigh_manage(neighbours->netlink, wanted->ifindex, &wanted->addr);
	else if ((!hop || !hop->foreign) &&
		 (!wanted->generation || seeks_may(&neighbours->seeks, &wanted->addr,
						   wanted->ifindex, wanted->generation, now_ns)))
		netlink_neigh_look_for(neighbours->netlink, wanted->ifindex, &wanted->addr);
}

/* Result: whether there are VMs to be asked about. */
static bool walking(const struct neighbours *neighbours)
{
	return neighbours->next_slot < neighbours->vms.nr_slots &&
	       (neighbours->ask_all || neighbours->nr_deferred);
}

/* Asks about the VMs of some slots. */
static void walk(struct neighbours *neighbours)
{
	for (unsigned int done = 0; done < SLOTS_A_CALL && walking(neighbours); done++) {
		struct index_node *node = neighbours->vms.slots[neighbours->next_slot++];

		for (; node; node = node->next)
			if (neighbours->ask_all || ((struct vm *)node)->deferred)
				find_way(neighbours, (struct vm *)node);
	}
	if (neighbours->next_slot >= neighbours->vms.nr_slots)
		neighbours->ask_all = false;
	if (neighbours->sweep_later)
		neighbours_sweep(neighbours);
}

static uint64_t earlier(uint64_t one_ns, uint64_t other_ns)
{
	return one_ns < other_ns ? one_ns : other_ns;
}

uint64_t neighbours_expire(struct neighbours *neighbours, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;

	if (neighbours->hops.retry && now_ns >= neighbours->retry_ns) {
		neighbours_hops_retry(&neighbours->hops);
		neighbours->retry_ns = now_ns + RETRY_NS;
	}
	if (neighbours->hops.retry)
		next_ns = neighbours->retry_ns;
	if (neighbours->routes_changed && now_ns >= neighbours->next_look_ns) {
		look_at_routes(neighbours);
		/* A router with many routes is not looked at all day. */
		neighbours->next_look_ns =
			now_ns + ROUTES_REST_NS + (boottime_now_ns() - now_ns) * ROUTES_REST_TIMES;
	}
	if (neighbours->routes_changed)
		next_ns = earlier(next_ns, neighbours->next_look_ns);
	walk(neighbours);
	neighbours->adds_left = ADDS_AT_ONCE;
	return walking(neighbours) ? now_ns : next_ns;
}

static void unlist(struct hop *hop, void *context)
{
	hop->listed = false;
}

static void note_unlisted(struct hop *hop, void *context)
{
	const struct netlink_neigh none = {.gone = true};
	struct neighbours *neighbours = context;

	if (!hop->listed)
		neighbours_hops_note(&neighbours->hops, hop, &none);
}

int neighbours_resync(struct neighbours *neighbours, uint64_t now_ns)
{
	const struct netlink_listener listener = {.neigh = take_over, .context = neighbours};
	int error;

	neighbours_hops_each(&neighbours->hops, unlist, NULL);
	error = netlink_dump(neighbours->netlink, NETLINK_NEIGHS, &listener);
	/* What changed during the dump is heard all the same. */
	if (error && error != -EINTR)
		return error;
	neighbours_hops_each(&neighbours->hops, note_unlisted, neighbours);
	neighbours->next_look_ns = now_ns;
	return look_at_routes(neighbours);
}

int neighbours_new(struct netlink *netlink, uint32_t public_ifindex, uint32_t builds_ifindex,
		   uint64_t now_ns, struct neighbours **ret_neighbours)
{
	struct neighbours *neighbours = calloc(1, sizeof(*neighbours));
	int error;

	if (!neighbours)
		return -ENOMEM;
	neighbours->netlink = netlink;
	neighbours->hops.netlink = netlink;
	neighbours->public_ifindex = public_ifindex;
	neighbours->builds_ifindex = builds_ifindex;
	neighbours->adds_left = ADDS_AT_ONCE;
	error = neighbours_resync(neighbours, now_ns);
	if (error) {
		neighbours_free(neighbours);
		return error;
	}
	*ret_neighbours = neighbours;
	return 0;
}

void neighbours_free(struct neighbours *neighbours)
{
	if (!neighbours)
		return;
	neighbours_index_free_nodes(&neighbours->vms);
	neighbours_index_free_nodes(&neighbours->hops.index);
	free(neighbours);
}

unsigned int neighbours_take_corrected(struct neighbours *neighbours)
{
	unsigned int corrected = neighbours->hops.nr_corrected;

	neighbours->hops.nr_corrected = 0;
	return corrected;
}

bool neighbours_take_moved(struct neighbours *neighbours)
{
	bool moved = neighbours->hops.moved;

	neighbours->hops.moved = false;
	return moved;
}

bool neighbours_routes_for_some(const struct neighbours *neighbours)
{
	return neighbours->for_some;
}

unsigned int neighbours_managed(const struct neighbours *neighbours)
{
	return neighbours->hops.nr_ours;
}
