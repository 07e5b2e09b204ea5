/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "edge/put/put.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "host/addr.h"
#include "model/pools.h"

#define RETRY_MAX_S 60

static bool is_new(const struct forward *forward)
{
	return forward->public_port == 0;
}

/* Result: whether the node has a VM only now. */
static bool newly_bound(const struct put *put, const struct node *node)
{
	const struct node *before = put->build ? model_build_node(put->build, node->index) : NULL;

	return node->has_address && !(before && before->has_address);
}

static unsigned int spec_place(const struct put *put, const struct node *node)
{
	unsigned int i = 0;

	while (put->spec->nodes[i].index != node->index)
		i++;
	return i;
}

/* A build that the transaction may have only just made; NULL if it is not known. */
static const struct build *build_of(const struct put *put, uint64_t serial)
{
	const struct build *build = state_registry_find_serial(put->txn->edge->registry, serial);

	for (unsigned int i = 0; !build && i < put->txn->nr_changes; i++)
		if (put->txn->change[i].after && put->txn->change[i].after->serial == serial)
			build = put->txn->change[i].after;
	return build;
}

static bool is_at(const struct node *node, const struct forward *forward,
		  const struct endpoint *endpoint)
{
	return node->has_address && forward->port == SP_BE16(endpoint->port_be) &&
	       (forward->protocol_mask & endpoint->protocol) &&
	       memcmp(&node->address, &endpoint->addr, sizeof(endpoint->addr)) == 0;
}

/* Where in the build the endpoint is. */
static void find_place(const struct build *build, const struct endpoint *endpoint,
		       struct problem_holder *holder)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		for (unsigned int j = 0; j < node->nr_forwards; j++) {
			if (!is_at(node, &node->forwards[j], endpoint))
				continue;
			holder->node = node->index;
			snprintf(holder->forward, sizeof(holder->forward), "%s",
				 node->forwards[j].name);
		}
	}
}

/* Result: whose id it is. */
static const char *tell_holder(struct put *put, const struct endpoint *endpoint,
			       const char *address, uint64_t serial)
{
	struct problem_holder *holder = &put->txn->problem->holder;
	const struct build *build = build_of(put, serial);

	*holder = (struct problem_holder){.port = SP_BE16(endpoint->port_be)};
	snprintf(holder->address, sizeof(holder->address), "%s", address);
	snprintf(holder->build, sizeof(holder->build), "%s", build ? build->id : "?");
	if (build)
		find_place(build, endpoint, holder);
	return holder->build;
}

static int refuse_holder(struct put *put, const struct node *node, const struct forward *forward,
			 uint64_t serial)
{
	const struct endpoint endpoint = state_endpoint(node, forward);
	char pointer[64], text[ADDR_TEXT_BYTES];

	addr_format(&node->address, text);
	snprintf(pointer, sizeof(pointer), "/nodes/%u/address", spec_place(put, node));
	put_wrong(put, PROBLEM_ENDPOINT_IN_USE, pointer, "%s port %u is held by build %s", text,
		  forward->port, tell_holder(put, &endpoint, text, serial));
	return -EEXIST;
}

static bool may_replace(const struct put *put, const struct build *holder)
{
	return put->spec->supersede || txn_change_is_overdue(put->txn, holder);
}

static int replace(struct put *put, struct build *holder)
{
	if (txn_change_is_overdue(put->txn, holder))
		return txn_end(put->txn, holder, SESSION_EXPIRE, NULL);
	return txn_end(put->txn, holder, SESSION_SUPERSEDE, "supersede");
}

/* A build that this very transaction works on is no older one: it is not superseded. */
static int claim_endpoint(struct put *put, const struct node *node, const struct forward *forward)
{
	struct edge *edge = put->txn->edge;
	struct endpoint endpoint = state_endpoint(node, forward);
	uint64_t serial = state_holders_get(edge->holders, &endpoint);
	struct build *holder = serial ? state_registry_find_serial(edge->registry, serial) : NULL;
	int result = 0;

	if (serial && (!holder || holder == put->build))
		return refuse_holder(put, node, forward, serial);
	if (holder && build_is_open(txn_current(holder))) {
		if (holder->pending || !may_replace(put, holder))
			return refuse_holder(put, node, forward, serial);
		result = replace(put, holder);
	}
	return result < 0 ? result : txn_hold(put->txn, &endpoint, put->copy->serial);
}

