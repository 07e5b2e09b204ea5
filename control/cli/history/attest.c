/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport attest: who was inside a build's VMs, or in those behind a public port at a time. */
#include <stdlib.h>

#include "cli/history/pages.h"
#include "cli/talk/fail.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"

static void print_row(struct print_table *table, const char *head, const char *text)
{
	talk_print_cell(table, "  %s", head);
	talk_print_cell(table, "%s", text);
}

static void print_owner(struct print_table *table, const json_t *answer)
{
	static const char *const names[] = {"title", "organisation"};
	const json_t *text;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text = json_object_get(answer, names[i]);
		if (json_string_length(text) > 0)
			print_row(table, names[i], json_string_value(text));
	}
	json_array_foreach (json_object_get(answer, "actors"), i, text)
		print_row(table, i ? "" : "actors", json_string_value(text));
}

static void print_lease(struct print_table *table, const json_t *lease)
{
	char public[PRINT_ENDPOINT_BYTES], vm[PRINT_ENDPOINT_BYTES];

	talk_print_cell(table, "  node %" JSON_INTEGER_FORMAT " %s", talk_number(lease, "node"),
			talk_text(lease, "forward"));
	talk_print_cell(table, "%s to %s", talk_print_endpoint(lease, "public_", public),
			json_is_string(json_object_get(lease, "address"))
				? talk_print_endpoint(lease, "", vm)
				: "no VM yet");
}

static void print_client(const struct cli *cli, struct print_table *table, const json_t *client)
{
	json_int_t connections = talk_number(client, "connections");
	json_int_t logins = talk_number(client, "likely_logins");
	char from[WHEN_SIZE], to[WHEN_SIZE];

	talk_print_cell(table, "  %s", talk_text(client, "client"));
	talk_print_cell(table,
			"%" JSON_INTEGER_FORMAT " connection%s, likely %" JSON_INTEGER_FORMAT
			" login%s",
			connections, connections == 1 ? "" : "s", logins, logins == 1 ? "" : "s");
	talk_print_cell(table, "%s to %s", talk_when(cli, client, "first_at", from),
			talk_when(cli, client, "last_at", to));
}

static void print_attestation(const struct cli *cli, const json_t *answer)
{
	struct print_table owner = {.nr_columns = 2}, clients = {.nr_columns = 3};
	char from[WHEN_SIZE], to[WHEN_SIZE];
	const json_t *item;
	size_t i;

	printf("Build %s, open from %s to %s: %s.\n", talk_text(answer, "id"),
	       talk_when(cli, answer, "enabled_at", from),
	       json_is_string(json_object_get(answer, "ended_at"))
		       ? talk_when(cli, answer, "ended_at", to)
		       : "now",
	       json_is_true(json_object_get(answer, "touched")) ? "its VMs were reached"
								: "nobody reached its VMs");
	print_owner(&owner, answer);
	json_array_foreach (json_object_get(answer, "leases"), i, item)
		print_lease(&owner, item);
	talk_print_table(&owner, stdout);
	json_array_foreach (json_object_get(answer, "clients"), i, item)
		print_client(cli, &clients, item);
	talk_print_table(&clients, stdout);
	if (talk_option(cli, "--client") && i == 0)
		printf("  %s: no connection is known of\n", talk_option(cli, "--client"));
}

static size_t take_attestations(const struct cli *cli, const json_t *page, void *context)
{
	size_t i, *nr = context;
	const json_t *attestation;

	json_array_foreach (json_object_get(page, "attestations"), i, attestation)
		print_attestation(cli, attestation);
	return *nr += i;
}

static enum cli_exit attest_by_port(struct cli *cli)
{
	size_t nr = 0;
	enum cli_exit code;

	if (!talk_option(cli, "--public"))
		return talk_fail_usage(cli->verb->name,
				       "an argument is missing: ID, or --public ADDR:PORT");
	code = history_pages_each(cli, "/v1/attestations?limit=100", take_attestations, &nr);
	if (code != CLI_EXIT_OK || cli->json || nr > 0)
		return code;
	return talk_fail(CLI_EXIT_NOT_FOUND, "no build is known that had %s%s%s",
			 talk_option(cli, "--public"), talk_option(cli, "--at") ? " at " : "",
			 talk_option(cli, "--at") ? talk_option(cli, "--at") : "");
}

static enum cli_exit attest_build(struct cli *cli)
{
	const char *client = talk_option(cli, "--client");
	char *escaped = client ? talk_client_escape(cli->client, client) : NULL;
	char *base = talk_build_path(cli, "/attestation"), *path = NULL;
	enum cli_exit code = CLI_EXIT_REFUSED;
	json_t *answer = NULL;

	if (!base || (client && !escaped) ||
	    asprintf(&path, "%s%s%s", base, client ? "?client=" : "", client ? escaped : "") < 0)
		talk_fail(code, "out of memory");
	else
		code = talk_call_json(cli, "GET", path, NULL, &answer);
	if (answer)
		print_attestation(cli, answer);
	json_decref(answer);
	free(path);
	free(base);
	free(escaped);
	return code;
}

enum cli_exit history_attest(struct cli *cli)
{
	if (!cli->operand)
		return attest_by_port(cli);
	if (talk_option(cli, "--public") || talk_option(cli, "--at"))
		return talk_fail_usage(cli->verb->name, "--public and --at are in place of an ID");
	return attest_build(cli);
}
