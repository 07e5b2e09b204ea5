/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about the edge as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fleet/print.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"
#include "json/decode.h"

static void print_connections(struct print_table *table, const json_t *connections)
{
	talk_print_cell(table, "connections");
	talk_print_cell(table,
			"%" JSON_INTEGER_FORMAT " open, %" JSON_INTEGER_FORMAT
			" since the start, %" JSON_INTEGER_FORMAT
			" not watched, %" JSON_INTEGER_FORMAT " changes wait for the journal",
			talk_number(connections, "open"), talk_number(connections, "opened"),
			talk_number(connections, "left_out"),
			talk_number(connections, "records_waiting"));
}

/* Result: bytes that both engines have sent on in a direction. */
static json_int_t sum_bytes(const json_t *status, const char *direction)
{
	const json_t *engines = json_object_get(status, "engines"), *engine;
	json_int_t sum = 0;
	const char *name;

	json_object_foreach ((json_t *)engines, name, engine)
		sum += talk_number(json_object_get(engine, "bytes"), direction);
	return sum;
}

static void print_traffic(struct print_table *table, const json_t *status)
{
	char to_vm[40], to_client[40];

	talk_print_cell(table, "carried");
	talk_print_cell(table, "%s bytes to VMs, %s to clients",
			talk_print_number(sum_bytes(status, "to_vm"), to_vm),
			talk_print_number(sum_bytes(status, "to_client"), to_client));
}

/* How many packets a worker need not have searched for (hints of the XDP program). */
static void print_hints(struct print_table *table, const json_t *status)
{
	const json_t *queue, *queues = json_object_get(status, "queues");
	long long used = 0, wrong = 0;
	char number[40], other[40];
	size_t i;

	json_array_foreach (queues, i, queue) {
		used += talk_number(json_object_get(queue, "hints"), "used");
		wrong += talk_number(json_object_get(queue, "hints"), "wrong");
	}
	if (used + wrong == 0)
		return;
	talk_print_cell(table, "found once");
	talk_print_cell(table, "%s packets of VMs, by the XDP program's hint; %s hints were wrong",
			talk_print_number(used, number), talk_print_number(wrong, other));
}

static void print_announced(struct print_table *table, const json_t *announcement)
{
	if (!json_is_object(announcement))
		return;
	talk_print_cell(table, "routes");
	if (json_is_string(json_object_get(announcement, "why")))
		talk_print_cell(table, "%s, for %s", talk_text(announcement, "announced"),
				talk_text(announcement, "why"));
	else
		talk_print_cell(table, "%s", talk_text(announcement, "announced"));
}

static void print_facts(const struct cli *cli, const json_t *status)
{
	char since[WHEN_SIZE];
	struct print_table table = {.nr_columns = 2};
	const json_t *builds = json_object_get(status, "builds");
	const json_t *ports = json_object_get(status, "ports"), *why;
	size_t i;

	talk_print_cell(&table, "edge");
	talk_print_cell(&table, "%s, sallyportd %s since %s", talk_text(status, "name"),
			talk_text(status, "version"), talk_when(cli, status, "started_at", since));
	talk_print_cell(&table, "engine");
	talk_print_cell(&table, "%s configured, %s carries now", talk_text(status, "engine"),
			talk_text(status, "carrying"));
	json_array_foreach (json_object_get(status, "left_to_xdp"), i, why) {
		talk_print_cell(&table, "left to xdp");
		talk_print_cell(&table, "because %s", json_string_value(why));
	}
	if (json_is_true(json_object_get(status, "workers_yield"))) {
		talk_print_cell(&table, "workers");
		talk_print_cell(&table, "asleep, for packets are few (dataplane.idle)");
	}
	print_announced(&table, json_object_get(status, "announcement"));
	print_traffic(&table, status);
	print_hints(&table, status);
	talk_print_cell(&table, "builds");
	talk_print_cell(&table,
			"%" JSON_INTEGER_FORMAT " reserved, %" JSON_INTEGER_FORMAT
			" running, %" JSON_INTEGER_FORMAT " finished, %" JSON_INTEGER_FORMAT
			" ended",
			talk_number(builds, "reserved"), talk_number(builds, "running"),
			talk_number(builds, "finished"), talk_number(builds, "ended"));
	talk_print_cell(&table, "ports");
	talk_print_cell(&table,
			"%" JSON_INTEGER_FORMAT " used, %" JSON_INTEGER_FORMAT
			" free, %" JSON_INTEGER_FORMAT " in quarantine",
			talk_number(ports, "used"), talk_number(ports, "free"),
			talk_number(ports, "quarantined"));
	print_connections(&table, json_object_get(status, "connections"));
	if (json_is_string(json_object_get(status, "journal_failing_since"))) {
		talk_print_cell(&table, "journal");
		talk_print_cell(&table, "cannot be written since %s: changes are refused",
				talk_when(cli, status, "journal_failing_since", since));
	}
	talk_print_table(&table, stdout);
}

