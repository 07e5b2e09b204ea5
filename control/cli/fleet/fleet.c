/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb that shows the edges of a fleet. */
#include <stdio.h>
#include <string.h>

#include "cli/talk/talk.h"

#define SOCKET "/run/sallyport/fleet.sock"

static bool is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* Result: seconds and milliseconds, by which a clock differs from this edge's. */
static const char *print_clock(const json_t *clock, char *text, size_t bytes)
{
	const json_t *ahead_ms = json_object_get(clock, "ahead_ms");

	if (!is_true(clock, "synchronised"))
		return "not synchronised";
	if (!json_is_integer(ahead_ms))
		return "synchronised";
	snprintf(text, bytes, "%+.3f s", (double)json_integer_value(ahead_ms) / 1000);
	return text;
}

static void print_edge(const json_t *edge)
{
	char text[32];

	printf("%-24s %-6s %7" JSON_INTEGER_FORMAT "  %s%s\n", talk_text(edge, "name"),
	       is_true(edge, "alive") ? "alive" : "lost", talk_number(edge, "behind"),
	       print_clock(json_object_get(edge, "clock"), text, sizeof(text)),
	       is_true(edge, "self") ? "  (this edge)" : "");
}

static void print_fleet(const json_t *fleet)
{
	const json_t *edges = json_object_get(fleet, "edges");
	json_t *edge;
	size_t i;

	if (is_true(fleet, "current"))
		printf("edge %s has what the store has\n", talk_text(fleet, "edge"));
	else
		printf("edge %s may lack what the store has: %s\n", talk_text(fleet, "edge"),
		       talk_text(fleet, "reason"));
	printf("%-24s %-6s %7s  %s\n", "EDGE", "STATE", "BEHIND", "CLOCK");
	json_array_foreach (edges, i, edge)
		print_edge(edge);
}

enum cli_exit fleet_show(struct cli *cli)
{
	bool adopt = talk_option(cli, "--adopt") != NULL;
	json_t *fleet = NULL;
	enum cli_exit code = talk_use_socket(cli, SOCKET);

	if (code == CLI_EXIT_OK)
		code = talk_call_json(cli, adopt ? "POST" : "GET",
				      adopt ? "/v1/fleet/adopt" : "/v1/fleet", NULL, &fleet);
	if (code == CLI_EXIT_OK && fleet)
		print_fleet(fleet);
	json_decref(fleet);
	return code;
}
