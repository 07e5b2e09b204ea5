/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/paint.h"

#include <stdio.h>
#include <string.h>

#include "cli/top/list/keys.h"
#include "cli/top/list/text.h"
#include "cli/top/paint/build.h"
#include "cli/top/paint/edge.h"
#include "cli/top/paint/fleet.h"
#include "cli/top/paint/list.h"

#define QUESTION_COLUMNS 36 /* without the id */

static void paint_help(struct top_page *page)
{
	paint_page_put(page, 0, 0, (int)page->width, TOP_TITLE, "sallyport top: keys");
	for (unsigned int i = 0; list_keys_help[i]; i++)
		paint_page_put(page, 2 + i, 0, (int)page->width, TOP_PLAIN, list_keys_help[i]);
}

static const char *hints(enum top_mode mode)
{
	switch (mode) {
	case TOP_LIST:
		return "Enter open  c cancel  / filter  < > r sort  e ended  d drops  h help  q "
		       "quit";
	case TOP_TYPE:
		return "Enter keep this filter  Esc the one before  Ctrl-U empty";
	case TOP_SHOW:
		return "Esc back  c cancel  Up Down move  h help  q quit";
	default:
		return "any key: back  q quit";
	}
}

/* The last line: a question, an answer, or keys. */
static void paint_foot(const struct top *top, struct top_page *page)
{
	unsigned int y = page->height - 1;
	int width = (int)page->width;
	unsigned int room = page->width > QUESTION_COLUMNS ? page->width - QUESTION_COLUMNS : 1;
	char id[TOP_ID_SIZE];

	if (page->height == 0)
		return;
	paint_page_print(page, y, 0, width, TOP_PLAIN, "%*s", width, "");
	if (*top->ask_id) {
		paint_page_print(page, y, 0, width, TOP_ASK, "Cancel %s and cut off who is in? y/n",
				 list_text_id(top->ask_id, room, id));
		paint_page_style_line(page, y, TOP_ASK);
	} else if (*top->message) {
		paint_page_put(page, y, 0, width, top->message_bad ? TOP_ASK : TOP_GOOD,
			       top->message);
	} else if (*top->cancel_id) {
		paint_page_print(page, y, 0, width, TOP_GOOD, "Cancelling %s.", top->cancel_id);
	} else {
		paint_page_put(page, y, 0, width, TOP_FAINT, hints(top->mode));
	}
}

int paint_mode(struct top *top, struct top_page *page)
{
	unsigned int head, room;
	int r = paint_page_reset(page, top->width, top->height);

	if (r < 0)
		return r;
	head = paint_list_head();
	room = page->height > head + 1 ? page->height - head - 1 : 0;
	top->view.lines = room;
	r = list_view_update(&top->view, &top->rows);
	if (r < 0)
		return r;
	if (top->mode == TOP_SHOW)
		paint_build_show(top, page);
	else if (top->mode == TOP_DROPS)
		paint_edge_drops(top, page);
	else if (top->mode == TOP_FLEET)
		paint_fleet_show(top, page);
	else if (top->mode == TOP_HELP)
		paint_help(page);
	else
		paint_list_show(top, page, room);
	paint_foot(top, page);
	return 0;
}

int paint_all(struct top *top, struct top_page *page)
{
	int r;

	top->view.lines = top->rows.nr;
	r = list_view_update(&top->view, &top->rows);
	if (r == 0)
		r = paint_page_reset(page, top->width,
				     paint_list_head() + (unsigned int)top->view.nr);
	if (r == 0)
		paint_list_show(top, page, (unsigned int)top->view.nr);
	return r;
}
