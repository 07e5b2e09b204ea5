/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about builds, enable apart. */
#include <stdlib.h>
#include <string.h>

#include "cli/clients.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"

#define IDS_LIMIT_MS 2000 /* completion waits for them while somebody types */

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
}

/* Calls POST with a body and prints what view of connect says now. */
static enum cli_exit post_and_show(struct cli *cli, const char *suffix, json_t *body)
{
	char *path = talk_build_path(cli, suffix), *text = json_dumps(body, JSON_COMPACT);
	char *connect = talk_build_path(cli, "/connect?view=wait");
	enum cli_exit code = CLI_EXIT_REFUSED;
	json_t *build = NULL;

	if (!path || !text || !connect)
		out_of_memory();
	else
		code = talk_call_json(cli, "POST", path, text, &build);
	if (code == CLI_EXIT_OK && build)
		code = talk_print_path(cli, connect);
	json_decref(build);
	json_decref(body);
	free(connect);
	free(text);
	free(path);
	return code;
}

enum cli_exit cli_builds_finish(struct cli *cli)
{
	const char *at = talk_option(cli, "--at");
	json_t *body = json_object();

	if (at)
		json_object_set_new(body, "finished_at", json_string(at));
	return post_and_show(cli, "/finish", body);
}

enum cli_exit cli_builds_extend(struct cli *cli)
{
	const char *by = talk_option(cli, "--by"), *until = talk_option(cli, "--until");
	json_t *body;
	unsigned long seconds = 0;

	if (!by == !until)
		return talk_fail(CLI_EXIT_USAGE, "say either --by TIME or --until TIME");
	if (by && talk_parse_duration(by, &seconds) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--by is a time such as 90, 30m or 1h30m, not %s",
				 by);
	body = by ? json_pack("{s:I}", "by_s", (json_int_t)seconds)
		  : json_pack("{s:s}", "until", until);
	return post_and_show(cli, "/extend", body);
}

enum cli_exit cli_builds_cancel(struct cli *cli)
{
	char *path = talk_build_path(cli, "");
	struct client_answer answer;
	enum cli_exit code;

	if (!path)
		return out_of_memory();
	code = talk_call(cli, "DELETE", path, NULL, &answer);
	free(path);
	if (code != CLI_EXIT_OK)
		return code;
	talk_client_answer_clear(&answer);
	if (!cli->json)
		printf("Build %s is cancelled: nothing gets through to its VMs any more.\n",
		       cli->operand);
	return CLI_EXIT_OK;
}

static void print_ports(const json_t *build, char *text, size_t text_bytes)
{
	json_t *nodes = json_object_get(build, "nodes"), *node;
	size_t used = 0, i;

	text[0] = '\0';
	json_array_foreach (nodes, i, node) {
		int n = snprintf(text + used, text_bytes - used, "%s%" JSON_INTEGER_FORMAT,
				 used ? "," : "", talk_number(node, "public_port"));

		if (n < 0 || used + (size_t)n + 4 >= text_bytes) {
			snprintf(text + used, text_bytes - used, "...");
			return;
		}
		used += (size_t)n;
	}
}

static void add_build(struct print_table *table, const json_t *build)
{
	char ports[64], left[24];
	const char *state = talk_text(build, "state");
	bool ended = strcmp(state, "ended") == 0;

	print_ports(build, ports, sizeof(ports));
	talk_print_cell(table, "%s", talk_text(build, "id"));
	talk_print_cell(table, "%s", talk_text(build, "title"));
	talk_print_cell(table, "%s%s%s", state, ended ? ": " : "",
			ended ? talk_text(build, "reason") : "");
	talk_print_cell(table, "%s",
			ended ? "-"
			      : talk_print_duration((long)talk_number(build, "remaining_s"), left));
	talk_print_cell(table, "%zu", json_array_size(json_object_get(build, "nodes")));
	talk_print_cell(table, "%s", ports);
}

static char *make_list_path(struct cli *cli, json_int_t after)
{
	const char *state = talk_option(cli, "--state");
	char *escaped = state ? talk_client_escape(cli->client, state) : NULL, *path;

	if (asprintf(&path, "/v1/builds?limit=250&after=%" JSON_INTEGER_FORMAT "%s%s", after,
		     escaped ? "&state=" : "", escaped ? escaped : "") < 0)
		path = NULL;
	free(escaped);
	return path;
}

/* Adds one page to all. Result: CLI_EXIT_OK and *ret_next, 0 after the last page. */
static enum cli_exit fetch_page(struct cli *cli, json_int_t after, json_t *all,
				json_int_t *ret_next)
{
	char *path = make_list_path(cli, after);
	struct client_answer answer;
	enum cli_exit code;
	json_t *page;

	if (!path)
		return out_of_memory();
	code = talk_call(cli, "GET", path, NULL, &answer);
	free(path);
	if (code != CLI_EXIT_OK)
		return code;
	page = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	json_array_extend(all, json_object_get(page, "builds"));
	*ret_next = talk_number(page, "next");
	json_decref(page);
	return CLI_EXIT_OK;
}

