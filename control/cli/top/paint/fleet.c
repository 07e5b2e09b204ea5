/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/fleet.h"

#include <stdio.h>
#include <string.h>

#include "cli/talk/when.h"
#include "roster/roster.h"

#define COLUMNS_MAX 16

static const json_t *said_of(const struct top *top)
{
	return json_object_get(top->edge.fleet, "said");
}

static bool is_fresh(const struct top *top)
{
	return json_is_true(json_object_get(top->edge.fleet, "fresh"));
}

static bool is_current(const struct top *top)
{
	return is_fresh(top) && json_is_true(json_object_get(said_of(top), "current"));
}

void paint_fleet_brief(const struct top *top, struct top_page *page, unsigned int y, unsigned int x)
{
	const json_t *edges = json_object_get(said_of(top), "edges"), *edge;
	size_t i, alive = 0, nr = json_array_size(edges);
	bool well;

	if (!json_is_object(top->edge.fleet))
		return;
	json_array_foreach ((json_t *)edges, i, edge)
		alive += json_is_true(json_object_get(edge, "alive"));
	well = is_current(top) && alive == nr;
	paint_page_print(page, y, x, (int)page->width, well ? TOP_PLAIN : TOP_BAD,
			 "  fleet: %zu of %zu edges%s", alive, nr,
			 !is_fresh(top)	    ? ", away"
			 : !is_current(top) ? ", not current"
					    : "");
}

static const char *print(const struct top *top, const struct roster_figure *figure,
			 const json_t *object, char text[ROSTER_TEXT_BYTES])
{
	char when[WHEN_SIZE];

	if (figure->as != ROSTER_TIME)
		return roster_print(figure, object, text);
	snprintf(text, ROSTER_TEXT_BYTES, "%s",
		 talk_when_short(top->cli, object, figure->member, when));
	return text;
}

/* One value a line would need too many: head value, head value. */
static void paint_line(const struct top *top, const char *name, const struct roster_figure *figures,
		       const json_t *object, struct top_page *page, unsigned int y)
{
	char text[ROSTER_TEXT_BYTES];
	unsigned int x = paint_page_put(page, y, 0, (int)page->width, TOP_STRONG, name);

	for (; figures->member; figures++)
		if (figures->head)
			x += paint_page_print(page, y, x, (int)page->width, TOP_PLAIN, "  %s %s",
					      figures->head, print(top, figures, object, text));
}

/* The widest of each column. */
static void measure(const struct top *top, const struct roster_figure *figures,
		    const json_t *objects, int widths[COLUMNS_MAX])
{
	char text[ROSTER_TEXT_BYTES];

	for (size_t c = 0; figures[c].member && c < COLUMNS_MAX; c++) {
		const json_t *object;
		size_t i;

		widths[c] = figures[c].head ? (int)strlen(figures[c].head) : 0;
		json_array_foreach ((json_t *)objects, i, object) {
			int width = (int)strlen(print(top, &figures[c], object, text));

			if (figures[c].head && width > widths[c])
				widths[c] = width;
		}
	}
}

/* A line of one object; of the heads if it is NULL. */
static void paint_row(const struct top *top, const struct roster_figure *figures,
		      const json_t *object, const int widths[COLUMNS_MAX], struct top_page *page,
		      unsigned int y, enum top_style style)
{
	char text[ROSTER_TEXT_BYTES];
	unsigned int x = 0;

	for (size_t c = 0; figures[c].member && c < COLUMNS_MAX; c++) {
		if (!figures[c].head)
			continue;
		paint_page_put(page, y, x, widths[c], style,
			       object ? print(top, &figures[c], object, text) : figures[c].head);
		x += (unsigned int)widths[c] + 1;
	}
}

/* Result: the line behind it. */
static unsigned int paint_rows(const struct top *top, const struct roster_figure *figures,
			       const json_t *objects, const char *well, struct top_page *page,
			       unsigned int y)
{
	int widths[COLUMNS_MAX];
	const json_t *object;
	size_t i;

	measure(top, figures, objects, widths);
	paint_row(top, figures, NULL, widths, page, y, TOP_TITLE);
	paint_page_style_line(page, y++, TOP_TITLE);
	json_array_foreach ((json_t *)objects, i, object)
		paint_row(top, figures, object, widths, page, y++,
			  json_is_true(json_object_get(object, well)) ? TOP_PLAIN : TOP_BAD);
	return y;
}

void paint_fleet_show(const struct top *top, struct top_page *page)
{
	const json_t *said = said_of(top), *store = json_object_get(said, "store");
	bool current = is_current(top);
	unsigned int y = 0;

	paint_page_put(page, y, 0, (int)page->width, TOP_TITLE, "The fleet");
	paint_page_style_line(page, y++, TOP_TITLE);
	if (!json_is_object(said)) {
		paint_page_put(page, y, 0, (int)page->width, TOP_PLAIN,
			       json_is_object(top->edge.fleet) ? "sallyport-fleet has said nothing."
							       : "This edge is in no fleet.");
		return;
	}
	paint_page_print(page, y++, 0, (int)page->width, current ? TOP_GOOD : TOP_BAD, "%s %s%s",
			 talk_text(said, "edge"),
			 current	  ? "has what the store has"
			 : !is_fresh(top) ? "as it was: sallyport-fleet is away"
					  : "may lack what the store has: ",
			 current || !is_fresh(top) ? "" : talk_text(said, "reason"));
	paint_line(top, "here", roster_fleet, said, page, y++);
	paint_line(top, "store", roster_store, store, page, y++);
	y = paint_rows(top, roster_edges, json_object_get(said, "edges"), "alive", page, y + 1);
	paint_rows(top, roster_members, json_object_get(store, "members"), "reachable", page,
		   y + 1);
}
