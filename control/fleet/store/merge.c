/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/store/same.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "model/pools.h"
#include "json/problem.h"

#define RANDOM_TRIES   32
#define LIFETIME_MAX_S (366 * 24 * 3600)

struct merging {
	const struct store_merge *merge;
	struct problem *problem;
	json_t *taken; /* an object whose keys are of ports chosen for this very build */
};

static int refuse(const struct merging *merging, const char *pointer, const char *what)
{
	json_problem_add(merging->problem, PROBLEM_INVALID, pointer, "%s", what);
	return -EINVAL;
}

/* Result: whether a port of this key can be had, as far as is known. */
static bool is_free(const struct merging *merging, const char *key)
{
	return !store_mirror_has_port(merging->merge->mirror, key) &&
	       !json_object_get(merging->merge->avoid, key) &&
	       !json_object_get(merging->taken, key);
}

static bool try_port(const struct merging *merging, const struct config_public *public,
		     unsigned int number, uint16_t *ret_port)
{
	char key[STORE_KEY_BYTES];

	store_keys_port(merging->merge->config->fleet.prefix, &public->bind, (uint16_t)number, key);
	if (!is_free(merging, key))
		return false;
	json_object_set_new(merging->taken, key, json_true());
	*ret_port = (uint16_t)number;
	return true;
}

static unsigned int count_ports(const struct config_public *public)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < public->nr_ports; i++)
		count += (unsigned int)(public->ports[i].last - public->ports[i].first + 1);
	return count;
}

/* Result: the port of this place among all ranges, which there is. */
static unsigned int find_port(const struct config_public *public, unsigned int place)
{
	const struct config_range *range = public->ports;

	while (place > (unsigned int)(range->last - range->first)) {
		place -= (unsigned int)(range->last - range->first + 1);
		range++;
	}
	return range->first + place;
}

/* By chance first, so that two edges seldom choose the same; then the first that is free. */
static bool choose_of(const struct merging *merging, const struct config_public *public,
		      uint16_t *ret_port)
{
	unsigned int count = count_ports(public);

	for (unsigned int i = 0; i < RANDOM_TRIES; i++) {
		unsigned int place = (unsigned int)((unsigned long)random() % count);

		if (try_port(merging, public, find_port(public, place), ret_port))
			return true;
	}
	for (uint32_t i = 0; i < public->nr_ports; i++)
		for (unsigned int port = public->ports[i].first; port <= public->ports[i].last;
		     port++)
			if (try_port(merging, public, port, ret_port))
				return true;
	return false;
}

static bool suits(const struct config_public *public, const char *pool, const json_t *node)
{
	const char *text = json_string_value(json_object_get(node, "address"));
	const char *fixed = json_string_value(json_object_get(node, "public_address"));
	struct sp_addr addr;

	if (strcmp(public->pool, pool) != 0)
		return false;
	if (fixed)
		return addr_parse(fixed, &addr) == 0 && sp_addr_equal(&addr, &public->bind);
	return !text || addr_parse(text, &addr) != 0 ||
	       addr_family(&addr) == addr_family(&public->bind);
}

/* Gives one object, a node or a forward of it, a public port. */
static int choose(const struct merging *merging, json_t *node, json_t *object, const char *pool,
		  const char *pointer)
{
	const struct config *config = merging->merge->config;
	bool any = false;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *public = &config->public.addresses[i];
		char text[ADDR_TEXT_BYTES];
		uint16_t port;

		if (!suits(public, pool, node))
			continue;
		any = true;
		if (!choose_of(merging, public, &port))
			continue;
		json_object_set_new(object, "public_port", json_integer(port));
		json_object_set_new(node, "public_address",
				    json_string(addr_format(&public->bind, text)));
		return 0;
	}
	if (!any)
		return refuse(merging, pointer,
			      "no pool of this name has an address of the VM's family");
	json_problem_set(merging->problem, PROBLEM_NO_PORTS,
			 "Every public port of pool %s is used or rests, in the whole fleet.",
			 pool);
	return -ENOSPC;
}

