/* SPDX-License-Identifier: BSD-3-Clause */
#include "connect/connect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "connect/clients.h"
#include "connect/command.h"
#include "connect/text.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/wall_time.h"
#include "json/shape.h"
#include "json/values.h"

static const char *const media_types[] = {
#define X(NAME, name, type) [CONNECT_##NAME] = type,
	CONNECT_FORMATS(X)
#undef X
};

static const char *const format_names[] = {
#define X(NAME, name, type) [CONNECT_##NAME] = #name,
	CONNECT_FORMATS(X)
#undef X
};

static const char *const view_names[] = {
	[CONNECT_ENABLE] = "enable",
	[CONNECT_WAIT] = "wait",
};

const char *connect_media_type(enum connect_format format)
{
	return media_types[format];
}

int connect_parse_view(const char *name, enum connect_view *ret_view)
{
	for (unsigned int i = 0; i < CONNECT_VIEWS_NR; i++) {
		if (strcmp(name, view_names[i]) == 0) {
			*ret_view = i;
			return 0;
		}
	}
	return -EINVAL;
}

int connect_parse_format(const char *name, enum connect_format *ret_format)
{
	for (unsigned int i = 0; i < CONNECT_FORMATS_NR; i++) {
		if (strcmp(name, format_names[i]) == 0) {
			*ret_format = i;
			return 0;
		}
	}
	return -EINVAL;
}

static void write_ssh_config(const struct connect *connect, const struct node *node, FILE *out)
{
	const struct build *build = connect->build;
	const struct forward *ssh = &node->forwards[0];
	char text[ADDR_TEXT_BYTES];

	fputs("Host ", out);
	connect_command_write_alias(build, node, out);
	fputc('\n', out);
	fprintf(out, "    HostName %s\n", connect_command_host(connect->settings, ssh, text));
	fprintf(out, "    Port %u\n", ssh->public_port);
	if (build->user)
		fprintf(out, "    User %s\n", build->user);
	fputs("    HostKeyAlias ", out);
	connect_command_write_alias(build, node, out);
	fputc('\n', out);
}

static void write_known_hosts(const struct connect *connect, const struct node *node, FILE *out)
{
	for (unsigned int i = 0; i < node->host_keys.nr; i++) {
		connect_command_write_alias(connect->build, node, out);
		fprintf(out, " %s\n", node->host_keys.item[i]);
	}
}

static json_t *ssh_string(const struct connect *connect, const struct node *node)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	json_t *string = NULL;

	if (!out)
		return NULL;
	connect_command_write(connect, node, out);
	if (fclose(out) == 0)
		string = json_string(text);
	free(text);
	return string;
}

static const struct json_shape forward_shape = {
	.name = "ConnectForward",
	.members =
		(const struct json_shape_member[]){
			{"name", JSON_SHAPE_STRING, .example = "vnc"},
			{"protocol", JSON_SHAPE_STRING, .values = "tcp|udp"},
			{"public_host", JSON_SHAPE_STRING, .example = "192.0.2.1"},
			{"public_port", JSON_SHAPE_INTEGER, .example = "64785"},
			{"port", JSON_SHAPE_INTEGER, .example = "5901", .help = "of the VM"},
			{0},
		},
};

static const struct json_shape client_shape = {
	.name = "ConnectClient",
	.help = "Somebody who is connected now",
	.members =
		(const struct json_shape_member[]){
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"since", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"connections", JSON_SHAPE_INTEGER, .example = "1"},
			{0},
		},
};

static const struct json_shape section_shape = {
	.name = "ConnectNode",
	.members =
		(const struct json_shape_member[]){
			{"index", JSON_SHAPE_INTEGER, .example = "0"},
			{"state", JSON_SHAPE_STRING,
			 .values = "reserved|pending|ready|unreachable"},
			{"public_host", JSON_SHAPE_STRING, .example = "192.0.2.1"},
			{"public_port", JSON_SHAPE_INTEGER, .example = "64784"},
			{"ssh", JSON_SHAPE_STRING,
			 .example = "ssh -p 64784 -o HostKeyAlias=48121-0 ubuntu@192.0.2.1"},
			{"forwards", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &forward_shape},
			{"clients", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST_OR_NULL,
			 .shape = &client_shape, .help = "null: not known"},
			{0},
		},
};

