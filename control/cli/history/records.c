/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about what was recorded: diagnose, known-hosts, connections, audit; attest apart. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cli/history/pages.h"
#include "cli/talk/fail.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
}

/* What the diagnosis is of: the connection that the answer is about, and when it was. */
static void print_latest(const struct cli *cli, const json_t *node)
{
	const json_t *latest = json_object_get(node, "latest");
	char when[WHEN_SIZE];

	if (!json_is_object(latest))
		return;
	printf("  latest of %" JSON_INTEGER_FORMAT ": from ", talk_number(node, "connections"));
	talk_print_text(stdout, talk_text(latest, "client"));
	printf(" at %s, %s, %s\n", talk_when(cli, latest, "opened_at", when),
	       json_is_true(json_object_get(latest, "accepted")) ? "accepted by the VM"
								 : "not accepted by the VM",
	       json_is_true(json_object_get(latest, "open")) ? "open now"
							     : talk_text(latest, "closed_by"));
}

static void print_diagnosis(const struct cli *cli, const json_t *node)
{
	const json_t *likely = json_object_get(node, "likely"), *step;
	size_t i;

	printf("node %" JSON_INTEGER_FORMAT ": %s\n", talk_number(node, "index"),
	       talk_text(node, "certain"));
	if (json_is_string(likely))
		printf("  likely: %s\n", json_string_value(likely));
	print_latest(cli, node);
	json_array_foreach (json_object_get(node, "next"), i, step)
		printf("  - %s\n", json_string_value(step));
}

enum cli_exit history_records_diagnose(struct cli *cli)
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
		print_diagnosis(cli, node);
	json_decref(answer);
	free(path);
	free(base);
	free(escaped);
	return code;
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
enum cli_exit history_records_known_hosts(struct cli *cli)
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

/* Bytes that nobody knows are not 0. */
static void print_bytes(struct print_table *table, const json_t *row, const char *name)
{
	if (json_is_integer(json_object_get(row, name)))
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, name));
	else
		talk_print_cell(table, "-");
}

static void print_actors(struct print_table *table, const json_t *actors)
{
	char text[256] = "";
	const json_t *actor;
	size_t i, used = 0;

	json_array_foreach (actors, i, actor) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "," : "",
					 json_string_value(actor));
		if (used >= sizeof(text))
			break;
	}
	talk_print_cell(table, "%s", text[0] ? text : "-");
}

static void print_public(struct print_table *table, const json_t *row)
{
	char text[PRINT_ENDPOINT_BYTES];

	if (json_is_string(json_object_get(row, "public_address")))
		talk_print_cell(table, "%s", talk_print_endpoint(row, "public_", text));
	else
		talk_print_cell(table, "-");
}

static size_t take_connections(const struct cli *cli, const json_t *page, void *context)
{
	struct print_table *table = context;
	char when[WHEN_SIZE];
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(page, "connections"), i, row) {
		const char *closed_by = json_string_value(json_object_get(row, "closed_by"));

		talk_print_cell(table, "%s", talk_text(row, "build"));
		print_actors(table, json_object_get(row, "actors"));
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, "node"));
		talk_print_cell(table, "%s", talk_text(row, "forward"));
		print_public(table, row);
		talk_print_cell(table, "%s", talk_text(row, "client"));
		talk_print_cell(table, "%" JSON_INTEGER_FORMAT, talk_number(row, "client_port"));
		talk_print_cell(table, "%s", talk_when(cli, row, "opened_at", when));
		talk_print_cell(table, "%s", talk_when(cli, row, "closed_at", when));
		print_bytes(table, row, "bytes_to_vm");
		print_bytes(table, row, "bytes_to_client");
		talk_print_cell(table, "%s", closed_by ? closed_by : "open");
	}
	return table->nr_cells / table->nr_columns - 1;
}

/* Prints all pages below their heads. */
static enum cli_exit list(struct cli *cli, const char *base, history_pages_taker *take,
			  const char *const *heads, struct print_table *table, bool *ret_empty)
{
	enum cli_exit code;

	for (size_t i = 0; i < table->nr_columns; i++)
		talk_print_cell(table, "%s", heads[i]);
	code = history_pages_each(cli, base, take, table);
	if (code != CLI_EXIT_OK || cli->json)
		return code;
	*ret_empty = table->nr_cells == table->nr_columns;
	talk_print_table(table, stdout);
	return CLI_EXIT_OK;
}

enum cli_exit history_records_connections(struct cli *cli)
{
	static const char *const heads[] = {"BUILD",  "ACTOR",	"NODE",	     "FORWARD",
					    "PUBLIC", "CLIENT", "PORT",	     "OPENED",
					    "CLOSED", "TO VM",	"TO CLIENT", "END"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};
	const char *public = talk_option(cli, "--public"), *at = talk_option(cli, "--at");
	bool empty = false;
	enum cli_exit code =
		list(cli, "/v1/connections?limit=1000", take_connections, heads, &table, &empty);

	if (empty && public)
		fprintf(stderr,
			"sallyport: note: No such connection is recorded; whose port it was: "
			"sallyport attest --public %s%s%s\n",
			public, at ? " --at " : "", at ? at : "");
	return code;
}

/* Names of users are those of now: an id alone is what was recorded. */
static void print_asker(struct print_table *table, const json_t *row)
{
	json_int_t uid = talk_number(row, "uid");
	const struct passwd *user;

	if (!json_is_integer(json_object_get(row, "uid"))) {
		talk_print_cell(table, "sallyportd");
		return;
	}
	user = getpwuid((uid_t)uid);
	if (user)
		talk_print_cell(table, "%s", user->pw_name);
	else
		talk_print_cell(table, "uid %" JSON_INTEGER_FORMAT, uid);
}

static size_t take_changes(const struct cli *cli, const json_t *page, void *context)
{
	struct print_table *table = context;
	char when[WHEN_SIZE];
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(page, "changes"), i, row) {
		talk_print_cell(table, "%s", talk_when(cli, row, "changed_at", when));
		talk_print_cell(table, "%s", talk_text(row, "what"));
		talk_print_cell(table, "%s", talk_text(row, "build"));
		print_asker(table, row);
	}
	return table->nr_cells / table->nr_columns - 1;
}

enum cli_exit history_records_audit(struct cli *cli)
{
	static const char *const heads[] = {"TIME", "CHANGE", "BUILD", "BY"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};
	bool empty;

	return list(cli, "/v1/audit?limit=1000", take_changes, heads, &table, &empty);
}
