// SPDX-License-Identifier: BSD-3-Clause
#include "neighbours.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"
#include "neighbours_index.h"
#include "netlink.h"

#define STATES_VALID	  (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)
#define RETRY_NS	  1000000000ULL
#define ROUTES_REST_NS	  1000000000ULL /* at least, between two looks at all routes */
#define ROUTES_REST_TIMES 20ULL		/* that many times what the last look took */
#define GATEWAYS_MAX	  1024
#define SLOTS_A_CALL	  128
#define ADDS_AT_ONCE	  256 /* between two calls of expire; more wait for it */

/* An address whose link-layer address we need. */
struct hop {
	struct index_node node; /* first, so that a node is a hop */
	unsigned int nr_vms;	/* that it leads to */
	bool gateway;		/* of a route out of one of the interfaces */
	bool gateway_seen;	/* by the look at routes under way */
	bool ours;		/* managed, with our mark */
	bool foreign;		/* somebody else fixed it: left alone */
	bool failed;		/* was given up on since it was last resolved */
	bool waiting;		/* to be managed as soon as the kernel lets us */
	uint16_t state;
	uint8_t mac[6];
};

struct vm {
	struct index_node node; /* first; ifindex 0 */
	unsigned int nr_leases;
	struct hop *hop; /* NULL: unrouted */
	bool deferred;	 /* the way is not asked for yet */
};

struct neighbours {
	struct netlink *netlink;
	uint32_t public_ifindex, builds_ifindex;
	struct index hops, vms;
	unsigned int nr_gateways;
	unsigned int nr_ours;
	bool retry;	       /* some hop waits */
	bool routes_changed;   /* since the last look */
	uint64_t retry_ns;     /* 0: as soon as possible */
	uint64_t next_look_ns; /* not before */
	size_t next_slot;      /* of vms, to be asked about; nr_slots or more: all done */
	bool ask_all;	       /* about each of them, else only about those deferred */
	unsigned int nr_deferred;
	unsigned int adds_left; /* before adds are deferred */
	bool sweep_later;	/* once no VM is deferred */
};

static bool wanted(const struct hop *hop)
{
	return hop->nr_vms || hop->gateway;
}

static void set_ours(struct neighbours *neighbours, struct hop *hop, bool ours)
{
	neighbours->nr_ours += ours;
	neighbours->nr_ours -= hop->ours;
	hop->ours = ours;
}

static void note(struct neighbours *neighbours, struct hop *hop, const struct netlink_neigh *neigh)
{
	bool mine = neigh->managed && neigh->protocol == NETLINK_NEIGH_OURS;

	set_ours(neighbours, hop, mine && !neigh->gone);
	hop->foreign = !neigh->gone && !mine &&
		       (neigh->managed || neigh->state & (NUD_PERMANENT | NUD_NOARP));
	hop->state = neigh->gone ? NUD_NONE : neigh->state;
	memcpy(hop->mac, neigh->mac, sizeof(hop->mac));
	if (hop->state & STATES_VALID)
		hop->failed = false;
	else if (hop->state & NUD_FAILED)
		hop->failed = true;
	hop->waiting = wanted(hop) && !hop->ours && !hop->foreign;
	neighbours->retry |= hop->waiting;
}

/* There is a neighbour already: it is managed too, unless it is ours or somebody else's. */
static int manage_present(struct neighbours *neighbours, struct hop *hop)
{
	struct netlink_neigh neigh = {.gone = true};

	netlink_neigh_get(neighbours->netlink, hop->node.ifindex, &hop->node.addr, &neigh);
	note(neighbours, hop, &neigh);
	if (!hop->waiting)
		return 0;
	return netlink_neigh_manage(neighbours->netlink, hop->node.ifindex, &hop->node.addr);
}

/* Has the kernel manage a hop. One that it cannot yet (the link is down) is tried again later. */
static void manage(struct neighbours *neighbours, struct hop *hop)
{
	int error = netlink_neigh_create(neighbours->netlink, hop->node.ifindex, &hop->node.addr);

	hop->waiting = true;
	if (error == -EEXIST)
		error = manage_present(neighbours, hop);
	if (!error && hop->waiting) {
		set_ours(neighbours, hop, true);
		hop->waiting = false;
	}
	neighbours->retry |= hop->waiting;
}

