/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/render.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "connect/command.h"
#include "connect/connect.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/pools.h"
#include "model/wall_time.h"
#include "table/counters.h"
#include "json/shape.h"
#include "json/values.h"

static const struct json_shape direction_shape = {
	.name = "Direction",
	.help = "What was carried one way",
	.members =
		(const struct json_shape_member[]){
			{"packets", JSON_SHAPE_INTEGER, .example = "412"},
			{"bytes", JSON_SHAPE_INTEGER, .example = "61034"},
			{"syns", JSON_SHAPE_INTEGER, .example = "2",
			 .help = "TCP connections that were begun or answered"},
			{0},
		},
};

static const struct json_shape usage_shape = {
	.name = "Usage",
	.help = "What was carried in this session",
	.members =
		(const struct json_shape_member[]){
			{"to_vm", JSON_SHAPE_OBJECT, .shape = &direction_shape},
			{"to_client", JSON_SHAPE_OBJECT, .shape = &direction_shape},
			{"last_seen_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "of the latest packet"},
			{0},
		},
};

static const struct json_shape forward_shape = {
	.name = "Forward",
	.help = "A forwarded port beside ssh",
	.members =
		(const struct json_shape_member[]){
			{"name", JSON_SHAPE_STRING, .example = "vnc"},
			{"port", JSON_SHAPE_INTEGER, .example = "5901", .help = "of the VM"},
			{"protocol", JSON_SHAPE_STRING, .values = "tcp|udp"},
			{"public_host", JSON_SHAPE_STRING, .example = "192.0.2.1"},
			{"public_port", JSON_SHAPE_INTEGER, .example = "64785"},
			{"pool", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "default"},
			{0},
		},
};

static const struct json_shape node_shape = {
	.name = "Node",
	.help = "One VM of a build, and the way in",
	.members =
		(const struct json_shape_member[]){
			{"index", JSON_SHAPE_INTEGER, .example = "0"},
			{"state", JSON_SHAPE_STRING,
			 .values = "reserved|pending|ready|unreachable"},
			{"address", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "10.0.3.7", .help = "of the VM; null until it is known"},
			{"port", JSON_SHAPE_INTEGER, .example = "22", .help = "of the VM's sshd"},
			{"public_host", JSON_SHAPE_STRING, .example = "192.0.2.1"},
			{"public_port", JSON_SHAPE_INTEGER, .example = "64784"},
			{"pool", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "default"},
			{"ssh", JSON_SHAPE_STRING,
			 .example = "ssh -p 64784 -o HostKeyAlias=48121-0 ubuntu@192.0.2.1",
			 .help = "the command, to be pasted"},
			{"host_keys", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO…"},
			{"forwards", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &forward_shape},
			{"usage", JSON_SHAPE_OBJECT, .shape = &usage_shape},
			{0},
		},
};

const struct json_shape api_render_build_shape = {
	.name = "Build",
	.help = "A build, its session and its nodes",
	.members =
		(const struct json_shape_member[]){
			{"id", JSON_SHAPE_STRING, .example = "48121"},
			{"title", JSON_SHAPE_STRING, .example = "acme/api#48121"},
			{"state", JSON_SHAPE_STRING, .values = "running|reserved|finished|ended"},
			{"reason", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .values = "expired|cancelled|unused|lifetime|superseded",
			 .help = "why it has ended"},
			{"created_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"finished_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"connected_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "of the first connection"},
			{"ended_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"deadline", JSON_SHAPE_TIME, .help = "from then on no packet passes"},
			{"remaining_s", JSON_SHAPE_INTEGER, .example = "1799"},
			{"extendable_until", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "the latest deadline there may be; null once it has ended"},
			{"linger_s", JSON_SHAPE_INTEGER, .example = "1800",
			 .help = "from the build's end on"},
			{"user", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "ubuntu"},
			{"organisation", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "acme"},
			{"actors", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST, .example = "alice"},
			{"keys_as_of", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "when the users' keys were read"},
			{"key_fingerprints", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
			{"allow", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "203.0.113.0/24", .help = "none: anybody"},
			{"usage", JSON_SHAPE_OBJECT, .shape = &usage_shape},
			{"nodes", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST, .shape = &node_shape},
			{0},
		},
};

static json_t *render_allow(const struct build *build)
{
	json_t *array = json_array();
	char text[ADDR_PREFIX_BYTES];

	for (unsigned int i = 0; i < build->nr_allow; i++)
		json_array_append_new(array,
				      json_string(addr_prefix_format(&build->allow[i], text)));
	return array;
}

static json_t *render_forward(const struct api_view *view, const struct forward *forward)
{
	bool udp = forward->protocol_mask == SP_PROTOCOL_UDP;
	char text[ADDR_TEXT_BYTES];

	return JSON_SHAPE_OBJECT_OF(
		&forward_shape, json_string(forward->name), json_integer(forward->port),
		json_string(udp ? "udp" : "tcp"),
		json_string(connect_command_host(view->settings, forward, text)),
		json_integer(forward->public_port),
		json_values_string_or_null(
			model_pools_name(view->settings, forward->public_index)));
}

static json_t *render_forwards(const struct api_view *view, const struct node *node)
{
	json_t *array = json_array();

	for (unsigned int i = 1; i < node->nr_forwards; i++)
		json_array_append_new(array, render_forward(view, &node->forwards[i]));
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
	return JSON_SHAPE_OBJECT_OF(&direction_shape, json_values_number(usage->packets[direction]),
				    json_values_number(usage->bytes[direction]),
				    json_values_number(usage->syns[direction]));
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
	return JSON_SHAPE_OBJECT_OF(&usage_shape, render_direction(&usage, SP_TOWARD_VM),
				    render_direction(&usage, SP_TOWARD_CLIENT),
				    json_values_time(seen_wall_ns));
}

static json_t *render_node(const struct api_view *view, const struct build *build,
			   const struct node *node)
{
	const struct forward *ssh = &node->forwards[0];
	char address[ADDR_TEXT_BYTES], host[ADDR_TEXT_BYTES];

	addr_format(&node->address, address);
	return JSON_SHAPE_OBJECT_OF(
		&node_shape, json_integer(node->index),
		json_string(model_session_node_state_name(node->state)),
		json_values_string_or_null(node->has_address ? address : NULL),
		json_integer(ssh->port),
		json_string(connect_command_host(view->settings, ssh, host)),
		json_integer(ssh->public_port),
		json_values_string_or_null(model_pools_name(view->settings, ssh->public_index)),
		render_ssh(view, build, node), json_values_strings(&node->host_keys),
		render_forwards(view, node), render_usage(view, build, node));
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

/* What the clock makes of an open build's times; an ended one has but its end. */
struct times {
	uint64_t deadline_wall_ns;
	uint64_t cap_wall_ns;
	uint64_t left_ns;
};

static struct times times_of(const struct api_view *view, const struct build *build)
{
	if (!build_is_open(build))
		return (struct times){.deadline_wall_ns = build->ended_wall_ns};
	return (struct times){
		.deadline_wall_ns = clock_wall_at(&view->now, build->deadline_ns),
		.cap_wall_ns = clock_wall_at(&view->now, build->cap_ns),
		.left_ns = clock_left_ns(&view->now, build->deadline_ns),
	};
}

json_t *api_render_build(const struct api_view *view, const struct build *build)
{
	const struct times times = times_of(view, build);

	return JSON_SHAPE_OBJECT_OF(
		&api_render_build_shape, json_string(build->id), json_values_string(build->title),
		json_string(model_session_state_name(build->state)),
		json_values_string_or_null(model_session_reason_name(build->reason)),
		json_values_time(build->created_wall_ns), json_values_time(build->finished_wall_ns),
		json_values_time(build->connected_wall_ns), json_values_time(build->ended_wall_ns),
		json_values_time(times.deadline_wall_ns),
		json_values_number(times.left_ns / CLOCK_SECOND_NS),
		json_values_time(times.cap_wall_ns),
		json_values_number(build->linger_ns / CLOCK_SECOND_NS),
		json_values_string_or_null(build->user),
		json_values_string_or_null(build->organisation),
		json_values_strings(&build->actors), json_values_time(build->keys_as_of_wall_ns),
		json_values_strings(&build->key_fingerprints), render_allow(build),
		render_usage(view, build, NULL), render_nodes(view, build));
}
