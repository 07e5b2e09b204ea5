/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/edge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/talk/print.h"
#include "cli/top/list/text.h"
#include "cli/top/paint/fleet.h"

static const char *rate(const struct top_edge *edge, double number, char text[TOP_TEXT_SIZE])
{
	if (!edge->rated)
		return "-";
	return list_text_number(number, text);
}

static void paint_name(const struct top *top, struct top_page *page)
{
	const struct top_edge *edge = &top->edge;
	bool none = strcmp(edge->carrying, "none") == 0;
	int width = (int)page->width;
	unsigned int x = paint_page_put(page, 0, 0, width, TOP_STRONG, edge->name);

	x += paint_page_print(page, 0, x, width, TOP_FAINT, " %s  ", edge->version);
	x += paint_page_put(page, 0, x, width, TOP_PLAIN, "carrying ");
	x += paint_page_put(page, 0, x, width, none ? TOP_BAD : TOP_GOOD, edge->carrying);
	x += paint_page_print(page, 0, x, width, TOP_PLAIN, " (engine %s)  ", edge->engine);
	x += paint_page_print(page, 0, x, width, TOP_PLAIN,
			      "ports %" PRIu64 " of %" PRIu64 " free  ", edge->ports_free,
			      edge->ports_total);
	paint_page_put(page, 0, x, width, TOP_BAD, edge->problem);
}

static void paint_builds(const struct top *top, struct top_page *page)
{
	int width = (int)page->width;
	uint64_t all = 0;
	char text[40];
	unsigned int x;

	for (unsigned int i = 0; i < SESSION_ENDED; i++)
		all += top->edge.of_state[i];
	x = paint_page_print(page, 1, 0, width, TOP_STRONG, "%s builds",
			     talk_print_number((long long)all, text));
	for (unsigned int i = 0; i < SESSION_STATES_NR; i++)
		x += paint_page_print(page, 1, x, width, TOP_PLAIN, "%s%s %s", i ? "  " : ": ",
				      talk_print_number((long long)top->edge.of_state[i], text),
				      model_session_state_name(i));
	paint_fleet_brief(top, page, 1, x);
}

static void paint_rates(const struct top *top, struct top_page *page)
{
	const struct top_edge *edge = &top->edge;
	char packets[TOP_TEXT_SIZE], bytes[TOP_TEXT_SIZE], opened[TOP_TEXT_SIZE], open[40];

	paint_page_print(page, 2, 0, (int)page->width, TOP_PLAIN,
			 "%s packets/s, %s bytes/s carried  %s connections open, %s/s new",
			 rate(edge, list_edge_carried(edge), packets),
			 rate(edge, edge->bytes_rate, bytes),
			 talk_print_number((long long)edge->open, open),
			 rate(edge, edge->opened_rate, opened));
}

/* As many as there is room for, those that grow fastest first. */
static void paint_drops(const struct top *top, struct top_page *page)
{
	enum sp_verdict verdict[SP_VERDICT_COUNT];
	unsigned int nr = list_edge_drops(&top->edge, verdict);
	unsigned int x = paint_page_put(page, 3, 0, (int)page->width, TOP_PLAIN,
					nr ? "refused" : "nothing refused or dropped");

	for (unsigned int i = 0; i < nr; i++) {
		double grows = top->edge.verdict_rate[verdict[i]];
		char per_s[TOP_TEXT_SIZE], count[TOP_TEXT_SIZE], all[128];

		snprintf(all, sizeof(all), "  %s %s/s (%s)", list_edge_verdict_name(verdict[i]),
			 rate(&top->edge, grows, per_s),
			 list_text_number((double)top->edge.verdict[verdict[i]], count));
		if (x + strlen(all) > page->width)
			break;
		x += paint_page_put(page, 3, x, (int)page->width, grows > 0 ? TOP_WARN : TOP_FAINT,
				    all);
	}
}

static void paint_lost(const struct top *top, struct top_page *page)
{
	char since[TOP_TEXT_SIZE];

	paint_page_print(page, 2, 0, (int)page->width, TOP_ASK,
			 "sallyportd has not answered for %s%s%s",
			 list_text_time(top->now_ns - list_state_silent(top), since),
			 *top->lost ? ": " : "", top->lost);
	paint_page_put(page, 3, 0, (int)page->width, TOP_WARN,
		       "What is below is as it was then; asked again until it answers.");
	paint_page_style_line(page, 2, TOP_ASK);
}

void paint_edge_show(const struct top *top, struct top_page *page)
{
	if (top->edge.known) {
		paint_name(top, page);
		paint_builds(top, page);
	}
	if (list_state_silent(top)) {
		paint_lost(top, page);
	} else if (top->edge.known) {
		paint_rates(top, page);
		paint_drops(top, page);
	}
}

void paint_edge_drops(const struct top *top, struct top_page *page)
{
	enum sp_verdict verdict[SP_VERDICT_COUNT];
	unsigned int nr = list_edge_drops(&top->edge, verdict);
	int width = (int)page->width;

	paint_page_put(page, 0, 0, width, TOP_TITLE, "Dropped and refused packets, by reason");
	paint_page_style_line(page, 0, TOP_TITLE);
	paint_page_put(page, 1, 0, width, TOP_STRONG, " PKT/s      SINCE START  REASON");
	for (unsigned int i = 0; i < nr; i++) {
		double grows = top->edge.verdict_rate[verdict[i]];
		char text[TOP_TEXT_SIZE], count[40];
		unsigned int x = 0;

		x += paint_page_print(
			page, 2 + i, x, width, grows > 0 ? TOP_WARN : TOP_PLAIN, "%6s %16s  ",
			rate(&top->edge, grows, text),
			talk_print_number((long long)top->edge.verdict[verdict[i]], count));
		x += paint_page_print(page, 2 + i, x, width, TOP_STRONG, "%-16s ",
				      list_edge_verdict_name(verdict[i]));
		paint_page_put(page, 2 + i, x, width, TOP_PLAIN,
			       list_edge_verdict_help(verdict[i]));
	}
	if (nr == 0)
		paint_page_put(page, 2, 0, width, TOP_PLAIN, "None.");
}