static uint32_t retry_after_s(const struct edge *edge)
{
	uint64_t quarantine_s = edge->settings.quarantine_ns / CLOCK_SECOND_NS;

	return quarantine_s < RETRY_MAX_S ? (uint32_t)quarantine_s + 1 : RETRY_MAX_S;
}

static int refuse_full(struct put *put, enum problem_type type, const char *detail)
{
	struct problem *problem = put->txn->problem;

	json_problem_set(problem, type, "%s", detail);
	problem->retry_after_s = retry_after_s(put->txn->edge);
	return -ENOSPC;
}

/* Not given: that of the node, and for a node that has a port already the one of this. */
static const char *pool_of(const struct put *put, const struct node *node,
			   const struct forward *forward)
{
	const struct model_settings *settings = &put->txn->edge->settings;
	const struct node_spec *spec = &put->spec->nodes[spec_place(put, node)];
	const struct forward_spec *wanted = model_build_spec_node_spec_forward(spec, forward->name);
	const char *own = NULL;

	if (wanted && wanted->pool[0])
		return wanted->pool;
	if (spec->pool[0])
		return spec->pool;
	if (!is_new(&node->forwards[0]))
		own = model_pools_name(settings, node->forwards[0].public_index);
	return own ? own : POOL_DEFAULT;
}

/* 0 while any will do: neither the VM's address nor another port of the node is known. */
static unsigned int family_of(const struct node *node)
{
	if (node->has_address)
		return addr_family(&node->address);
	return is_new(&node->forwards[0]) ? 0 : addr_family(&node->forwards[0].public_addr);
}

/* Of all who may connect; 0: of both, or everybody may. */
static unsigned int allowed_family(const struct build *build)
{
	unsigned int family = build->nr_allow ? addr_family(&build->allow[0].addr) : 0;

	for (unsigned int i = 1; i < build->nr_allow; i++)
		if (addr_family(&build->allow[i].addr) != family)
			return 0;
	return family;
}

/* Where any family will do, it is that of those who may connect. Result: as model_pools_find(). */
static int find_public(const struct put *put, const struct node *node, const char *pool)
{
	const struct model_settings *settings = &put->txn->edge->settings;
	unsigned int family = family_of(node);
	int place = model_pools_find(settings, pool, family ? family : allowed_family(put->copy));

	return place < 0 && family == 0 ? model_pools_find(settings, pool, 0) : place;
}

/* One family cannot connect to the other. */
static int check_admission(struct put *put, const struct node *node, const struct sp_addr *public)
{
	unsigned int allowed = allowed_family(put->copy);
	char text[ADDR_TEXT_BYTES];

	if (allowed == 0 || allowed == addr_family(public))
		return 0;
	put_wrong(put, PROBLEM_ADMITS_NOBODY, "/allow",
		  "holds no prefix of the family of %s, the public address of node %u",
		  addr_format(public, text), node->index);
	return -EINVAL;
}

static int refuse_pool(struct put *put, const struct node *node, const struct forward *forward,
		       const char *pool)
{
	const struct model_settings *settings = &put->txn->edge->settings;
	unsigned int i = spec_place(put, node);
	const struct node_spec *spec = &put->spec->nodes[i];
	const struct forward_spec *wanted = model_build_spec_node_spec_forward(spec, forward->name);
	char pointer[64];

	if (wanted && wanted->pool[0])
		snprintf(pointer, sizeof(pointer), "/nodes/%u/forwards/%td/pool", i,
			 wanted - spec->forwards);
	else
		snprintf(pointer, sizeof(pointer), "/nodes/%u/pool", i);
	put_wrong(put, PROBLEM_INVALID, pointer,
		  model_pools_find(settings, pool, 0) < 0
			  ? "there is no pool %s"
			  : "pool %s has no address of the VM's family",
		  pool);
	return -EINVAL;
}

/* A public port that the spec names. */
struct wish {
	uint16_t port;		    /* 0: any will do */
	const struct sp_addr *addr; /* NULL: any of the pool */
	char pointer[64];
};

