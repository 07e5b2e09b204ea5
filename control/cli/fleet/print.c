/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fleet/print.h"

#include <stdio.h>

#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "cli/talk/when.h"
#include "roster/roster.h"

/* As one line: head value, head value. */
static void print_line(const char *name, const struct roster_figure *figures, const json_t *object)
{
	char text[ROSTER_TEXT_BYTES], between = ':';

	fputs(name, stdout);
	for (const struct roster_figure *figure = figures; figure->member; figure++) {
		if (!figure->head)
			continue;
		printf("%c %s ", between, figure->head);
		talk_print_text(stdout, roster_print(figure, object, text));
		between = ',';
	}
	putchar('\n');
}

static unsigned int count_columns(const struct roster_figure *figures)
{
	unsigned int nr = 0;

	for (; figures->member; figures++)
		nr += figures->head != NULL;
	return nr;
}

static void print_cells(const struct cli *cli, const struct roster_figure *figures,
			const json_t *object, struct print_table *table)
{
	char text[ROSTER_TEXT_BYTES], when[WHEN_SIZE];

	for (; figures->member; figures++) {
		if (!figures->head)
			continue;
		if (figures->as == ROSTER_TIME)
			talk_print_cell(table, "%s", talk_when(cli, object, figures->member, when));
		else
			talk_print_cell(table, "%s", roster_print(figures, object, text));
	}
}

/* One line an object, the last column as long as there is room. */
static void print_rows(const struct cli *cli, const struct roster_figure *figures,
		       const json_t *objects)
{
	struct print_table table = {.nr_columns = count_columns(figures),
				    .width = talk_print_width()};
	const json_t *object;
	size_t i;

	table.flexible = 1U << (table.nr_columns - 1);
	for (const struct roster_figure *figure = figures; figure->member; figure++)
		if (figure->head)
			talk_print_cell(&table, "%s", figure->head);
	json_array_foreach ((json_t *)objects, i, object)
		print_cells(cli, figures, object, &table);
	talk_print_table(&table, stdout);
}

void fleet_print_said(const struct cli *cli, const json_t *said)
{
	const json_t *store = json_object_get(said, "store");

	if (json_is_true(json_object_get(said, "current")))
		printf("edge %s has what the store has\n", talk_text(said, "edge"));
	else
		printf("edge %s may lack what the store has: %s\n", talk_text(said, "edge"),
		       talk_text(said, "reason"));
	print_line("fleet", roster_fleet, said);
	print_line("store", roster_store, store);
	print_rows(cli, roster_edges, json_object_get(said, "edges"));
	print_rows(cli, roster_members, json_object_get(store, "members"));
}

void fleet_print_heard(const struct cli *cli, const json_t *heard)
{
	char when[WHEN_SIZE];

	if (!json_is_object(heard))
		return;
	putchar('\n');
	if (!json_is_true(json_object_get(heard, "fresh")))
		printf("fleet: sallyport-fleet is away; it said last, at %s:\n",
		       talk_when(cli, heard, "heard_at", when));
	if (json_is_object(json_object_get(heard, "said")))
		fleet_print_said(cli, json_object_get(heard, "said"));
}