static void print_interfaces(const json_t *status)
{
	const json_t *kernel = json_object_get(status, "kernel"), *interface, *warning;
	struct print_table table = {.nr_columns = 4};
	size_t i;

	talk_print_cell(&table, "INTERFACE");
	talk_print_cell(&table, "PROGRAM");
	talk_print_cell(&table, "MODE");
	talk_print_cell(&table, "LINK");
	json_array_foreach (json_object_get(kernel, "interfaces"), i, interface) {
		talk_print_cell(&table, "%s", talk_text(interface, "name"));
		talk_print_cell(&table, "%s%s", talk_text(interface, "attachment"),
				json_is_true(json_object_get(interface, "foreign")) ? " (foreign)"
										    : "");
		talk_print_cell(&table, "%s", talk_text(interface, "mode"));
		talk_print_cell(&table, "%s", talk_text(interface, "link_path"));
	}
	putchar('\n');
	talk_print_table(&table, stdout);
	json_array_foreach (json_object_get(kernel, "interfaces"), i, interface)
		if (json_is_string(json_object_get(interface, "problem")))
			printf("problem: %s\n", talk_text(interface, "problem"));
	json_array_foreach (json_object_get(kernel, "warnings"), i, warning)
		printf("warning: %s\n", json_string_value(warning));
}

static long long sum_of(const json_t *numbers)
{
	const json_t *number;
	long long sum = 0;
	size_t i;

	json_array_foreach (numbers, i, number)
		sum += json_integer_value(number);
	return sum;
}

/* A cell with how much of a whole one part has. */
static void print_share(struct print_table *table, long long whole, long long parts)
{
	if (parts > 0)
		talk_print_cell(table, "%.1f", (double)whole / (double)parts);
	else
		talk_print_cell(table, "-");
}

/* What a worker receives; how long a packet took it; how many it found waiting, where there were
 * any. */
static void print_workers(const json_t *status)
{
	const json_t *workers = json_object_get(status, "workers"), *worker;
	struct print_table table = {.nr_columns = 6};
	size_t i;

	if (json_array_size(workers) == 0)
		return;
	talk_print_cell(&table, "WORKER");
	talk_print_cell(&table, "PID");
	talk_print_cell(&table, "STATE");
	talk_print_cell(&table, "RECEIVED");
	talk_print_cell(&table, "NS/PACKET");
	talk_print_cell(&table, "BURST");
	json_array_foreach (workers, i, worker) {
		long long received = talk_number(worker, "received");
		char number[40];

		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(worker, "index"));
		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(worker, "pid"));
		talk_print_cell(&table, "%s",
				json_is_true(json_object_get(worker, "alive")) ? "alive" : "gone");
		talk_print_cell(&table, "%s", talk_print_number(received, number));
		print_share(&table, 1000 * talk_number(worker, "busy_us"), received);
		print_share(&table, received, sum_of(json_object_get(worker, "bursts")));
	}
	putchar('\n');
	talk_print_table(&table, stdout);
}

/* Those that are not zero. */
static void print_verdicts(const json_t *status)
{
	const json_t *engines = json_object_get(status, "engines");
	const json_t *xdp = json_object_get(json_object_get(engines, "xdp"), "verdicts");
	const json_t *dpdk = json_object_get(json_object_get(engines, "dpdk"), "verdicts");
	struct print_table table = {.nr_columns = 3};
	const char *name;
	json_t *value;

	talk_print_cell(&table, "VERDICT");
	talk_print_cell(&table, "XDP");
	talk_print_cell(&table, "DPDK");
	json_object_foreach ((json_t *)xdp, name, value) {
		json_int_t in_xdp = json_integer_value(value), in_dpdk = talk_number(dpdk, name);
		char text[40];

		if (in_xdp == 0 && in_dpdk == 0)
			continue;
		talk_print_cell(&table, "%s", name);
		talk_print_cell(&table, "%s", talk_print_number(in_xdp, text));
		talk_print_cell(&table, "%s", talk_print_number(in_dpdk, text));
	}
	putchar('\n');
	talk_print_table(&table, stdout);
}