static struct wish wish_of(const struct put *put, const struct node *node,
			   const struct forward *forward)
{
	unsigned int i = spec_place(put, node);
	const struct node_spec *spec = &put->spec->nodes[i];
	const struct forward_spec *wanted = model_build_spec_node_spec_forward(spec, forward->name);
	struct wish wish = {.addr = spec->has_public_address ? &spec->public_address : NULL};

	if (forward == &node->forwards[0]) {
		wish.port = spec->public_port;
		snprintf(wish.pointer, sizeof(wish.pointer), "/nodes/%u/public_port", i);
	} else if (wanted) {
		wish.port = wanted->public_port;
		snprintf(wish.pointer, sizeof(wish.pointer), "/nodes/%u/forwards/%td/public_port",
			 i, wanted - spec->forwards);
	}
	return wish;
}

/* Among the addresses that share pool and family with the one at place. Result: 0 or -ENOENT. */
static int find_wish(const struct put *put, const struct wish *wish, unsigned int place,
		     uint32_t *ret_ordinal)
{
	const struct edge *edge = put->txn->edge;
	const struct model_public *publics = edge->settings.publics;

	for (unsigned int i = 0; i < edge->settings.nr_publics; i++) {
		if (strcmp(publics[i].pool, publics[place].pool) != 0 ||
		    addr_family(&publics[i].bind) != addr_family(&publics[place].bind) ||
		    (wish->addr && !sp_addr_equal(wish->addr, &publics[i].bind)))
			continue;
		if (model_ports_find(edge->ports, i, wish->port, ret_ordinal) == 0)
			return 0;
	}
	return -ENOENT;
}

static int claim_wish(struct put *put, const struct wish *wish, unsigned int place,
		      struct forward *forward)
{
	const char *pool = put->txn->edge->settings.publics[place].pool;
	uint32_t ordinal;
	int result;

	if (find_wish(put, wish, place, &ordinal) < 0) {
		put_wrong(put, PROBLEM_INVALID, wish->pointer,
			  "pool %s has no port %u on such an address", pool, wish->port);
		return -EINVAL;
	}
	result = txn_take_this_port(put->txn, ordinal, forward);
	if (result == -EBUSY) {
		put_wrong(put, PROBLEM_PORT_IN_USE, wish->pointer,
			  "public port %u is used or in quarantine", wish->port);
		return -EEXIST;
	}
	return result;
}

/* Result: the address of a prefix that the node has already, or NULL. */
static const struct sp_addr *own_address(const struct node *node, unsigned int place)
{
	for (unsigned int i = 0; i < node->nr_forwards; i++)
		if (!is_new(&node->forwards[i]) && node->forwards[i].public_index == place)
			return &node->forwards[i].public_addr;
	return NULL;
}

/* Ports that are nobody's, for where another session has the slot that a port would lead to. */
#define PORT_ELSE_FIRST 49152u

static int claim_own_port(struct put *put, const struct wish *wish, unsigned int place,
			  const struct sp_addr *addr, struct forward *forward)
{
	uint16_t port = wish->port ? wish->port : forward->port;
	int result = txn_take_own_port(put->txn, place, addr, port, forward);

	if (result == -EBUSY && wish->port) {
		put_wrong(put, PROBLEM_PORT_IN_USE, wish->pointer,
			  "public port %u of the node's address is used or in quarantine", port);
		return -EEXIST;
	}
	for (uint32_t other = PORT_ELSE_FIRST; result == -EBUSY && other <= UINT16_MAX; other++)
		result = txn_take_own_port(put->txn, place, addr, (uint16_t)other, forward);
	return result == -EBUSY ? -ENOSPC : result;
}

/* Of a prefix: the first port of a node there brings an address, which the others share. */
static int claim_own(struct put *put, const struct node *node, const struct wish *wish,
		     unsigned int place, struct forward *forward)
{
	const struct sp_addr *addr = own_address(node, place);
	uint16_t port = forward == &node->forwards[0] ? FORWARD_SSH_PORT : forward->port;

	if (wish->addr && !(addr && sp_addr_equal(wish->addr, addr))) {
		put_wrong(put, PROBLEM_INVALID, wish->pointer,
			  "pool %s gives each node an address that none had before: "
			  "public_address cannot be asked for",
			  put->txn->edge->settings.publics[place].pool);
		return -EINVAL;
	}
	return addr ? claim_own_port(put, wish, place, addr, forward)
		    : txn_take_own(put->txn, place, wish->port ? wish->port : port, forward);
}

