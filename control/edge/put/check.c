/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "edge/put/put.h"
#include "edge/state/state.h"
#include "host/addr.h"
#include "model/pools.h"

#define POINTER_BYTES 64

static const struct node_spec *spec_node(const struct build_spec *spec, uint32_t index)
{
	for (unsigned int i = 0; i < spec->nr_nodes; i++)
		if (spec->nodes[i].index == index)
			return &spec->nodes[i];
	return NULL;
}

static void check_terms(struct put *put)
{
	const struct build_spec *spec = put->spec;
	const struct build *build = put->build;

	if (spec->max_lifetime_ns != BUILD_DEFAULT &&
	    spec->max_lifetime_ns != build->max_lifetime_ns)
		put_wrong(put, PROBLEM_BUILD_DIFFERS, "/max_lifetime_s",
			  "cannot change once the build is declared");
	if (spec->connect_within_ns != BUILD_DEFAULT &&
	    spec->connect_within_ns != build->connect_within_ns)
		put_wrong(put, PROBLEM_BUILD_DIFFERS, "/connect_within_s",
			  "cannot change once the build is declared");
	if (spec->linger_ns != BUILD_DEFAULT && spec->linger_ns != build->linger_ns &&
	    build->state == SESSION_FINISHED)
		put_wrong(put, PROBLEM_BUILD_DIFFERS, "/linger_s",
			  "cannot change once the build has finished");
	if ((put->nr_allow || spec->everybody) &&
	    (put->nr_allow != build->nr_allow ||
	     (put->nr_allow &&
	      memcmp(put->allow, build->allow, put->nr_allow * sizeof(put->allow[0])) != 0)))
		put_wrong(put, PROBLEM_BUILD_DIFFERS, "/allow",
			  "cannot change once the build is declared");
}

static void check_missing(struct put *put)
{
	for (unsigned int i = 0; i < put->build->nr_nodes; i++)
		if (!spec_node(put->spec, put->build->nodes[i].index))
			put_wrong(put, PROBLEM_BUILD_DIFFERS, "/nodes",
				  "node %u is missing: nodes cannot be taken away",
				  put->build->nodes[i].index);
}

static void check_address(struct put *put, unsigned int i, const struct node *node)
{
	const struct node_spec *spec = &put->spec->nodes[i];
	char pointer[POINTER_BYTES], text[ADDR_TEXT_BYTES];

	if (!spec->has_address)
		return;
	snprintf(pointer, sizeof(pointer), "/nodes/%u/address", i);
	if (node->has_address && !sp_addr_equal(&node->address, &spec->address))
		put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer, "the node is bound to %s",
			  addr_format(&node->address, text));
	else if (addr_family(&node->forwards[0].public_addr) != addr_family(&spec->address))
		put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer,
			  "the node's public port is on %s, of another family",
			  addr_format(&node->forwards[0].public_addr, text));
}

static void check_port(struct put *put, unsigned int i, const struct node *node)
{
	const struct node_spec *spec = &put->spec->nodes[i];
	char pointer[POINTER_BYTES];

	if (!node->has_address || spec->port == 0 || spec->port == node->forwards[0].port)
		return;
	snprintf(pointer, sizeof(pointer), "/nodes/%u/port", i);
	put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer, "the node is bound at port %u",
		  node->forwards[0].port);
}

/* pool: as it is wanted now, "" if it is not given. */
static void check_pool(struct put *put, const char *pointer, const struct forward *forward,
		       const char *pool)
{
	const char *now = model_pools_name(&put->txn->edge->settings, forward->public_index);

	if (pool[0] && now && strcmp(pool, now) != 0)
		put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer,
			  "public port %u is of the pool %s already", forward->public_port, now);
}

/* wanted: as the spec has it, 0 if it is not given. */
static void check_public_port(struct put *put, const char *pointer, const struct forward *forward,
			      uint16_t wanted)
{
	if (wanted && wanted != forward->public_port)
		put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer, "its public port is %u",
			  forward->public_port);
}

static void check_node_public(struct put *put, unsigned int i, const struct node *node)
{
	const struct node_spec *spec = &put->spec->nodes[i];
	char pointer[POINTER_BYTES], text[ADDR_TEXT_BYTES];

	snprintf(pointer, sizeof(pointer), "/nodes/%u/public_port", i);
	check_public_port(put, pointer, &node->forwards[0], spec->public_port);
	snprintf(pointer, sizeof(pointer), "/nodes/%u/public_address", i);
	if (spec->public_port && spec->has_public_address &&
	    !sp_addr_equal(&spec->public_address, &node->forwards[0].public_addr))
		put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer, "its public port is on %s",
			  addr_format(&node->forwards[0].public_addr, text));
}

static void check_forwards(struct put *put, unsigned int i, const struct node *node)
{
	const struct node_spec *spec = &put->spec->nodes[i];
	char pointer[POINTER_BYTES];

	snprintf(pointer, sizeof(pointer), "/nodes/%u/forwards", i);
	for (unsigned int j = 1; j < node->nr_forwards && spec->nr_forwards; j++) {
		const struct forward *forward = &node->forwards[j];
		const struct forward_spec *wanted =
			model_build_spec_node_spec_forward(spec, forward->name);

		if (!wanted)
			put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer,
				  "%s is missing: forwards cannot be taken away", forward->name);
		else if (wanted->port != forward->port ||
			 wanted->protocol_mask != forward->protocol_mask)
			put_wrong(put, PROBLEM_BUILD_DIFFERS, pointer,
				  "%s leads to another port already", forward->name);
		else {
			check_pool(put, pointer, forward, wanted->pool);
			check_public_port(put, pointer, forward, wanted->public_port);
		}
	}
}

int put_check(struct put *put)
{
	char pointer[POINTER_BYTES];

	check_terms(put);
	check_missing(put);
	for (unsigned int i = 0; i < put->spec->nr_nodes; i++) {
		const struct node *node = model_build_node(put->build, put->spec->nodes[i].index);

		if (!node)
			continue;
		check_address(put, i, node);
		check_port(put, i, node);
		snprintf(pointer, sizeof(pointer), "/nodes/%u/pool", i);
		check_pool(put, pointer, &node->forwards[0], put->spec->nodes[i].pool);
		check_node_public(put, i, node);
		check_forwards(put, i, node);
	}
	return problem_is_set(put->txn->problem) ? -EEXIST : 0;
}
