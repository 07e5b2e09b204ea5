/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport list: the builds that there are, once or again and again. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/talk/print.h"
#include "cli/talk/progress.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"

#define IDS_LIMIT_MS 2000 /* completion waits for them while somebody types */
#define WATCH_MS     2000

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
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
			ended ? "-"
			      : talk_print_duration((long)talk_number(build, "remaining_s"), left));
	talk_print_cell(table, "%s", talk_when_short(cli, build, "deadline", until));
	talk_print_cell(table, "%zu", json_array_size(json_object_get(build, "nodes")));
	talk_print_cell(table, "%s", ports);
}

static char *make_path(struct cli *cli, json_int_t after)
{
	const char *state = talk_option(cli, "--state");
	char *escaped = state ? talk_client_escape(cli->client, state) : NULL, *path;

	if (asprintf(&path, "/v1/builds?limit=250&after=%" JSON_INTEGER_FORMAT "%s%s", after,
		     escaped ? "&state=" : "", escaped ? escaped : "") < 0)
		path = NULL;
	free(escaped);
	return path;
}

static bool has_actor(const json_t *build, const char *actor)
{
	const json_t *each;
	size_t i;

	json_array_foreach (json_object_get(build, "actors"), i, each)
		if (strcmp(json_string_value(each), actor) == 0)
			return true;
	return false;
}

/* With -o json all are listed that no option leaves out, as scripts expect of the API. */
static bool is_wanted(const struct cli *cli, const json_t *build)
{
	const char *actor = talk_option(cli, "--actor");
	const char *organisation = talk_option(cli, "--organisation");
	bool hide = !cli->json && !talk_option(cli, "--all") && !talk_option(cli, "--state");

	return (!actor || has_actor(build, actor)) &&
	       (!organisation || strcmp(talk_text(build, "organisation"), organisation) == 0) &&
	       (!hide || strcmp(talk_text(build, "state"), "ended") != 0);
}

/* Adds what is wanted of one page to all. Result: CLI_EXIT_OK and *ret_next, 0 after the last. */
static enum cli_exit fetch_page(struct cli *cli, json_int_t after, json_t *all,
				json_int_t *ret_next)
{
	char *path = make_path(cli, after);
	struct client_answer answer;
	enum cli_exit code;
	json_t *page, *build;
	size_t i;

	if (!path)
		return out_of_memory();
	code = talk_call(cli, "GET", path, NULL, &answer);
	free(path);
	if (code != CLI_EXIT_OK)
		return code;
	page = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	json_array_foreach (json_object_get(page, "builds"), i, build)
		if (is_wanted(cli, build))
			json_array_append(all, build);
	*ret_next = talk_number(page, "next");
	json_decref(page);
	return CLI_EXIT_OK;
}

static enum cli_exit fetch(struct cli *cli, json_t *all)
{
	enum cli_exit code;
	json_int_t next = 0;

	do {
		code = fetch_page(cli, next, all, &next);
		talk_progress("%zu builds so far", json_array_size(all));
	} while (code == CLI_EXIT_OK && next > 0);
	talk_progress_end();
	return code;
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

static enum cli_exit list_once(struct cli *cli)
{
	json_t *all = json_array();
	enum cli_exit code = fetch(cli, all);

	if (code == CLI_EXIT_OK && talk_option(cli, "--watch") && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	if (code == CLI_EXIT_OK && cli->json)
		print_json(all);
	else if (code == CLI_EXIT_OK && talk_option(cli, "--ids"))
		print_ids(all);
	else if (code == CLI_EXIT_OK)
		print_table(cli, all);
	json_decref(all);
	return code;
}

enum cli_exit cli_list(struct cli *cli)
{
	enum cli_exit code;

	if (talk_option(cli, "--ids"))
		talk_client_set_time_limit(cli->client, IDS_LIMIT_MS);
	code = list_once(cli);
	while (code == CLI_EXIT_OK && talk_option(cli, "--watch") && fflush(stdout) == 0) {
		poll(NULL, 0, WATCH_MS);
		if (!isatty(STDOUT_FILENO) && !cli->json)
			putchar('\n');
		code = list_once(cli);
	}
	return code;
}
