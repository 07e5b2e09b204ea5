/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/put/spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/addr.h>

#include "edge/state/state.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "model/build.h"
#include "model/clock.h"
#include "model/settings.h"
#include "table/hosts.h"
#include "json/problem.h"

#define USER_MAX 64

struct check {
	const struct edge *edge;
	const struct model_settings *settings;
	const struct build_spec *spec;
	const char *prefix;
	struct problem *problem;
	char pointer[128]; /* the last one made */
};

static const char *point(struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void vpoint(struct check *check, const char *format, va_list args)
{
	int used = snprintf(check->pointer, sizeof(check->pointer), "%s", check->prefix);

	vsnprintf(check->pointer + used, sizeof(check->pointer) - (size_t)used, format, args);
}

static const char *point(struct check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vpoint(check, format, args);
	va_end(args);
	return check->pointer;
}

static bool holds_controls(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* NULL is allowed. Where it stands is printed only if it is wrong, which is seldom. */
static void check_text(struct check *check, const char *text, size_t max, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void check_text(struct check *check, const char *text, size_t max, const char *format, ...)
{
	bool sized = !text || (text[0] && strlen(text) <= max);
	bool controls = text && holds_controls(text);
	va_list args;

	if (sized && !controls)
		return;
	va_start(args, format);
	vpoint(check, format, args);
	va_end(args);
	if (!sized)
		json_problem_add(check->problem, PROBLEM_INVALID, check->pointer,
				 "must have 1 to %zu bytes", max);
	if (controls)
		json_problem_add(check->problem, PROBLEM_INVALID, check->pointer,
				 "must not hold control characters");
}

/* It is put into command lines that people paste. */
static void check_user(struct check *check)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._+@-";
	const char *user = check->spec->user;
	size_t length;

	if (!user)
		return;
	length = strlen(user);
	if (length == 0 || length > USER_MAX || user[0] == '-' || strspn(user, letters) != length)
		json_problem_add(
			check->problem, PROBLEM_INVALID, point(check, "/user"),
			"must be a login name: 1 to %d of A-Z a-z 0-9 . _ + @ -, not beginning "
			"with -",
			USER_MAX);
}

static void check_strings(struct check *check, const struct strings *strings, size_t max,
			  const char *name)
{
	for (unsigned int i = 0; i < strings->nr; i++)
		check_text(check, strings->item[i], max, "/%s/%u", name, i);
}

static void check_texts(struct check *check)
{
	const struct build_spec *spec = check->spec;

	if (!model_build_id_valid(spec->id))
		json_problem_add(check->problem, PROBLEM_INVALID, point(check, "/id"),
				 "must be 1 to %d of A-Z a-z 0-9 . _ -, not beginning with . or -",
				 BUILD_ID_MAX);
	check_text(check, spec->title, BUILD_TEXT_MAX, "/title");
	check_text(check, spec->organisation, BUILD_TEXT_MAX, "/organisation");
	check_user(check);
	check_strings(check, &spec->actors, BUILD_TEXT_MAX, "actors");
	check_strings(check, &spec->key_fingerprints, BUILD_TEXT_MAX, "key_fingerprints");
}

static bool has_family(const struct model_settings *settings, const struct sp_addr *addr)
{
	for (unsigned int i = 0; i < settings->nr_publics; i++)
		if (addr_family(&settings->publics[i].bind) == addr_family(addr))
			return true;
	return false;
}

static void check_address(struct check *check, unsigned int i)
{
	const struct node_spec *node = &check->spec->nodes[i];
	char text[ADDR_TEXT_BYTES];

	if (!node->has_address)
		return;
	if (!model_settings_lead_to(check->settings, &node->address))
		json_problem_add(check->problem, PROBLEM_OUTSIDE_NETWORKS,
				 point(check, "/nodes/%u/address", i),
				 "%s is not in builds.networks", addr_format(&node->address, text));
	else if (!has_family(check->settings, &node->address))
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/address", i),
				 "no public address is of the family of %s",
				 addr_format(&node->address, text));
	else if (table_hosts_own(check->edge->table->hosts, &node->address))
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/address", i),
				 "%s is an address of this edge, not of a VM",
				 addr_format(&node->address, text));
}

static bool name_valid(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= FORWARD_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static void check_forward_name(struct check *check, unsigned int i, unsigned int j)
{
	const struct node_spec *node = &check->spec->nodes[i];
	const char *name = node->forwards[j].name;

	if (!name_valid(name))
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/forwards/%u/name", i, j),
				 "must be 1 to %d of a-z 0-9 _ -", FORWARD_NAME_MAX);
	if (strcmp(name, "ssh") == 0)
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/forwards/%u/name", i, j),
				 "ssh is the name of the node's own port");
	for (unsigned int k = 0; k < j; k++)
		if (strcmp(name, node->forwards[k].name) == 0)
			json_problem_add(check->problem, PROBLEM_INVALID,
					 point(check, "/nodes/%u/forwards/%u/name", i, j),
					 "is the name of another forward of the node");
}

static uint16_t own_port(const struct node_spec *node)
{
	return node->port ? node->port : FORWARD_SSH_PORT;
}

static void check_forward_port(struct check *check, unsigned int i, unsigned int j)
{
	const struct node_spec *node = &check->spec->nodes[i];
	const struct forward_spec *forward = &node->forwards[j];
	bool taken = forward->protocol_mask == SP_PROTOCOL_TCP && forward->port == own_port(node);

	if (forward->port == 0 || (forward->protocol_mask != SP_PROTOCOL_TCP &&
				   forward->protocol_mask != SP_PROTOCOL_UDP))
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/forwards/%u", i, j),
				 "needs a port and a protocol");
	for (unsigned int k = 0; k < j; k++)
		if (node->forwards[k].port == forward->port &&
		    node->forwards[k].protocol_mask == forward->protocol_mask)
			taken = true;
	if (taken)
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/forwards/%u/port", i, j),
				 "is forwarded for the node already");
}