const struct json_shape connect_shape = {
	.name = "Connect",
	.help = "How to connect, with format=json",
	.members =
		(const struct json_shape_member[]){
			{"id", JSON_SHAPE_STRING, .example = "48121"},
			{"title", JSON_SHAPE_STRING, .example = "acme/api#48121"},
			{"view", JSON_SHAPE_STRING, .values = "enable|wait"},
			{"state", JSON_SHAPE_STRING, .values = "running|reserved|finished|ended"},
			{"deadline", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"remaining_s", JSON_SHAPE_INTEGER, .example = "1799"},
			{"connected", JSON_SHAPE_BOOLEAN, .example = "true",
			 .help = "somebody was, at some time"},
			{"actors", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST, .example = "alice"},
			{"key_fingerprints", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
			{"keys_as_of", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"nodes", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &section_shape},
			{"clients_left_out", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "of those connected now, that the nodes do not list"},
			{0},
		},
};

static json_t *make_forward(const struct connect *connect, const struct forward *forward)
{
	bool udp = forward->protocol_mask == SP_PROTOCOL_UDP;
	char text[ADDR_TEXT_BYTES];

	return JSON_SHAPE_OBJECT_OF(
		&forward_shape, json_string(forward->name), json_string(udp ? "udp" : "tcp"),
		json_string(connect_command_host(connect->settings, forward, text)),
		json_integer(forward->public_port), json_integer(forward->port));
}

static json_t *make_client(const struct connect_client *client)
{
	char text[ADDR_TEXT_BYTES];

	return JSON_SHAPE_OBJECT_OF(&client_shape, json_string(addr_format(&client->addr, text)),
				    json_string(client->forward),
				    json_values_time(client->since_wall_ns),
				    json_integer(client->nr_connections));
}

static json_t *make_clients(const struct connect *connect, const struct node *node)
{
	json_t *array;

	if (!connect->clients)
		return json_null();
	array = json_array();
	for (unsigned int i = 0; i < connect->clients->nr; i++)
		if (connect->clients->item[i].node == node->index)
			json_array_append_new(array, make_client(&connect->clients->item[i]));
	return array;
}

static json_t *make_section(const struct connect *connect, const struct node *node)
{
	const struct forward *ssh = &node->forwards[0];
	json_t *forwards = json_array();
	char text[ADDR_TEXT_BYTES];

	for (unsigned int i = 1; i < node->nr_forwards; i++)
		json_array_append_new(forwards, make_forward(connect, &node->forwards[i]));
	return JSON_SHAPE_OBJECT_OF(&section_shape, json_integer(node->index),
				    json_string(model_session_node_state_name(node->state)),
				    json_string(connect_command_host(connect->settings, ssh, text)),
				    json_integer(ssh->public_port), ssh_string(connect, node),
				    forwards, make_clients(connect, node));
}

static json_t *make_sections(const struct connect *connect)
{
	json_t *sections = json_array();

	for (unsigned int i = 0; i < connect->build->nr_nodes; i++)
		json_array_append_new(sections, make_section(connect, &connect->build->nodes[i]));
	return sections;
}

static void write_json(const struct connect *connect, FILE *out)
{
	const struct build *build = connect->build;
	uint64_t left_ns =
		build_is_open(build) ? clock_left_ns(&connect->now, build->deadline_ns) : 0;
	json_t *all = JSON_SHAPE_OBJECT_OF(
		&connect_shape, json_string(build->id), json_values_string(build->title),
		json_string(view_names[connect->view]),
		json_string(model_session_state_name(build->state)),
		json_values_time(connect_text_end_wall_ns(connect)),
		json_values_number(left_ns / CLOCK_SECOND_NS),
		json_boolean(build->connected_wall_ns != 0), json_values_strings(&build->actors),
		json_values_strings(&build->key_fingerprints),
		json_values_time(build->keys_as_of_wall_ns), make_sections(connect),
		json_integer(connect->clients ? connect->clients->left_out : 0));

	if (all)
		json_dumpf(all, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(all);
}

static void write_node(const struct connect *connect, const struct node *node,
		       enum connect_format format, FILE *out)
{
	switch (format) {
	case CONNECT_TEXT:
		connect_text_write_text(connect, node, out);
		break;
	case CONNECT_MARKDOWN:
		connect_text_write_markdown(connect, node, out);
		break;
	case CONNECT_SSH_CONFIG:
		write_ssh_config(connect, node, out);
		break;
	case CONNECT_KNOWN_HOSTS:
		write_known_hosts(connect, node, out);
		break;
	case CONNECT_JSON:
	case CONNECT_FORMATS_NR:
		break;
	}
}

void connect_write(const struct connect *connect, enum connect_format format, FILE *out)
{
	const struct build *build = connect->build;

	if (format == CONNECT_JSON) {
		write_json(connect, out);
		return;
	}
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		if (i > 0 && format != CONNECT_KNOWN_HOSTS)
			fputc('\n', out);
		write_node(connect, &build->nodes[i], format, out);
	}
}
