/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport enable: a request body from options or a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk/talk.h"
#include "host/addr.h"

/* "ADDR", "ADDR:PORT", "[V6]:PORT", "V6", or "-". Result: NULL if it is none of these. */
static json_t *make_node(const char *text, size_t index)
{
	size_t len = strlen(text);
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
	char bare[ADDR_TEXT_BYTES + 2], canonical[ADDR_TEXT_BYTES];
	struct sp_addr addr;
	uint16_t port = 0;

	if (strcmp(text, "-") == 0)
		return json_pack("{s:I}", "index", (json_int_t)index);
	snprintf(bare, sizeof(bare), "%.*s", (int)(bracketed ? len - 2 : len), text + bracketed);
	if (addr_parse(bare, &addr) < 0 &&
	    (addr_endpoint_parse(text, &addr, &port) < 0 || port == 0))
		return NULL;
	if (port == 0)
		return json_pack("{s:I, s:s}", "index", (json_int_t)index, "address",
				 addr_format(&addr, canonical));
	return json_pack("{s:I, s:I, s:s}", "index", (json_int_t)index, "port", (json_int_t)port,
			 "address", addr_format(&addr, canonical));
}

static void add_text(const struct cli *cli, const char *option, const char *field, json_t *body)
{
	const char *text = talk_option(cli, option);

	if (text)
		json_object_set_new(body, field, json_string(text));
}

static enum cli_exit add_nodes(const struct cli *cli, json_t *body)
{
	json_t *nodes = json_array();

	for (size_t i = 0; i < cli->nr_given; i++) {
		const struct cli_given *given = &cli->given[i];
		json_t *node;

		if (strcmp(given->option->name, "--node") != 0)
			continue;
		node = make_node(given->value, json_array_size(nodes));
		if (!node) {
			json_decref(nodes);
			return talk_fail(CLI_EXIT_USAGE,
					 "--node is ADDR, ADDR:PORT, [ADDR]:PORT or -, not %s",
					 given->value);
		}
		add_text(cli, "--pool", "pool", node);
		json_array_append_new(nodes, node);
	}
	if (json_array_size(nodes) == 0) {
		json_decref(nodes);
		return talk_fail(CLI_EXIT_USAGE, "a node is missing: --node ADDR[:PORT]");
	}
	json_object_set_new(body, "nodes", nodes);
	return CLI_EXIT_OK;
}

/* Bits beyond the length are the API's to explain, which names the prefix that is meant. */
static enum cli_exit add_allow(const struct cli *cli, json_t *body)
{
	json_t *allow = json_array();
	enum cli_exit code = CLI_EXIT_OK;
	struct sp_prefix prefix;

	for (size_t i = 0; i < cli->nr_given && code == CLI_EXIT_OK; i++) {
		const char *value = cli->given[i].value;

		if (strcmp(cli->given[i].option->name, "--allow") != 0)
			continue;
		if (addr_prefix_parse(value, &prefix) == -EINVAL)
			code = talk_fail(CLI_EXIT_USAGE, "--allow is ADDR or ADDR/LENGTH, not %s",
					 value);
		json_array_append_new(allow, json_string(value));
	}
	if (json_array_size(allow))
		json_object_set(body, "allow", allow);
	json_decref(allow);
	return code;
}

static enum cli_exit add_duration(const struct cli *cli, const char *option, const char *field,
				  json_t *body)
{
	const char *text = talk_option(cli, option);
	unsigned long seconds;

	if (!text)
		return CLI_EXIT_OK;
	if (talk_parse_duration(text, &seconds) < 0)
		return talk_fail(CLI_EXIT_USAGE, "%s is a time such as 90, 30m or 1h30m, not %s",
				 option, text);
	json_object_set_new(body, field, json_integer((json_int_t)seconds));
	return CLI_EXIT_OK;
}

static enum cli_exit add_durations(const struct cli *cli, json_t *body)
{
	enum cli_exit code = add_duration(cli, "--linger", "linger_s", body);

	if (code == CLI_EXIT_OK)
		code = add_duration(cli, "--max-lifetime", "max_lifetime_s", body);
	if (code == CLI_EXIT_OK)
		code = add_duration(cli, "--connect-within", "connect_within_s", body);
	return code;
}

static enum cli_exit make_body(const struct cli *cli, char **ret_text)
{
	json_t *body = json_object();
	enum cli_exit code = add_nodes(cli, body);

	if (code == CLI_EXIT_OK)
		code = add_durations(cli, body);
	if (code == CLI_EXIT_OK)
		code = add_allow(cli, body);
	if (code == CLI_EXIT_OK) {
		add_text(cli, "--user", "user", body);
		add_text(cli, "--title", "title", body);
		if (talk_option(cli, "--supersede"))
			json_object_set_new(body, "supersede", json_true());
		*ret_text = json_dumps(body, JSON_COMPACT);
		if (!*ret_text)
			code = talk_fail(CLI_EXIT_REFUSED, "out of memory");
	}
	json_decref(body);
	return code;
}

static enum cli_exit read_body(const struct cli *cli, const char *file, char **ret_text)
{
	for (size_t i = 0; i < cli->nr_given; i++) {
		const char *name = cli->given[i].option->name;

		if (strcmp(name, "--socket") != 0 && strcmp(name, "--output") != 0 &&
		    strcmp(name, "--json") != 0)
			return talk_fail(CLI_EXIT_USAGE, "%s does not go with --json", name);
	}
	*ret_text = talk_read_file(file);
	if (*ret_text)
		return CLI_EXIT_OK;
	return talk_fail(CLI_EXIT_REFUSED, "cannot read %s: %s", file, strerror(errno));
}

static enum cli_exit put(struct cli *cli, const char *body)
{
	char *path = talk_build_path(cli, ""), *connect = talk_build_path(cli, "/connect");
	enum cli_exit code;
	json_t *build;

	if (!path || !connect) {
		code = talk_fail(CLI_EXIT_REFUSED, "out of memory");
	} else {
		code = talk_call_json(cli, "PUT", path, body, &build);
		if (code == CLI_EXIT_OK && build) {
			json_decref(build);
			code = talk_print_path(cli, connect);
		}
	}
	free(connect);
	free(path);
	return code;
}

enum cli_exit cli_enable(struct cli *cli)
{
	const char *file = talk_option(cli, "--json");
	char *body = NULL;
	enum cli_exit code = file ? read_body(cli, file, &body) : make_body(cli, &body);

	if (code == CLI_EXIT_OK)
		code = put(cli, body);
	free(body);
	return code;
}
