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

	fprintf(out, "Host %s-%" PRIu32 "\n", build->id, node->index);
	fprintf(out, "    HostName %s\n", connect_command_host(connect->settings, ssh));
	fprintf(out, "    Port %u\n", ssh->public_port);
	if (build->user)
		fprintf(out, "    User %s\n", build->user);
	fprintf(out, "    HostKeyAlias %s-%" PRIu32 "\n", build->id, node->index);
}

static void write_known_hosts(const struct connect *connect, const struct node *node, FILE *out)
{
	for (unsigned int i = 0; i < node->host_keys.nr; i++)
		fprintf(out, "%s-%" PRIu32 " %s\n", connect->build->id, node->index,
			node->host_keys.item[i]);
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

static json_t *make_forward(const struct connect *connect, const struct forward *forward)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:i}", "name", forward->name, "protocol",
			 forward->protocol_mask == SP_PROTOCOL_UDP ? "udp" : "tcp", "public_host",
			 connect_command_host(connect->settings, forward), "public_port",
			 forward->public_port, "port", forward->port);
}

static json_t *make_client(const struct connect_client *client)
{
	char text[ADDR_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:o, s:i}", "client", addr_format(&client->addr, text),
			 "forward", client->forward, "since",
			 json_values_time(client->since_wall_ns), "connections",
			 client->nr_connections);
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

	for (unsigned int i = 1; i < node->nr_forwards; i++)
		json_array_append_new(forwards, make_forward(connect, &node->forwards[i]));
	return json_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:o}", "index", node->index, "state",
			 model_session_node_state_name(node->state), "public_host",
			 connect_command_host(connect->settings, ssh), "public_port",
			 ssh->public_port, "ssh", ssh_string(connect, node), "forwards", forwards,
			 "clients", make_clients(connect, node));
}

static void write_json(const struct connect *connect, FILE *out)
{
	const struct build *build = connect->build;
	uint64_t left_ns =
		build_is_open(build) ? clock_left_ns(&connect->now, build->deadline_ns) : 0;
	char deadline[WALL_TIME_BYTES];
	json_t *sections = json_array(), *all;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		json_array_append_new(sections, make_section(connect, &build->nodes[i]));
	model_wall_time_print(connect_text_end_wall_ns(connect), deadline);
	all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:o, s:o, s:o, s:o, s:i}", "id",
			build->id, "title", build->title, "view", view_names[connect->view],
			"state", model_session_state_name(build->state), "deadline", deadline,
			"remaining_s", (json_int_t)(left_ns / CLOCK_SECOND_NS), "connected",
			build->connected_wall_ns != 0, "actors",
			json_values_strings(&build->actors), "key_fingerprints",
			json_values_strings(&build->key_fingerprints), "keys_as_of",
			json_values_time(build->keys_as_of_wall_ns), "nodes", sections,
			"clients_left_out", connect->clients ? (int)connect->clients->left_out : 0);
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
