/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the figures of a fleet from their one table: as a manual page, or as Markdown. */
#include <stdio.h>

#include "page.h"
#include "roster/roster.h"

struct section {
	const char *title;
	const char *where; /* in the answer */
	const struct roster_figure *figures;
};

static const struct section sections[] = {
	{"the edge that was asked", "", roster_fleet},
	{"the store", "store.", roster_store},
	{"each member of the store", "store.members[].", roster_members},
	{"each edge", "edges[].", roster_edges},
};

static const char *const units[] = {
	[ROSTER_TEXT] = "text",	     [ROSTER_COUNT] = "number", [ROSTER_MS] = "ms; metrics: s",
	[ROSTER_FLAG] = "yes or no", [ROSTER_TIME] = "time",	[ROSTER_ROUTE] = "text",
};

static void print_escaped(const char *text)
{
	/* scdoc takes an underscore for underlining */
	for (; *text; text++)
		printf(*text == '_' ? "\\_" : "%c", *text);
}

static void print_manual_figure(const struct roster_figure *figure)
{
	print_escaped(figure->member);
	printf(" (%s)\n\t", units[figure->as]);
	print_escaped(figure->help);
	if (figure->metric) {
		printf(": *");
		print_escaped(figure->metric);
		printf("*");
	}
	printf(".\n\n");
}

static void print_manual(void)
{
	printf("sallyport-figures(7)\n\n# NAME\n\nsallyport-figures - what is shown of a fleet of "
	       "edges\n\n# DESCRIPTION\n\nThe members of *GET /v1/fleet* of *sallyport-fleet*(8), "
	       "and of the same in *GET /v1/status* of *sallyportd*(8), with the names that they "
	       "have as metrics. *sallyport status*, *sallyport fleet*, *sallyport top* and the "
	       "status page show them.\n\n");
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		printf("# %s\n\n", sections[s].title);
		for (const struct roster_figure *figure = sections[s].figures; figure->member;
		     figure++)
			print_manual_figure(figure);
	}
	printf("# EXAMPLES\n\nAs the edge knows it now:\n\n```\nsallyport fleet\n```\n\n"
	       "# SEE ALSO\n\n*sallyport*(1), *sallyportd*(8), *sallyport-fleet*(8)\n");
}

static void print_markdown(void)
{
	printf("# What is shown of a fleet\n\n"
	       "`sallyport-fleet` says it (`GET /v1/fleet`), and sallyportd shows it: `fleet.said` "
	       "of\n`GET /v1/status`, `sallyport status`, `sallyport top` (key f), `/metrics`, and "
	       "the status page.\nMade from `control/roster/roster.c` by `docs/fleet_page.c`; a "
	       "test compares. `sallyport_fleet_up`\nis 1 while sallyport-fleet says it; without "
	       "that nothing else of it is in the metrics. Those of\nan edge have the label "
	       "`edge`, those of a member `member`.\n");
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		printf("\n## Of %s\n\n| member | unit | means | metric |\n|---|---|---|---|\n",
		       sections[s].title);
		for (const struct roster_figure *figure = sections[s].figures; figure->member;
		     figure++)
			printf("| `%s%s` | %s | %s | %s%s%s |\n", sections[s].where, figure->member,
			       units[figure->as], figure->help, figure->metric ? "`" : "",
			       figure->metric ? figure->metric : "–", figure->metric ? "`" : "");
	}
}

int main(int argc, char **argv)
{
	return page_print(argc, argv, print_manual, print_markdown);
}
