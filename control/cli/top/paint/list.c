/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/list.h"

#include <stdio.h>
#include <string.h>

#include "cli/talk/print.h"
#include "cli/top/list/text.h"
#include "cli/top/paint/edge.h"
#include "host/boottime.h"

#define BAR_COLUMNS 11
#define ID_LEAST    12
#define FEW_NS	    (300 * NS_PER_S)
#define LAST_NS	    (60 * NS_PER_S)

/* Columns, from which width of the page on they are there; the id has what is left. */
static const struct place {
	enum top_column column;
	int columns; /* negative: at their right end */
	unsigned int from;
} places[] = {
	{TOP_COLUMN_ID, 0, 0},	     {TOP_COLUMN_STATE, 8, 0},
	{TOP_COLUMN_LEFT, 18, 0},    {TOP_COLUMN_PACKETS, -6, 0},
	{TOP_COLUMN_BYTES, -7, 0},   {TOP_COLUMN_CONNECTIONS, -5, 0},
	{TOP_COLUMN_ACTOR, 16, 100}, {TOP_COLUMN_ORGANISATION, 16, 120},
	{TOP_COLUMN_TITLE, 32, 160},
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static unsigned int size_of(const struct place *place)
{
	return (unsigned int)(place->columns < 0 ? -place->columns : place->columns);
}

static int id_columns(const struct top_page *page)
{
	unsigned int others = 0;

	for (size_t i = 1; i < NR_PLACES; i++)
		if (page->width >= places[i].from)
			others += size_of(&places[i]) + 1;
	return page->width > others + ID_LEAST ? (int)(page->width - others) : ID_LEAST;
}

static void paint_left(const struct top *top, const struct top_row *row, struct top_page *page,
		       unsigned int y, unsigned int x)
{
	uint64_t left_ns = list_row_left_ns(row, top->now_ns), whole_ns = list_row_whole_ns(row);
	enum top_style style = left_ns < LAST_NS ? TOP_BAD : left_ns < FEW_NS ? TOP_WARN : TOP_GOOD;
	const char *reason = model_session_reason_name(row->reason);
	char text[TOP_TEXT_SIZE];

	if (row->state == SESSION_ENDED) {
		paint_page_put(page, y, x, 18, TOP_FAINT, reason ? reason : "-");
		return;
	}
	paint_page_put(page, y, x, BAR_COLUMNS, style,
		       list_text_bar(left_ns, whole_ns, BAR_COLUMNS, text));
	paint_page_put(page, y, x + BAR_COLUMNS + 1, -6, style, list_text_time(left_ns, text));
}

static const char *rate(double number, char text[TOP_TEXT_SIZE])
{
	return number < 0 ? "-" : list_text_number(number, text);
}

static void paint_cell(const struct top *top, const struct top_row *row, struct top_page *page,
		       unsigned int y, unsigned int x, const struct place *place, int columns)
{
	char text[TOP_TEXT_SIZE], id[TOP_ID_SIZE];

	switch (place->column) {
	case TOP_COLUMN_ID:
		paint_page_put(page, y, x, columns, TOP_PLAIN,
			       list_text_id(row->id, (unsigned int)columns, id));
		break;
	case TOP_COLUMN_STATE:
		paint_page_put(page, y, x, columns,
			       row->state == SESSION_ENDED ? TOP_FAINT : TOP_PLAIN,
			       model_session_state_name(row->state));
		break;
	case TOP_COLUMN_LEFT:
		paint_left(top, row, page, y, x);
		break;
	case TOP_COLUMN_PACKETS:
		paint_page_put(page, y, x, columns, TOP_PLAIN, rate(row->packets_rate, text));
		break;
	case TOP_COLUMN_BYTES:
		paint_page_put(page, y, x, columns, TOP_PLAIN, rate(row->bytes_rate, text));
		break;
	case TOP_COLUMN_CONNECTIONS:
		paint_page_put(page, y, x, columns, row->connections ? TOP_STRONG : TOP_FAINT,
			       list_text_number(row->connections, text));
		break;
	case TOP_COLUMN_ACTOR:
		paint_page_put(page, y, x, columns, TOP_PLAIN, row->actors);
		break;
	case TOP_COLUMN_ORGANISATION:
		paint_page_put(page, y, x, columns, TOP_PLAIN, row->organisation);
		break;
	default:
		paint_page_put(page, y, x, columns, TOP_PLAIN, row->title);
	}
}

static void paint_head_cell(const struct top *top, struct top_page *page, unsigned int x,
			    const struct place *place, int columns)
{
	const char *mark = top->view.sort != place->column ? "" : top->view.reverse ? "v" : "^";

	paint_page_print(page, PAINT_EDGE_LINES + 1, x, columns, TOP_TITLE, "%s%s",
			 list_view_head(place->column), mark);
}

/* Paints one line; the heads if row is NULL. */
static void paint_line(const struct top *top, const struct top_row *row, struct top_page *page,
		       unsigned int y)
{
	unsigned int x = 0;

	for (size_t i = 0; i < NR_PLACES; i++) {
		int columns = i == 0 ? id_columns(page) : places[i].columns;

		if (page->width < places[i].from)
			continue;
		if (row)
			paint_cell(top, row, page, y, x, &places[i], columns);
		else
			paint_head_cell(top, page, x, &places[i], columns);
		x += (unsigned int)(columns < 0 ? -columns : columns) + 1;
	}
}

/* Which builds these are. */
static void paint_choice(const struct top *top, struct top_page *page)
{
	const struct top_view *view = &top->view;
	bool typing = top->mode == TOP_TYPE;
	int width = (int)page->width;
	unsigned int x = 0, y = PAINT_EDGE_LINES;
	char nr[40];

	if (typing || *view->filter)
		x += paint_page_print(page, y, 0, width, typing ? TOP_STRONG : TOP_WARN,
				      "filter: %s%s  ", view->filter, typing ? "_" : "");
	paint_page_print(page, y, x, width, TOP_FAINT, "%s shown%s, by %s%s%s",
			 talk_print_number((long long)view->nr, nr),
			 view->with_ended ? " with ended ones" : "", list_view_head(view->sort),
			 view->reverse ? ", reversed" : "", top->loading ? ", still reading" : "");
}

unsigned int paint_list_head(void)
{
	return PAINT_EDGE_LINES + 2;
}

void paint_list_show(const struct top *top, struct top_page *page, unsigned int lines)
{
	const struct top_view *view = &top->view;
	unsigned int y = paint_list_head();

	paint_edge_show(top, page);
	paint_choice(top, page);
	paint_line(top, NULL, page, 0);
	paint_page_style_line(page, PAINT_EDGE_LINES + 1, TOP_TITLE);
	for (unsigned int i = 0; i < lines && view->first + i < view->nr; i++) {
		paint_line(top, view->shown[view->first + i], page, y + i);
		if (view->first + i == view->cursor)
			paint_page_style_line(page, y + i, TOP_CURSOR);
	}
}