static void drop(struct neighbours *neighbours, struct hop *hop)
{
	index_remove(&neighbours->hops, &hop->node);
	set_ours(neighbours, hop, false);
	free(hop);
}

/* Lets a hop go that nothing needs any more. */
static void release(struct neighbours *neighbours, struct hop *hop)
{
	if (wanted(hop))
		return;
	if (hop->ours)
		netlink_neigh_remove(neighbours->netlink, hop->node.ifindex, &hop->node.addr);
	drop(neighbours, hop);
}

static struct hop *find_hop(const struct neighbours *neighbours, const struct sp_addr *addr,
			    uint32_t ifindex)
{
	return (struct hop *)index_find(&neighbours->hops, addr, ifindex);
}

static struct hop *get_hop(struct neighbours *neighbours, const struct sp_addr *addr,
			   uint32_t ifindex)
{
	struct hop *hop = find_hop(neighbours, addr, ifindex);

	if (hop)
		return hop;
	hop = calloc(1, sizeof(*hop));
	if (!hop)
		return NULL;
	hop->node.addr = *addr;
	hop->node.ifindex = ifindex;
	if (index_add(&neighbours->hops, &hop->node)) {
		free(hop);
		return NULL;
	}
	return hop;
}

/* A hop came to be needed. */
static void use(struct neighbours *neighbours, struct hop *hop)
{
	if (!hop->ours)
		manage(neighbours, hop);
}

