/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about what was recorded: diagnose, attest, known-hosts, connections, audit. */
#include <stdlib.h>
#include <string.h>

#include "cli/talk/fail.h"
#include "cli/talk/print.h"
#include "cli/talk/progress.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"

#define PAGE_RECORDS 1000

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
}

static void print_diagnosis(const json_t *node)
{
	const json_t *likely = json_object_get(node, "likely"), *step;
	size_t i;

	printf("node %" JSON_INTEGER_FORMAT ": %s\n", talk_number(node, "index"),
	       talk_text(node, "certain"));
	if (json_is_string(likely))
		printf("  likely: %s\n", json_string_value(likely));
	json_array_foreach (json_object_get(node, "next"), i, step)
		printf("  - %s\n", json_string_value(step));
}

enum cli_exit cli_records_diagnose(struct cli *cli)
{
	const char *client = talk_option(cli, "--client");
	char *escaped = client ? talk_client_escape(cli->client, client) : NULL;
	char *base = talk_build_path(cli, "/diagnose"), *path = NULL;
	enum cli_exit code = CLI_EXIT_REFUSED;
	json_t *answer = NULL, *node;
	size_t i;

	if (!base ||
	    asprintf(&path, "%s%s%s", base, escaped ? "?client=" : "", escaped ? escaped : "") < 0)
		out_of_memory();
	else
		code = talk_call_json(cli, "GET", path, NULL, &answer);
	json_array_foreach (json_object_get(answer, "nodes"), i, node)
		print_diagnosis(node);
	json_decref(answer);
	free(path);
	free(base);
	free(escaped);
	return code;
}

enum cli_exit cli_records_attest(struct cli *cli)
{
	struct print_table table = {.nr_columns = 3};
	char *path = talk_build_path(cli, "/attestation"), from[WHEN_SIZE], to[WHEN_SIZE];
	json_t *answer = NULL, *client;
	enum cli_exit code;
	size_t i;

	if (!path)
		return out_of_memory();
	code = talk_call_json(cli, "GET", path, NULL, &answer);
	free(path);
	if (code != CLI_EXIT_OK || !answer)
		return code;
	printf("Build %s, open from %s to %s: %s.\n", cli->operand,
	       talk_when(cli, answer, "enabled_at", from),
	       json_is_string(json_object_get(answer, "ended_at"))
		       ? talk_when(cli, answer, "ended_at", to)
		       : "now",
	       json_is_true(json_object_get(answer, "touched")) ? "its VMs were reached"
								: "nobody reached its VMs");
	json_array_foreach (json_object_get(answer, "clients"), i, client) {
		talk_print_cell(&table, "  %s", talk_text(client, "client"));
		talk_print_cell(&table,
				"%" JSON_INTEGER_FORMAT
				" connection%s, likely %" JSON_INTEGER_FORMAT " login%s",
				talk_number(client, "connections"),
				talk_number(client, "connections") == 1 ? "" : "s",
				talk_number(client, "likely_logins"),
				talk_number(client, "likely_logins") == 1 ? "" : "s");
		talk_print_cell(&table, "%s to %s", talk_when(cli, client, "first_at", from),
				talk_when(cli, client, "last_at", to));
	}
	talk_print_table(&table, stdout);
	json_decref(answer);
	return CLI_EXIT_OK;
}

/* Prints the lines of text that begin with alias and a blank. */
static void print_keys(const char *text, const char *alias)
{
	size_t len = strlen(alias);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (strncmp(text, alias, len) == 0 && text[len] == ' ')
			printf("%.*s\n", (int)line, text);
		text += line + (text[line] == '\n');
	}
}

/* ssh asks about every host: one that is no node of ours is no error. */
enum cli_exit cli_records_known_hosts(struct cli *cli)
{
	const char *alias = cli->operand, *dash = strrchr(alias, '-');
	char *id = dash ? strndup(alias, (size_t)(dash - alias)) : NULL, *path;
	struct client_answer answer;
	int r;

	if (!dash)
		return CLI_EXIT_OK;
	cli->operand = id;
	path = id ? talk_build_path(cli, "/connect?format=known_hosts") : NULL;
	r = path ? talk_client_call(cli->client, "GET", path, NULL, &answer) : 0;
	free(path);
	free(id);
	if (!path)
		return out_of_memory();
	if (r < 0)
		return talk_fail_call(cli, r);
	if (answer.status == 200)
		print_keys(answer.body, alias);
	talk_client_answer_clear(&answer);
	return CLI_EXIT_OK;
}