enum cli_exit cli_edge_status(struct cli *cli)
{
	json_t *status;
	enum cli_exit code = talk_call_json(cli, "GET", "/v1/status", NULL, &status);

	if (code != CLI_EXIT_OK || !status)
		return code;
	print_facts(cli, status);
	print_interfaces(status);
	print_workers(status);
	fleet_print_heard(cli, json_object_get(status, "fleet"));
	print_verdicts(status);
	json_decref(status);
	return CLI_EXIT_OK;
}

/* Events on their way to stdout. */
struct follower {
	const struct cli *cli;
	char end[16];	/* why, by the line that says so; "": it has not come */
	json_int_t seq; /* of the latest event */
};

static void print_event(const struct cli *cli, const json_t *event)
{
	char when[WHEN_SIZE];

	printf("%" JSON_INTEGER_FORMAT "  %s  %s", talk_number(event, "seq"),
	       talk_when(cli, event, "time", when), talk_text(event, "type"));
	for (size_t i = 0; i < 6; i++) {
		static const char *const names[] = {"build",  "reason", "deadline",
						    "detail", "before", "why"};

		if (!json_is_string(json_object_get(event, names[i])))
			continue;
		printf("  %s=", names[i]);
		talk_print_text(stdout, i == 2 ? talk_when(cli, event, names[i], when)
					       : talk_text(event, names[i]));
	}
	putchar('\n');
}

static void take_event(void *context, const char *line)
{
	struct follower *follower = context;
	json_t *event = json_loads(line, 0, NULL);
	const char *type = json_is_object(event) ? talk_text(event, "type") : "";
	bool ended = strcmp(type, "end") == 0;

	snprintf(follower->end, sizeof(follower->end), "%s",
		 ended ? talk_text(event, "reason") : "");
	if (json_is_integer(json_object_get(event, "seq")))
		follower->seq = talk_number(event, "seq");
	if (follower->cli->json)
		puts(line);
	else if (*type && !ended && strcmp(type, "heartbeat") != 0)
		print_event(follower->cli, event);
	fflush(stdout);
	json_decref(event);
}

/* Only with --no-follow do they come to an end that was asked for. */
static enum cli_exit end_events(struct cli *cli, const struct follower *follower)
{
	if (strcmp(follower->end, "complete") == 0)
		return CLI_EXIT_OK;
	if (!follower->end[0])
		return talk_broke_off(cli);
	if (strcmp(follower->end, "stopping") != 0)
		return talk_fail(CLI_EXIT_REFUSED,
				 "the events end here: those that come next are no longer kept");
	return talk_fail(CLI_EXIT_UNREACHABLE,
			 "the events end here, as sallyportd stops; on with --since "
			 "%" JSON_INTEGER_FORMAT,
			 follower->seq);
}

enum cli_exit cli_edge_events(struct cli *cli)
{
	const char *since = talk_option(cli, "--since");
	char *escaped = since ? talk_client_escape(cli->client, since) : NULL, *path;
	struct follower follower = {.cli = cli};
	enum cli_exit code;

	if (asprintf(&path, "/v1/events?follow=%d%s%s", talk_option(cli, "--no-follow") == NULL,
		     escaped ? "&since=" : "", escaped ? escaped : "") < 0) {
		free(escaped);
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	}
	code = talk_take_lines(cli, path, take_event, &follower);
	if (code == CLI_EXIT_OK)
		code = end_events(cli, &follower);
	free(path);
	free(escaped);
	return code;
}

static void print_sync(const json_t *result)
{
	const json_t *change;
	size_t i;

	json_array_foreach (json_object_get(result, "changes"), i, change)
		printf("%s  %s\n", talk_text(change, "change"), talk_text(change, "id"));
	printf("%s%" JSON_INTEGER_FORMAT " created, %" JSON_INTEGER_FORMAT
	       " changed, %" JSON_INTEGER_FORMAT " cancelled, %" JSON_INTEGER_FORMAT
	       " unchanged, %" JSON_INTEGER_FORMAT " ended already\n",
	       json_is_true(json_object_get(result, "dry_run")) ? "would be: " : "",
	       talk_number(result, "created"), talk_number(result, "changed"),
	       talk_number(result, "cancelled"), talk_number(result, "unchanged"),
	       talk_number(result, "ended"));
}