static void check_forwards(struct check *check, unsigned int i)
{
	const struct node_spec *node = &check->spec->nodes[i];

	if (node->nr_forwards >= BUILD_FORWARDS_MAX) {
		json_problem_add(check->problem, PROBLEM_OVER_LIMIT,
				 point(check, "/nodes/%u/forwards", i), "at most %d a node",
				 BUILD_FORWARDS_MAX - 1);
		return;
	}
	for (unsigned int j = 0; j < node->nr_forwards; j++) {
		check_forward_name(check, i, j);
		check_forward_port(check, i, j);
	}
}

/* Two nodes are two VMs: the same endpoint twice is a mistake, found here within one build. */
static bool share_endpoint(const struct node_spec *a, const struct node_spec *b)
{
	if (!a->has_address || !b->has_address || !sp_addr_equal(&a->address, &b->address))
		return false;
	if (own_port(a) == own_port(b))
		return true;
	for (unsigned int i = 0; i < a->nr_forwards; i++) {
		if (a->forwards[i].protocol_mask == SP_PROTOCOL_TCP &&
		    a->forwards[i].port == own_port(b))
			return true;
		for (unsigned int j = 0; j < b->nr_forwards; j++)
			if (a->forwards[i].port == b->forwards[j].port &&
			    a->forwards[i].protocol_mask == b->forwards[j].protocol_mask)
				return true;
	}
	for (unsigned int j = 0; j < b->nr_forwards; j++)
		if (b->forwards[j].protocol_mask == SP_PROTOCOL_TCP &&
		    b->forwards[j].port == own_port(a))
			return true;
	return false;
}

static void check_against_others(struct check *check, unsigned int i)
{
	const struct node_spec *nodes = check->spec->nodes;

	for (unsigned int j = 0; j < i; j++) {
		if (nodes[j].index == nodes[i].index)
			json_problem_add(check->problem, PROBLEM_INVALID,
					 point(check, "/nodes/%u/index", i),
					 "is the index of another node");
		if (share_endpoint(&nodes[i], &nodes[j]))
			json_problem_add(check->problem, PROBLEM_INVALID,
					 point(check, "/nodes/%u/address", i),
					 "node %u has the same address and port", nodes[j].index);
	}
}

static void check_node(struct check *check, unsigned int i)
{
	const struct node_spec *node = &check->spec->nodes[i];

	if (node->index > BUILD_NODE_INDEX_MAX)
		json_problem_add(check->problem, PROBLEM_INVALID,
				 point(check, "/nodes/%u/index", i), "must be 0 to %d",
				 BUILD_NODE_INDEX_MAX);
	check_address(check, i);
	check_forwards(check, i);
	for (unsigned int j = 0; j < node->host_keys.nr; j++)
		check_text(check, node->host_keys.item[j], BUILD_KEY_MAX, "/nodes/%u/host_keys/%u",
			   i, j);
	check_against_others(check, i);
}

static void check_nodes(struct check *check)
{
	unsigned int max = check->settings->nodes_per_build, nr = check->spec->nr_nodes;

	if (nr == 0)
		json_problem_add(check->problem, PROBLEM_INVALID, point(check, "/nodes"),
				 "must name at least one node");
	if (max && nr > max) {
		json_problem_add(check->problem, PROBLEM_OVER_LIMIT, point(check, "/nodes"),
				 "%u nodes are more than limits.nodes_per_build, %u", nr, max);
		return;
	}
	for (unsigned int i = 0; i < nr; i++)
		check_node(check, i);
}

static void check_duration(struct check *check, uint64_t duration_ns, const char *name)
{
	if (duration_ns != BUILD_DEFAULT && duration_ns > check->settings->max_lifetime_ns)
		json_problem_add(
			check->problem, PROBLEM_OVER_LIMIT, point(check, "/%s", name),
			"more than leases.max_lifetime, %llu s",
			(unsigned long long)(check->settings->max_lifetime_ns / CLOCK_SECOND_NS));
}

static void check_durations(struct check *check)
{
	const struct build_spec *spec = check->spec;

	check_duration(check, spec->linger_ns, "linger_s");
	check_duration(check, spec->max_lifetime_ns, "max_lifetime_s");
	check_duration(check, spec->connect_within_ns, "connect_within_s");
	if (spec->max_lifetime_ns == 0)
		json_problem_add(check->problem, PROBLEM_INVALID, point(check, "/max_lifetime_s"),
				 "must be more than 0");
}

static void check_allow(struct check *check)
{
	unsigned int max = check->settings->prefixes_per_build, nr = check->spec->nr_allow;

	if (max && nr > max)
		json_problem_add(check->problem, PROBLEM_OVER_LIMIT, point(check, "/allow"),
				 "%u prefixes are more than limits.prefixes_per_build, %u", nr,
				 max);
}

int put_spec_check(const struct edge *edge, const struct build_spec *spec, const char *prefix,
		   struct problem *problem)
{
	struct check check = {edge, &edge->settings, spec, prefix, problem, ""};

	check_texts(&check);
	check_durations(&check);
	check_allow(&check);
	check_nodes(&check);
	return problem_is_set(problem) ? -EINVAL : 0;
}