/* Asks the kernel which way a VM is, and moves it to that hop. Result: 0 or -ENOMEM. */
static int find_way(struct neighbours *neighbours, struct vm *vm)
{
	struct hop *hop = NULL, *before = vm->hop;
	struct netlink_route route;

	neighbours->nr_deferred -= vm->deferred;
	vm->deferred = false;
	if (!netlink_ask_route(neighbours->netlink, &vm->node.addr, &route) &&
	    route.ifindex == neighbours->builds_ifindex) {
		hop = get_hop(neighbours, route.has_gateway ? &route.gateway : &vm->node.addr,
			      route.ifindex);
		if (!hop)
			return -ENOMEM;
	}
	if (hop == before)
		return 0;
	vm->hop = hop;
	if (hop) {
		hop->nr_vms++;
		use(neighbours, hop);
	}
	if (before) {
		before->nr_vms--;
		release(neighbours, before);
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
	struct vm *vm = (struct vm *)index_find(&neighbours->vms, addr, 0);
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
	error = index_add(&neighbours->vms, &vm->node);
	if (error)
		goto free_vm;
	error = find_way_or_defer(neighbours, vm);
	if (error)
		goto remove_vm;
	return 0;
remove_vm:
	index_remove(&neighbours->vms, &vm->node);
free_vm:
	free(vm);
	return error;
}

int neighbours_vm_remove(struct neighbours *neighbours, const struct sp_addr *addr)
{
	struct vm *vm = (struct vm *)index_find(&neighbours->vms, addr, 0);

	if (!vm || --vm->nr_leases)
		return 0;
	if (vm->hop) {
		vm->hop->nr_vms--;
		release(neighbours, vm->hop);
	}
	neighbours->nr_deferred -= vm->deferred;
	index_remove(&neighbours->vms, &vm->node);
	free(vm);
	return 0;
}

static enum kernel_vm_state state_of(const struct hop *hop)
{
	if (hop->state & STATES_VALID)
		return KERNEL_VM_RESOLVED;
	return hop->failed ? KERNEL_VM_UNANSWERED : KERNEL_VM_RESOLVING;
}

struct kernel_vm neighbours_vm(const struct neighbours *neighbours, const struct sp_addr *addr)
{
	const struct vm *vm = (const struct vm *)index_find(&neighbours->vms, addr, 0);
	struct kernel_vm answer = {.state = KERNEL_VM_UNKNOWN, .next_hop = *addr};

	if (!vm)
		return answer;
	if (!vm->hop) {
		answer.state = vm->deferred ? KERNEL_VM_RESOLVING : KERNEL_VM_UNROUTED;
		return answer;
	}
	answer.state = state_of(vm->hop);
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
	struct hop *hop = find_hop(neighbours, &neigh->addr, neigh->ifindex);

	if (hop)
		note(neighbours, hop, neigh);
}

/* Neighbours with our mark that no hop stands for are an earlier process's: taken over. */
static void take_over(const struct netlink_neigh *neigh, void *context)
{
	struct neighbours *neighbours = context;
	bool ours = neigh->managed && neigh->protocol == NETLINK_NEIGH_OURS;
	struct hop *hop = find_hop(neighbours, &neigh->addr, neigh->ifindex);

	if (!hop && ours && on_ours(neighbours, neigh->ifindex))
		hop = get_hop(neighbours, &neigh->addr, neigh->ifindex);
	if (hop)
		note(neighbours, hop, neigh);
}

/* Calls visit for each hop, which may drop it. */
static void each_hop(struct neighbours *neighbours,
		     void (*visit)(struct neighbours *neighbours, struct hop *hop))
{
	for (size_t slot = 0; slot < neighbours->hops.nr_slots; slot++) {
		struct index_node *node = neighbours->hops.slots[slot];

		while (node) {
			struct index_node *next = node->next;

			visit(neighbours, (struct hop *)node);
			node = next;
		}
	}
}

void neighbours_sweep(struct neighbours *neighbours)
{
	neighbours->sweep_later = neighbours->nr_deferred != 0;
	if (!neighbours->sweep_later)
		each_hop(neighbours, release);
}

static void unsee(struct neighbours *neighbours, struct hop *hop)
{
	hop->gateway_seen = false;
}

static void see_gateway(const struct netlink_route *route, void *context)
{
	struct neighbours *neighbours = context;
	struct hop *hop;

	if (!route->has_gateway || !on_ours(neighbours, route->ifindex))
		return;
	hop = find_hop(neighbours, &route->gateway, route->ifindex);
	if (!hop && neighbours->nr_gateways < GATEWAYS_MAX)
		hop = get_hop(neighbours, &route->gateway, route->ifindex);
	if (!hop)
		return;
	hop->gateway_seen = true;
	neighbours->nr_gateways += !hop->gateway;
	hop->gateway = true;
}

static void settle_gateway(struct neighbours *neighbours, struct hop *hop)
{
	if (hop->gateway && !hop->gateway_seen) {
		hop->gateway = false;
		neighbours->nr_gateways--;
		release(neighbours, hop);
	} else if (hop->gateway) {
		use(neighbours, hop);
	}
}

static int look_at_routes(struct neighbours *neighbours)
{
	const struct netlink_listener listener = {.route = see_gateway, .context = neighbours};
	int error;

	each_hop(neighbours, unsee);
	neighbours->routes_changed = false;
	error = netlink_dump(neighbours->netlink, NETLINK_ROUTES, &listener);
	if (error == -EINTR)
		neighbours->routes_changed = true;
	else if (error)
		return error;
	else
		each_hop(neighbours, settle_gateway);
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
	neighbours->retry = true;
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

void neighbours_look_for(struct neighbours *neighbours, uint32_t ifindex,
			 const struct sp_addr *addr)
{
	const struct hop *hop = find_hop(neighbours, addr, ifindex);

	if (!on_ours(neighbours, ifindex))
		return;
	/* Said again of one that is managed, it is looked for at once. */
	if (hop && hop->ours)
		netlink_neigh_manage(neighbours->netlink, ifindex, addr);
	else if (!hop || !hop->foreign)
		netlink_neigh_look_for(neighbours->netlink, ifindex, addr);
}

static void retry(struct neighbours *neighbours, struct hop *hop)
{
	if (hop->waiting)
		manage(neighbours, hop);
	neighbours->retry |= hop->waiting;
}

static void retry_waiting(struct neighbours *neighbours, uint64_t now_ns)
{
	neighbours->retry = false;
	each_hop(neighbours, retry);
	neighbours->retry_ns = now_ns + RETRY_NS;
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

	if (neighbours->retry && now_ns >= neighbours->retry_ns)
		retry_waiting(neighbours, now_ns);
	if (neighbours->retry)
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

int neighbours_resync(struct neighbours *neighbours, uint64_t now_ns)
{
	const struct netlink_listener listener = {.neigh = take_over, .context = neighbours};
	int error = netlink_dump(neighbours->netlink, NETLINK_NEIGHS, &listener);

	/* What changed during the dump is heard all the same. */
	if (error && error != -EINTR)
		return error;
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
	index_free_nodes(&neighbours->vms);
	index_free_nodes(&neighbours->hops);
	free(neighbours);
}

unsigned int neighbours_managed(const struct neighbours *neighbours)
{
	return neighbours->nr_ours;
}