static int give_forward(const struct merging *merging, json_t *node, json_t *forward,
			const char *pool, const char *pointer)
{
	const char *other = json_string_value(json_object_get(forward, "pool"));

	if (!json_is_object(forward))
		return refuse(merging, pointer, "must be an object");
	if (other && strcmp(other, pool) != 0)
		return refuse(merging, pointer, "must be of its node's pool, in a fleet");
	if (json_object_get(forward, "public_port"))
		return 0;
	return choose(merging, node, forward, pool, pointer);
}

/* An address that cannot be read would claim nothing. */
static int check_address(const struct merging *merging, const json_t *node, size_t index)
{
	const json_t *value = json_object_get(node, "address");
	const char *text = json_string_value(value);
	struct sp_addr addr;
	char pointer[96];

	if (!value || (text && addr_parse(text, &addr) == 0))
		return 0;
	snprintf(pointer, sizeof(pointer), "/nodes/%zu/address", index);
	return refuse(merging, pointer, "must be an IPv4 or IPv6 address");
}

static int give_node(const struct merging *merging, json_t *node, size_t index)
{
	const char *pool = json_string_value(json_object_get(node, "pool"));
	char pointer[96];
	size_t i;
	json_t *forward;
	int error = check_address(merging, node, index);

	pool = pool ? pool : POOL_DEFAULT;
	snprintf(pointer, sizeof(pointer), "/nodes/%zu/pool", index);
	if (!error && !json_object_get(node, "public_port"))
		error = choose(merging, node, node, pool, pointer);
	json_array_foreach (json_object_get(node, "forwards"), i, forward) {
		if (error)
			break;
		snprintf(pointer, sizeof(pointer), "/nodes/%zu/forwards/%zu", index, i);
		error = give_forward(merging, node, forward, pool, pointer);
	}
	return error;
}

static json_t *find_by(const json_t *list, const char *name, const json_t *value)
{
	size_t i;
	json_t *object;

	json_array_foreach (list, i, object)
		if (value && json_equal(json_object_get(object, name), value))
			return object;
	return NULL;
}

/* Takes over from the list as it was, by name, what the new one does not say. */
static void take_over(json_t *list, const json_t *before, const char *name, const char *inner,
		      const char *inner_name)
{
	size_t i;
	json_t *object, *mine;

	json_array_foreach (list, i, object) {
		const json_t *old = find_by(before, name, json_object_get(object, name));

		if (!old)
			continue;
		if (inner)
			take_over(json_object_get(object, inner), json_object_get(old, inner),
				  inner_name, NULL, NULL);
		mine = json_deep_copy(old); /* ports are written into it */
		json_object_update_missing(object, mine);
		json_decref(mine);
	}
}

/* A time that every edge counts alike must not hang on its own configuration. */
static void say_times(const struct store_merge *merge, json_t *body)
{
	const struct config *config = merge->config;

	if (!json_object_get(body, "max_lifetime_s"))
		json_object_set_new(
			body, "max_lifetime_s",
			json_integer((json_int_t)(config->leases.max_lifetime_ns / NS_PER_S)));
	if (!json_object_get(body, "linger_s"))
		json_object_set_new(
			body, "linger_s",
			json_integer((json_int_t)(config->leases.linger_ns / NS_PER_S)));
	json_object_set_new(body, "connect_within_s", json_integer(0));
}

static json_t *merge_body(const struct store_merge *merge)
{
	json_t *body = json_deep_copy(merge->body);

	if (body && merge->before) {
		take_over(json_object_get(body, "nodes"),
			  json_object_get(merge->before->body, "nodes"), "index", "forwards",
			  "name");
		json_object_update_missing(body, merge->before->body);
	}
	if (body) {
		say_times(merge, body);
		json_object_del(body, "supersede"); /* it was of the moment, not of the build */
	}
	return body;
}

/* Of a lifetime a second is lost by the cut to whole ones. An edge to which nobody came would end a
 * build that is in use by way of another. */
static int check_times(const struct merging *merging, const json_t *body)
{
	const json_t *lifetime = json_object_get(body, "max_lifetime_s");
	const json_t *connect = json_object_get(body, "connect_within_s");
	json_int_t seconds = json_integer_value(lifetime);

	if (lifetime && (!json_is_integer(lifetime) || seconds < 2 || seconds > LIFETIME_MAX_S))
		return refuse(
			merging, "/max_lifetime_s",
			"must be a number of seconds, 2 or more in a fleet, 366 days at most");
	if (connect && !(json_is_integer(connect) && json_integer_value(connect) == 0))
		return refuse(
			merging, "/connect_within_s",
			"cannot be asked of a fleet yet: an edge sees its own connections only");
	return 0;
}