static char *make_page_path(struct cli *cli, const char *base, json_int_t after)
{
	const char *build = talk_option(cli, "--build");
	char *escaped = build ? talk_client_escape(cli->client, build) : NULL, *path;

	if (asprintf(&path, "%s?limit=%d&after=%" JSON_INTEGER_FORMAT "%s%s%s", base, PAGE_RECORDS,
		     after, talk_option(cli, "--open") ? "&open=1" : "", escaped ? "&build=" : "",
		     escaped ? escaped : "") < 0)
		path = NULL;
	free(escaped);
	return path;
}

/* Gives each page of records to take, or prints it as it is with -o json. */
static enum cli_exit each_page(struct cli *cli, const char *base,
			       void (*take)(const struct cli *cli, struct print_table *table,
					    const json_t *page),
			       struct print_table *table)
{
	json_int_t after = 0;

	do {
		char *path = make_page_path(cli, base, after);
		enum cli_exit code = CLI_EXIT_REFUSED;
		json_t *page = NULL;

		if (!path)
			return out_of_memory();
		code = talk_call_json(cli, "GET", path, NULL, &page);
		free(path);
		if (code != CLI_EXIT_OK || !page)
			return code;
		take(cli, table, page);
		talk_progress("%zu records so far", table->nr_cells / table->nr_columns - 1);
		after = talk_number(page, "next");
		json_decref(page);
	} while (after > 0);
	talk_progress_end();
	talk_print_table(table, stdout);
	return CLI_EXIT_OK;
}

/* Bytes that nobody knows are not 0. */
static void print_bytes(struct print_table *table, const json_t *row, const char *name)
{
	if (json_is_integer(json_object_get(row, name)))
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, name));
	else
		talk_print_cell(table, "-");
}

static void take_connections(const struct cli *cli, struct print_table *table, const json_t *page)
{
	char when[WHEN_SIZE];
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(page, "connections"), i, row) {
		const char *closed_by = json_string_value(json_object_get(row, "closed_by"));

		talk_print_cell(table, "%s", talk_text(row, "build"));
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, "node"));
		talk_print_cell(table, "%s", talk_text(row, "forward"));
		talk_print_cell(table, "%s", talk_text(row, "client"));
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, "client_port"));
		talk_print_cell(table, "%s", talk_when(cli, row, "opened_at", when));
		talk_print_cell(table, "%s", talk_when(cli, row, "closed_at", when));
		print_bytes(table, row, "bytes_to_vm");
		print_bytes(table, row, "bytes_to_client");
		talk_print_cell(table, "%s", closed_by ? closed_by : "open");
	}
}

enum cli_exit cli_records_connections(struct cli *cli)
{
	static const char *const heads[] = {"BUILD",  "NODE",	"FORWARD", "CLIENT",	"PORT",
					    "OPENED", "CLOSED", "TO VM",   "TO CLIENT", "END"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};

	for (size_t i = 0; i < table.nr_columns; i++)
		talk_print_cell(&table, "%s", heads[i]);
	return each_page(cli, "/v1/connections", take_connections, &table);
}

static void take_changes(const struct cli *cli, struct print_table *table, const json_t *page)
{
	char when[WHEN_SIZE];
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(page, "changes"), i, row) {
		bool asked = json_is_integer(json_object_get(row, "uid"));

		talk_print_cell(table, "%s", talk_when(cli, row, "changed_at", when));
		talk_print_cell(table, "%s", talk_text(row, "what"));
		talk_print_cell(table, "%s", talk_text(row, "build"));
		if (asked)
			talk_print_cell(table,
					"uid %" JSON_INTEGER_FORMAT " pid %" JSON_INTEGER_FORMAT,
					talk_number(row, "uid"), talk_number(row, "pid"));
		else
			talk_print_cell(table, "sallyportd");
	}
}

enum cli_exit cli_records_audit(struct cli *cli)
{
	static const char *const heads[] = {"TIME", "CHANGE", "BUILD", "BY"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};

	for (size_t i = 0; i < table.nr_columns; i++)
		talk_print_cell(&table, "%s", heads[i]);
	return each_page(cli, "/v1/audit", take_changes, &table);
}