static int claim_port(struct put *put, const struct node *node, struct forward *forward)
{
	const char *pool = pool_of(put, node, forward);
	int place = find_public(put, node, pool);
	struct wish wish = wish_of(put, node, forward);
	char detail[128];
	int result;

	if (place < 0)
		return refuse_pool(put, node, forward, pool);
	result = check_admission(put, node, &put->txn->edge->settings.publics[place].bind);
	if (result < 0)
		return result;
	if (put->txn->edge->settings.publics[place].sessions)
		result = claim_own(put, node, &wish, (unsigned int)place, forward);
	else if (wish.port)
		return claim_wish(put, &wish, (unsigned int)place, forward);
	else
		result = txn_take_port(put->txn, (uint32_t)place, forward);
	if (result != -ENOSPC)
		return result;
	snprintf(detail, sizeof(detail), "Every public port of pool %s is used or in quarantine.",
		 pool);
	return refuse_full(put, PROBLEM_NO_PORTS, detail);
}

static int claim_forward(struct put *put, const struct node *node, struct forward *forward,
			 bool bind)
{
	bool fresh = is_new(forward);
	int result = 0;

	if (!fresh && !bind)
		return 0;
	if (node->has_address)
		result = claim_endpoint(put, node, forward);
	if (result == 0 && fresh)
		result = claim_port(put, node, forward);
	if (result == 0)
		result = txn_prepare(put->txn, put->copy, node, forward);
	if (result == -ENOSPC)
		return refuse_full(put, PROBLEM_TABLE_FULL, "The table of endpoints is full.");
	return result;
}

static int claim_node(struct put *put, struct node *node)
{
	bool bind = newly_bound(put, node);
	int result = 0;

	for (unsigned int i = 0; i < node->nr_forwards && result == 0; i++)
		result = claim_forward(put, node, &node->forwards[i], bind);
	return result;
}

static int check_limit(struct put *put, unsigned int limit, char kind, const char *name,
		       const char *option)
{
	static const char *const pointers[] = {[COUNT_ALL] = "",
					       [COUNT_ACTOR] = "/actors",
					       [COUNT_ORGANISATION] = "/organisation"};
	unsigned int number = state_tally_get(put->txn->edge->tally, kind, name);

	if (limit == 0 || number <= limit)
		return 0;
	put_wrong(put, PROBLEM_OVER_LIMIT, pointers[(unsigned char)kind], "%s%slimits.%s is %u",
		  name, name[0] ? " has as many builds as allowed: " : "", option, limit);
	return -EDQUOT;
}

/* After the build was counted. */
static int check_limits(struct put *put)
{
	const struct model_settings *settings = &put->txn->edge->settings;
	const struct build *copy = put->copy;
	int result = check_limit(put, settings->builds, COUNT_ALL, "", "builds");

	for (unsigned int i = 0; i < copy->actors.nr && result == 0; i++)
		result = check_limit(put, settings->builds_per_actor, COUNT_ACTOR,
				     copy->actors.item[i], "builds_per_actor");
	if (result == 0 && copy->organisation)
		result = check_limit(put, settings->builds_per_organisation, COUNT_ORGANISATION,
				     copy->organisation, "builds_per_organisation");
	return result;
}

/* A limit lowered since must not keep a declared build from being bound. */
static bool same_names(const struct build *a, const struct build *b)
{
	bool same_organisation = a->organisation && b->organisation
					 ? strcmp(a->organisation, b->organisation) == 0
					 : a->organisation == b->organisation;

	return same_organisation && model_build_strings_equal(&a->actors, &b->actors);
}

static int claim_counts(struct put *put)
{
	int result;

	if (put->build && same_names(put->build, put->copy))
		return 0;
	result = put->build ? txn_uncount(put->txn, put->build) : 0;
	if (result == 0)
		result = txn_count(put->txn, put->copy);
	return result < 0 ? result : check_limits(put);
}

static int claim_allow(struct put *put)
{
	int result = put->build ? 0 : txn_take_allow(put->txn, put->copy);

	if (result == -ENOSPC)
		return refuse_full(
			put, PROBLEM_TABLE_FULL,
			"There are as many different allow-lists as limits.allow_lists allows.");
	return result;
}

int put_claim(struct put *put)
{
	int result = claim_allow(put);

	for (unsigned int i = 0; i < put->copy->nr_nodes && result == 0; i++)
		result = claim_node(put, &put->copy->nodes[i]);
	return result < 0 ? result : claim_counts(put);
}