/* Edges have counted from it: sallyportd says the same of a build of its own. */
static int check_linger(const struct merging *merging, const json_t *body)
{
	const struct record *before = merging->merge->before;
	const json_t *linger = json_object_get(body, "linger_s");

	if (!linger || !before || !before->finished_ns ||
	    json_equal(linger, json_object_get(before->body, "linger_s")))
		return 0;
	json_problem_add(merging->problem, PROBLEM_BUILD_DIFFERS, "/linger_s",
			 "cannot change once the build has finished");
	return -EINVAL;
}

/* Result: how many public ports it has, or is to have. */
static size_t count_claims(const json_t *body)
{
	const json_t *nodes = json_object_get(body, "nodes");
	size_t i, count = json_array_size(nodes);
	json_t *node;

	json_array_foreach (nodes, i, node)
		count += json_array_size(json_object_get(node, "forwards"));
	return count;
}

/* Each port beyond those it has is one more operation beside the record's: what no transaction can
 * hold is not worth the search for ports. */
static int check_size(const struct merging *merging, const json_t *body)
{
	const struct record *before = merging->merge->before;
	size_t had = before ? count_claims(before->body) : 0;

	return count_claims(body) + 1 > merging->merge->config->fleet.txn_ops + had ? -E2BIG : 0;
}

static int check(const struct merging *merging, const json_t *body)
{
	const json_t *nodes = json_object_get(body, "nodes");
	char pointer[96];
	size_t i;
	json_t *node;
	int error;

	if (!json_is_object(body))
		return refuse(merging, "", "must be an object");
	if (!json_is_array(nodes) || !json_array_size(nodes))
		return refuse(merging, "/nodes", "must be a list of one node or more");
	error = check_times(merging, body);
	if (!error)
		error = check_linger(merging, body);
	if (error)
		return error;
	json_array_foreach (nodes, i, node) {
		snprintf(pointer, sizeof(pointer), "/nodes/%zu", i);
		if (!json_is_object(node))
			return refuse(merging, pointer, "must be an object");
		if (json_object_get(node, "forwards") &&
		    !json_is_array(json_object_get(node, "forwards")))
			return refuse(merging, pointer, "forwards must be a list");
	}
	return check_size(merging, body);
}

/* What sallyportd would refuse must not be in the store even for a moment: other edges would take
 * it for another build of the same id. */
static int check_kept(const struct merging *merging, const json_t *body)
{
	const struct record *before = merging->merge->before;

	if (!before || store_same_nodes(json_object_get(body, "nodes"),
					json_object_get(before->body, "nodes")))
		return 0;
	json_problem_add(merging->problem, PROBLEM_BUILD_DIFFERS, "/nodes",
			 "a node keeps its VM and its ports once it has them");
	return -EINVAL;
}

static int give_ports(const struct merging *merging, json_t *body)
{
	size_t i;
	json_t *node;
	int error = 0;

	json_array_foreach (json_object_get(body, "nodes"), i, node) {
		error = give_node(merging, node, i);
		if (error)
			break;
	}
	return error;
}

int store_merge_make(const struct store_merge *merge, struct record **ret_record,
		     struct problem *problem)
{
	struct merging merging = {merge, problem, json_object()};
	struct record *record = calloc(1, sizeof(*record));
	int error = check(&merging, merge->body);

	if (!error)
		error = check_kept(&merging, merge->body);

	if (!error && record && merging.taken) {
		record->body = merge_body(merge);
		error = record->body ? give_ports(&merging, record->body) : -ENOMEM;
	} else if (!error) {
		error = -ENOMEM;
	}
	json_decref(merging.taken);
	if (error) {
		store_record_free(record);
		return error;
	}
	snprintf(record->id, sizeof(record->id), "%s", merge->id);
	record->created_ns = merge->before ? merge->before->created_ns : merge->now_ns;
	record->finished_ns = merge->before ? merge->before->finished_ns : 0;
	record->until_ns = merge->before ? merge->before->until_ns : 0;
	record->mod_revision = merge->before ? merge->before->mod_revision : 0;
	*ret_record = record;
	return 0;
}