/* The file's text with what the options say. Result: NULL and a message, or a text to be freed. */
static char *make_sync_body(const struct cli *cli)
{
	char *text = talk_read_file(cli->operand), *changed = NULL;
	char why[JSON_DECODE_WHY_BYTES];
	json_error_t error;
	json_t *body;

	if (!text) {
		talk_fail(CLI_EXIT_REFUSED, "cannot read %s: %s", cli->operand, strerror(errno));
		return NULL;
	}
	body = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	json_decode_why(&error, text, strlen(text), why);
	free(text);
	if (!json_is_object(body)) {
		talk_fail(CLI_EXIT_REFUSED, "%s is not a JSON object%s%s",
			  strcmp(cli->operand, "-") == 0 ? "stdin" : cli->operand, body ? "" : ": ",
			  body ? "" : why);
		json_decref(body);
		return NULL;
	}
	if (talk_option(cli, "--dry-run"))
		json_object_set_new(body, "dry_run", json_true());
	if (talk_option(cli, "--allow-empty"))
		json_object_set_new(body, "allow_empty", json_true());
	changed = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return changed;
}

enum cli_exit cli_edge_sync(struct cli *cli)
{
	char *body = make_sync_body(cli);
	enum cli_exit code;
	json_t *result;

	if (!body)
		return CLI_EXIT_REFUSED;
	code = talk_call_json(cli, "POST", "/v1/sync", body, &result);
	free(body);
	if (code != CLI_EXIT_OK || !result)
		return code;
	print_sync(result);
	json_decref(result);
	return CLI_EXIT_OK;
}

/* A pool has a row for each of its addresses, one behind the other. */
static void print_pool_names(const json_t *answer)
{
	const char *before = "";
	const json_t *pool;
	size_t i;

	json_array_foreach (json_object_get(answer, "pools"), i, pool) {
		if (strcmp(before, talk_text(pool, "pool")) != 0)
			puts(talk_text(pool, "pool"));
		before = talk_text(pool, "pool");
	}
}

enum cli_exit cli_edge_pools(struct cli *cli)
{
	static const char *const heads[] = {"POOL", "ADDRESS", "ADVERTISED", "TOTAL",
					    "USED", "FREE",    "QUARANTINED"};
	struct print_table table = {.nr_columns = sizeof(heads) / sizeof(heads[0])};
	json_t *answer, *pool;
	enum cli_exit code = talk_call_json(cli, "GET", "/v1/pools", NULL, &answer);
	size_t i;

	if (code != CLI_EXIT_OK || !answer)
		return code;
	if (talk_option(cli, "--names")) {
		print_pool_names(answer);
		json_decref(answer);
		return CLI_EXIT_OK;
	}
	for (i = 0; i < table.nr_columns; i++)
		talk_print_cell(&table, "%s", heads[i]);
	json_array_foreach (json_object_get(answer, "pools"), i, pool) {
		talk_print_cell(&table, "%s", talk_text(pool, "pool"));
		talk_print_cell(&table, "%s", talk_text(pool, "address"));
		talk_print_cell(&table, "%s", talk_text(pool, "advertise"));
		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(pool, "total"));
		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(pool, "used"));
		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(pool, "free"));
		talk_print_cell(&table, "%" JSON_INTEGER_FORMAT, talk_number(pool, "quarantined"));
	}
	talk_print_table(&table, stdout);
	json_decref(answer);
	return CLI_EXIT_OK;
}

enum cli_exit cli_edge_version(struct cli *cli)
{
	json_t *answer;
	enum cli_exit code;

	if (!cli->json)
		printf("sallyport %s\n", SALLYPORT_VERSION);
	code = talk_call_json(cli, "GET", "/v1/version", NULL, &answer);
	if (code != CLI_EXIT_OK || !answer)
		return code;
	printf("sallyportd %s\n", talk_text(answer, "version"));
	json_decref(answer);
	return CLI_EXIT_OK;
}
