/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport list: the builds that there are, once or again and again. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fetch.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"
#include "host/addr.h"

#define IDS_LIMIT_MS 2000 /* completion waits for them while somebody types */
#define WATCH_MS     2000

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

static void add_build(const struct cli *cli, struct print_table *table, const json_t *build)
{
	char ports[64], left[24], until[WHEN_SIZE];
	const char *state = talk_text(build, "state");
	bool ended = strcmp(state, "ended") == 0;

	print_ports(build, ports, sizeof(ports));
	talk_print_cell(table, "%s", talk_text(build, "id"));
	talk_print_cell(table, "%s", talk_text(build, "title"));
	talk_print_cell(table, "%s%s%s", state, ended ? ": " : "",
			ended ? talk_text(build, "reason") : "");
	talk_print_cell(table, "%s",
			ended ? "-" : talk_print_duration(cli_fetch_left_s(build), left));
	talk_print_cell(table, "%s", talk_when_short(cli, build, "deadline", until));
	talk_print_cell(table, "%zu", json_array_size(json_object_get(build, "nodes")));
	talk_print_cell(table, "%s", ports);
}

static void print_table(const struct cli *cli, const json_t *all)
{
	static const char *const heads[] = {"ID",    "TITLE", "STATE", "LEFT",
					    "UNTIL", "NODES", "PORTS"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0]),
				    .flexible = 1 << 0 | 1 << 1 | 1 << 6,
				    .width = talk_print_width()};
	json_t *build;
	size_t i;

	for (i = 0; i < table.nr_columns; i++)
		talk_print_cell(&table, "%s", heads[i]);
	json_array_foreach (all, i, build)
		add_build(cli, &table, build);
	talk_print_table(&table, stdout);
}

static void print_json(const json_t *all)
{
	json_t *answer = json_pack("{s:O}", "builds", all);

	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(answer);
}

static void print_ids(const json_t *all)
{
	const json_t *build;
	size_t i;

	json_array_foreach (all, i, build)
		puts(talk_text(build, "id"));
}

static enum cli_exit print(const struct cli *cli, const json_t *all)
{
	if (talk_option(cli, "--watch") && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	if (cli->json)
		print_json(all);
	else if (talk_option(cli, "--ids"))
		print_ids(all);
	else
		print_table(cli, all);
	return CLI_EXIT_OK;
}

static enum cli_exit list_once(struct cli *cli)
{
	json_t *all = json_array();
	enum cli_exit code = cli_fetch_all(cli, all);

	if (code == CLI_EXIT_OK)
		code = print(cli, all);
	json_decref(all);
	return code;
}

/* Of what scripts read in JSON rates change too, which no event tells. */
static enum cli_exit list_again(struct cli *cli, struct cli_fetch *fetch)
{
	enum cli_exit code;
	const char *id;
	json_t *all, *build;

	if (cli->json)
		return list_once(cli);
	code = cli_fetch_look(cli, fetch);
	if (code != CLI_EXIT_OK)
		return code;
	all = json_array();
	json_object_foreach (fetch->builds, id, build)
		json_array_append(all, build);
	code = print(cli, all);
	json_decref(all);
	return code;
}

static enum cli_exit watch(struct cli *cli)
{
	struct cli_fetch *fetch = calloc(1, sizeof(*fetch));
	enum cli_exit code;

	if (!fetch)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = list_again(cli, fetch);
	while (code == CLI_EXIT_OK && fflush(stdout) == 0) {
		poll(NULL, 0, WATCH_MS);
		if (!isatty(STDOUT_FILENO) && !cli->json)
			putchar('\n');
		code = list_again(cli, fetch);
	}
	cli_fetch_clear(fetch);
	free(fetch);
	return code;
}

enum cli_exit cli_list(struct cli *cli)
{
	const char *address = talk_option(cli, "--address");
	struct sp_addr addr;

	if (address && addr_parse(address, &addr) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--address is an address without a port, not %s",
				 address);
	if (talk_option(cli, "--ids"))
		talk_client_set_time_limit(cli->client, IDS_LIMIT_MS);
	return talk_option(cli, "--watch") ? watch(cli) : list_once(cli);
}
