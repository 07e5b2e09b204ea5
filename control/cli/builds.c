/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about builds, enable apart. */
#include <stdlib.h>
#include <string.h>

#include "cli/clients.h"
#include "cli/meant.h"
#include "cli/talk/fail.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"
#include "host/boottime.h"
#include "model/wall_time.h"

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
}

/* Looks at the build that a call has answered with. */
typedef void look(const json_t *build, const char *asked);

/*
 * Calls POST with a body and prints what view of connect says now; before that tell, if it is not
 * NULL, looks at the answer.
 */
static enum cli_exit post_and_show(struct cli *cli, const char *suffix, json_t *body, look *tell,
				   const char *asked)
{
	char *path = talk_build_path(cli, suffix), *text = json_dumps(body, JSON_COMPACT);
	char *connect = talk_build_path(cli, "/connect?view=wait");
	enum cli_exit code = CLI_EXIT_REFUSED;
	json_t *build = NULL;

	if (!path || !text || !connect)
		out_of_memory();
	else
		code = talk_call_json(cli, "POST", path, text, &build);
	if (code == CLI_EXIT_OK && build && tell)
		tell(build, asked);
	if (code == CLI_EXIT_OK && build)
		code = talk_print_path(cli, connect);
	json_decref(build);
	json_decref(body);
	free(connect);
	free(text);
	free(path);
	return code;
}

/* The API has cut the time to what can be: the linger does not start when it was said to. */
static void tell_finish(const json_t *build, const char *asked)
{
	const char *answered = talk_text(build, "finished_at");
	uint64_t asked_ns, answered_ns;

	if (model_wall_time_parse(asked, &asked_ns) < 0 ||
	    model_wall_time_parse(answered, &answered_ns) < 0 ||
	    asked_ns / NS_PER_S == answered_ns / NS_PER_S)
		return;
	if (asked_ns < answered_ns && strcmp(answered, talk_text(build, "created_at")) == 0)
		fprintf(stderr,
			"sallyport: note: The build was declared here at %s, after --at: the "
			"linger starts then.\n",
			answered);
	else
		fprintf(stderr,
			"sallyport: note: The build counts as finished at %s, not at --at: it had "
			"finished already, or --at is in the future.\n",
			answered);
}

enum cli_exit cli_builds_finish(struct cli *cli)
{
	const char *at = talk_option(cli, "--at");
	json_t *body = json_object();

	if (at)
		json_object_set_new(body, "finished_at", json_string(at));
	return post_and_show(cli, "/finish", body, at ? tell_finish : NULL, at);
}

/* Its last word may be the time that lacks its option. */
static enum cli_exit fail_extend(struct cli *cli)
{
	char meant[MEANT_BYTES];

	talk_fail_about(NULL);
	return talk_fail(
		CLI_EXIT_USAGE, "say either --by TIME or --until TIMESTAMP%s",
		talk_option(cli, "--by")
			? ""
			: cli_meant(cli->verb, cli->operands[cli->nr_operands - 1], meant));
}

enum cli_exit cli_builds_extend(struct cli *cli)
{
	const char *by = talk_option(cli, "--by"), *until = talk_option(cli, "--until");
	json_t *body;
	unsigned long seconds = 0;

	if (!by == !until)
		return fail_extend(cli);
	if (by && talk_parse_duration(by, &seconds) < 0)
		return talk_fail(CLI_EXIT_USAGE, "--by is a time such as 90, 30m or 1h30m, not %s",
				 by);
	body = by ? json_pack("{s:I}", "by_s", (json_int_t)seconds)
		  : json_pack("{s:s}", "until", until);
	return post_and_show(cli, "/extend", body, NULL, NULL);
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

static void print_build(const struct cli *cli, const json_t *build)
{
	static const char *const rows[][2] = {
		{"title", "title"},	     {"state", "state"},
		{"reason", "reason"},	     {"created", "created_at"},
		{"finished", "finished_at"}, {"connected", "connected_at"},
		{"deadline", "deadline"},
	};
	struct print_table table = {.nr_columns = 2};
	char left[24], when[WHEN_SIZE];
	json_t *node;
	size_t i;

	talk_print_cell(&table, "build");
	talk_print_cell(&table, "%s", talk_text(build, "id"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!json_is_string(json_object_get(build, rows[i][1])))
			continue;
		talk_print_cell(&table, "%s", rows[i][0]);
		talk_print_cell(&table, "%s", talk_when(cli, build, rows[i][1], when));
	}
	talk_print_cell(&table, "left");
	talk_print_cell(&table, "%s",
			talk_print_duration((long)talk_number(build, "remaining_s"), left));
	json_array_foreach (json_object_get(build, "nodes"), i, node)
		print_node(&table, node);
	talk_print_table(&table, stdout);
}

/* Gets the build and gives it to print, unless it is printed as it is with -o json. */
static enum cli_exit show(struct cli *cli,
			  void (*print)(const struct cli *cli, const json_t *build))
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
	print(cli, build);
	json_decref(build);
	return CLI_EXIT_OK;
}

enum cli_exit cli_builds_show(struct cli *cli)
{
	if (talk_option(cli, "--config"))
		return cli_check_show(cli);
	if (!cli->operand)
		return talk_fail_usage(cli->verb->name, "an argument is missing: ID");
	return show(cli, print_build);
}

/* Of host keys there may be none: to print nothing is right then, but not to say nothing. */
static enum cli_exit print_connect(struct cli *cli, const char *path, const char *format)
{
	struct client_answer answer;
	enum cli_exit code = talk_call(cli, "GET", path, NULL, &answer);

	if (code != CLI_EXIT_OK)
		return code;
	fwrite(answer.body, 1, answer.body_bytes, stdout);
	if (answer.body_bytes == 0 && format && strcmp(format, "known_hosts") == 0)
		fprintf(stderr,
			"sallyport: note: No host key of build %s is known: host_keys of its nodes "
			"say them when it is declared.\n",
			cli->operand);
	talk_client_answer_clear(&answer);
	return CLI_EXIT_OK;
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
	code = print_connect(cli, path, format);
	free(path);
	free(base);
	return code;
}