static void print_builds(const json_t *all)
{
	static const char *const heads[] = {"ID", "TITLE", "STATE", "LEFT", "NODES", "PORTS"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};
	json_t *build;
	size_t i;

	for (i = 0; i < table.nr_columns; i++)
		talk_print_cell(&table, "%s", heads[i]);
	json_array_foreach (all, i, build)
		add_build(&table, build);
	talk_print_table(&table, stdout);
}

static void print_ids(const json_t *all)
{
	const json_t *build;
	size_t i;

	json_array_foreach (all, i, build)
		puts(talk_text(build, "id"));
}

enum cli_exit cli_builds_list(struct cli *cli)
{
	bool ids = talk_option(cli, "--ids");
	json_t *all = json_array();
	enum cli_exit code;
	json_int_t next = 0;

	if (ids)
		talk_client_set_time_limit(cli->client, IDS_LIMIT_MS);
	do {
		code = fetch_page(cli, next, all, &next);
	} while (code == CLI_EXIT_OK && next > 0);
	if (code == CLI_EXIT_OK && cli->json) {
		json_t *answer = json_pack("{s:O}", "builds", all);

		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(answer);
	} else if (code == CLI_EXIT_OK && ids) {
		print_ids(all);
	} else if (code == CLI_EXIT_OK) {
		print_builds(all);
	}
	json_decref(all);
	return code;
}

static void print_usage(struct print_table *table, const json_t *usage)
{
	static const char *const names[] = {"to_vm", "to_client"};
	char packets[40], bytes[40];

	for (size_t i = 0; i < 2; i++) {
		const json_t *direction = json_object_get(usage, names[i]);

		talk_print_cell(table, "  %s", i == 0 ? "to the VM" : "to the client");
		talk_print_cell(table, "%s packets, %s bytes",
				talk_print_number(talk_number(direction, "packets"), packets),
				talk_print_number(talk_number(direction, "bytes"), bytes));
	}
}

static void print_node(struct print_table *table, const json_t *node)
{
	const json_t *forwards = json_object_get(node, "forwards"), *forward;
	size_t i;

	talk_print_cell(table, "node %" JSON_INTEGER_FORMAT, talk_number(node, "index"));
	talk_print_cell(table, "%s, %s port %" JSON_INTEGER_FORMAT, talk_text(node, "state"),
			talk_text(node, "address"), talk_number(node, "port"));
	talk_print_cell(table, "  ssh");
	talk_print_cell(table, "%s", talk_text(node, "ssh"));
	json_array_foreach (forwards, i, forward) {
		talk_print_cell(table, "  %s", talk_text(forward, "name"));
		talk_print_cell(
			table,
			"%s port %" JSON_INTEGER_FORMAT " (%s) to port %" JSON_INTEGER_FORMAT,
			talk_text(forward, "public_host"), talk_number(forward, "public_port"),
			talk_text(forward, "protocol"), talk_number(forward, "port"));
	}
	print_usage(table, json_object_get(node, "usage"));
}

static void print_build(const json_t *build)
{
	static const char *const rows[][2] = {
		{"title", "title"},	     {"state", "state"},
		{"reason", "reason"},	     {"created", "created_at"},
		{"finished", "finished_at"}, {"connected", "connected_at"},
		{"deadline", "deadline"},
	};
	struct print_table table = {.nr_columns = 2};
	json_t *node;
	char left[24];
	size_t i;

	talk_print_cell(&table, "build");
	talk_print_cell(&table, "%s", talk_text(build, "id"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!json_is_string(json_object_get(build, rows[i][1])))
			continue;
		talk_print_cell(&table, "%s", rows[i][0]);
		talk_print_cell(&table, "%s", talk_text(build, rows[i][1]));
	}
	talk_print_cell(&table, "left");
	talk_print_cell(&table, "%s",
			talk_print_duration((long)talk_number(build, "remaining_s"), left));
	json_array_foreach (json_object_get(build, "nodes"), i, node)
		print_node(&table, node);
	talk_print_table(&table, stdout);
}

/* Gets the build and gives it to print, unless it is printed as it is with -o json. */
static enum cli_exit show(struct cli *cli, void (*print)(const json_t *build))
{
	char *path = talk_build_path(cli, "");
	enum cli_exit code;
	json_t *build;

	if (!path)
		return out_of_memory();
	code = talk_call_json(cli, "GET", path, NULL, &build);
	free(path);
	if (code != CLI_EXIT_OK || !build)
		return code;
	print(build);
	json_decref(build);
	return CLI_EXIT_OK;
}

enum cli_exit cli_builds_show(struct cli *cli)
{
	return show(cli, print_build);
}

enum cli_exit cli_builds_connect(struct cli *cli)
{
	const char *view = talk_option(cli, "--view"), *format = talk_option(cli, "--format");
	char *base, *path = NULL;
	enum cli_exit code;

	if (talk_option(cli, "--clients"))
		return show(cli, cli_clients_print);
	base = talk_build_path(cli, "/connect");
	if (!format && cli->json)
		format = "json";
	if (!base || asprintf(&path, "%s?view=%s&format=%s", base, view ? view : "enable",
			      format ? format : "text") < 0) {
		free(base);
		return out_of_memory();
	}
	code = talk_print_path(cli, path);
	free(path);
	free(base);
	return code;
}
