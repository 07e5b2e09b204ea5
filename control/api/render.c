/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/render.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/call/answer.h"
#include "connect/command.h"
#include "connect/connect.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/pools.h"
#include "model/wall_time.h"
#include "table/counters.h"
#include "json/values.h"

/*
 * json_object_set_new() and json_array_append_new() take NULL for the value as a failure of their
 * own and leave the container as it is, so one check at the end is enough.
 */
static bool set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_values_string(text) : json_null();
}

static json_t *render_allow(const struct build *build)
{
	json_t *array = json_array();
	char text[ADDR_PREFIX_BYTES];

	for (unsigned int i = 0; i < build->nr_allow; i++)
		json_array_append_new(array,
				      json_string(addr_prefix_format(&build->allow[i], text)));
	return array;
}

static json_t *render_forwards(const struct api_view *view, const struct node *node)
{
	json_t *array = json_array();

	for (unsigned int i = 1; i < node->nr_forwards; i++) {
		const struct forward *forward = &node->forwards[i];
		bool udp = forward->protocol_mask == SP_PROTOCOL_UDP;

		json_array_append_new(
			array,
			json_pack("{s:s, s:i, s:s, s:s, s:i, s:s?}", "name", forward->name, "port",
				  forward->port, "protocol", udp ? "udp" : "tcp", "public_host",
				  connect_command_host(view->settings, forward), "public_port",
				  forward->public_port, "pool",
				  model_pools_name(view->settings, forward->public_index)));
	}
	return array;
}

static json_t *render_ssh(const struct api_view *view, const struct build *build,
			  const struct node *node)
{
	const struct connect connect = {
		.build = build, .settings = view->settings, .now = view->now};
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	json_t *string = NULL;

	if (!out)
		return NULL;
	connect_command_write(&connect, node, out);
	if (fclose(out) == 0)
		string = json_string(text);
	free(text);
	return string;
}

static json_t *render_direction(const struct metrics_usage *usage, enum sp_direction direction)
{
	return json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)usage->packets[direction],
			 "bytes", (json_int_t)usage->bytes[direction], "syns",
			 (json_int_t)usage->syns[direction]);
}

/* A port that is promised but not published yet has figures of whoever had it before. */
static void add_usage(const struct api_view *view, const struct build *build,
		      const struct forward *forward, struct metrics_usage *usage)
{
	if (edge_slot_serial(view->edge, forward->slot_index) == build->serial)
		table_counters_add_usage(view->table, forward, usage);
}

/* What node, or all nodes if it is NULL, have carried in this session. */
static json_t *render_usage(const struct api_view *view, const struct build *build,
			    const struct node *node)
{
	struct metrics_usage usage = {0};
	uint64_t seen_wall_ns = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *each = &build->nodes[i];

		for (unsigned int j = 0; (!node || node == each) && j < each->nr_forwards; j++)
			add_usage(view, build, &each->forwards[j], &usage);
	}
	if (usage.last_seen_ns)
		seen_wall_ns = clock_wall_at(&view->now, usage.last_seen_ns);
	return json_pack("{s:o, s:o, s:o}", "to_vm", render_direction(&usage, SP_TOWARD_VM),
			 "to_client", render_direction(&usage, SP_TOWARD_CLIENT), "last_seen_at",
			 json_values_time(seen_wall_ns));
}

static json_t *render_node(const struct api_view *view, const struct build *build,
			   const struct node *node)
{
	const struct forward *ssh = &node->forwards[0];
	json_t *object = json_object();
	char address[ADDR_TEXT_BYTES];
	bool whole;

	addr_format(&node->address, address);
	whole = set(object, "index", json_integer(node->index)) &&
		set(object, "state", json_string(model_session_node_state_name(node->state))) &&
		set(object, "address", node->has_address ? json_string(address) : json_null()) &&
		set(object, "port", json_integer(ssh->port)) &&
		set(object, "public_host",
		    json_string(connect_command_host(view->settings, ssh))) &&
		set(object, "public_port", json_integer(ssh->public_port)) &&
		set(object, "pool",
		    text_or_null(model_pools_name(view->settings, ssh->public_index))) &&
		set(object, "ssh", render_ssh(view, build, node)) &&
		set(object, "host_keys", json_values_strings(&node->host_keys)) &&
		set(object, "forwards", render_forwards(view, node)) &&
		(!view->table || set(object, "usage", render_usage(view, build, node)));
	if (whole)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *render_nodes(const struct api_view *view, const struct build *build)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		if (json_array_append_new(array, render_node(view, build, &build->nodes[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static bool set_times(const struct api_view *view, const struct build *build, json_t *object)
{
	bool open = build_is_open(build);
	uint64_t left_ns = open ? clock_left_ns(&view->now, build->deadline_ns) : 0;
	uint64_t deadline_wall_ns =
		open ? clock_wall_at(&view->now, build->deadline_ns) : build->ended_wall_ns;
	uint64_t cap_wall_ns = open ? clock_wall_at(&view->now, build->cap_ns) : 0;

	return set(object, "created_at", json_values_time(build->created_wall_ns)) &&
	       set(object, "finished_at", json_values_time(build->finished_wall_ns)) &&
	       set(object, "connected_at", json_values_time(build->connected_wall_ns)) &&
	       set(object, "ended_at", json_values_time(build->ended_wall_ns)) &&
	       set(object, "deadline", json_values_time(deadline_wall_ns)) &&
	       set(object, "remaining_s", json_integer((json_int_t)(left_ns / CLOCK_SECOND_NS))) &&
	       set(object, "extendable_until", json_values_time(cap_wall_ns)) &&
	       set(object, "linger_s",
		   json_integer((json_int_t)(build->linger_ns / CLOCK_SECOND_NS)));
}

static bool set_labels(const struct build *build, json_t *object)
{
	return set(object, "user", text_or_null(build->user)) &&
	       set(object, "organisation", text_or_null(build->organisation)) &&
	       set(object, "actors", json_values_strings(&build->actors)) &&
	       set(object, "keys_as_of", json_values_time(build->keys_as_of_wall_ns)) &&
	       set(object, "key_fingerprints", json_values_strings(&build->key_fingerprints)) &&
	       set(object, "allow", render_allow(build));
}

json_t *api_render_build(const struct api_view *view, const struct build *build)
{
	json_t *object = json_object();

	if (set(object, "id", json_string(build->id)) &&
	    set(object, "title", json_values_string(build->title)) &&
	    set(object, "state", json_string(model_session_state_name(build->state))) &&
	    set(object, "reason", text_or_null(model_session_reason_name(build->reason))) &&
	    set_times(view, build, object) && set_labels(build, object) &&
	    (!view->table || set(object, "usage", render_usage(view, build, NULL))) &&
	    set(object, "nodes", render_nodes(view, build)))
		return object;
	json_decref(object);
	return NULL;
}
