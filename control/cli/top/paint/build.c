/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/build.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk/print.h"
#include "cli/talk/when.h"
#include "cli/top/list/text.h"

/* Lines below each other, of which those from first on are seen. */
struct writer {
	struct top *top;
	struct top_page *page;
	unsigned int room;
	unsigned int nr;
};

static void put_line(struct writer *writer, enum top_style style, const char *text)
{
	unsigned int first = writer->top->detail.first, nr = writer->nr++;

	if (nr >= first && nr - first < writer->room)
		paint_page_put(writer->page, 1 + nr - first, 0, (int)writer->page->width, style,
			       text);
}

static void line(struct writer *writer, enum top_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void line(struct writer *writer, enum top_style style, const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return;
	put_line(writer, style, text);
	free(text);
}

/* A command that somebody may want to copy: whole, on as many lines as it takes. */
static void command_lines(struct writer *writer, const char *command)
{
	unsigned int room = writer->page->width > 8 ? writer->page->width - 4 : 4;

	for (size_t bytes = strlen(command); bytes > room; bytes -= room, command += room)
		line(writer, TOP_STRONG, "    %.*s", (int)room, command);
	line(writer, TOP_STRONG, "    %s", command);
}

static void text_line(struct writer *writer, const char *name, const json_t *build,
		      const char *member)
{
	const char *text = json_string_value(json_object_get(build, member));

	if (text && *text)
		line(writer, TOP_PLAIN, "%-14s %s", name, text);
}

static void list_line(struct writer *writer, const char *name, const json_t *list)
{
	char *text = NULL;
	const json_t *item;
	size_t bytes, i;
	FILE *out;

	if (json_array_size(list) == 0)
		return;
	out = open_memstream(&text, &bytes);
	if (!out)
		return;
	json_array_foreach (list, i, item)
		if (json_is_string(item))
			fprintf(out, "%s%s", i ? ", " : "", json_string_value(item));
	if (fclose(out) == 0)
		line(writer, TOP_PLAIN, "%-14s %s", name, text);
	free(text);
}

static void time_line(struct writer *writer, const char *name, const json_t *build,
		      const char *member)
{
	char when[WHEN_SIZE];

	if (json_is_string(json_object_get(build, member)))
		line(writer, TOP_PLAIN, "%-14s %s", name,
		     talk_when(writer->top->cli, build, member, when));
}

static void write_left(struct writer *writer)
{
	const struct top *top = writer->top;
	const struct top_row *row = list_rows_find(&top->rows, top->detail.id);
	char bar[TOP_TEXT_SIZE], left[TOP_TEXT_SIZE], packets[TOP_TEXT_SIZE], bytes[TOP_TEXT_SIZE];
	uint64_t left_ns = row ? list_row_left_ns(row, top->now_ns) : 0;

	if (!row || row->state == SESSION_ENDED)
		return;
	line(writer, TOP_GOOD, "%-14s %s %s", "left",
	     list_text_bar(left_ns, list_row_whole_ns(row), 42, bar),
	     list_text_time(left_ns, left));
	line(writer, TOP_PLAIN, "%-14s %s packets/s, %s bytes/s, %u connections", "now",
	     row->packets_rate < 0 ? "-" : list_text_number(row->packets_rate, packets),
	     row->bytes_rate < 0 ? "-" : list_text_number(row->bytes_rate, bytes),
	     row->connections);
}

static void write_build(struct writer *writer, const json_t *build)
{
	text_line(writer, "title", build, "title");
	line(writer, TOP_PLAIN, "%-14s %s%s%s", "state", talk_text(build, "state"),
	     json_is_string(json_object_get(build, "reason")) ? ": " : "",
	     json_is_string(json_object_get(build, "reason")) ? talk_text(build, "reason") : "");
	write_left(writer);
	text_line(writer, "organisation", build, "organisation");
	list_line(writer, "actors", json_object_get(build, "actors"));
	text_line(writer, "user", build, "user");
	list_line(writer, "allow", json_object_get(build, "allow"));
	time_line(writer, "created", build, "created_at");
	time_line(writer, "connected", build, "connected_at");
	time_line(writer, "finished", build, "finished_at");
	time_line(writer, "deadline", build, "deadline");
}

static void write_usage(struct writer *writer, const json_t *usage)
{
	const json_t *to_vm = json_object_get(usage, "to_vm");
	const json_t *to_client = json_object_get(usage, "to_client");
	char text[4][40];

	line(writer, TOP_PLAIN, "    to the VM %s packets, %s bytes; to clients %s, %s",
	     talk_print_number(talk_number(to_vm, "packets"), text[0]),
	     talk_print_number(talk_number(to_vm, "bytes"), text[1]),
	     talk_print_number(talk_number(to_client, "packets"), text[2]),
	     talk_print_number(talk_number(to_client, "bytes"), text[3]));
}

static void write_forwards(struct writer *writer, const json_t *node)
{
	const json_t *forward;
	size_t i;

	json_array_foreach (json_object_get(node, "forwards"), i, forward)
		line(writer, TOP_PLAIN,
		     "    %s: %s port %" JSON_INTEGER_FORMAT " at %s port %" JSON_INTEGER_FORMAT,
		     talk_text(forward, "name"), talk_text(forward, "protocol"),
		     talk_number(forward, "port"), talk_text(forward, "public_host"),
		     talk_number(forward, "public_port"));
}

static void write_clients(struct writer *writer, const json_t *connect, size_t index)
{
	const json_t *node = json_array_get(json_object_get(connect, "nodes"), index);
	const json_t *clients = json_object_get(node, "clients"), *client;
	size_t i;

	json_array_foreach (clients, i, client) {
		char when[WHEN_SIZE];

		line(writer, TOP_GOOD, "    connected: %s to %s, %" JSON_INTEGER_FORMAT " since %s",
		     talk_text(client, "client"), talk_text(client, "forward"),
		     talk_number(client, "connections"),
		     talk_when(writer->top->cli, client, "since", when));
	}
	if (json_is_array(clients) && json_array_size(clients) == 0)
		line(writer, TOP_FAINT, "    nobody is connected");
}

static void write_diagnosis(struct writer *writer, const json_t *diagnosis, size_t index)
{
	const json_t *node = json_array_get(json_object_get(diagnosis, "nodes"), index);

	if (!node)
		return;
	line(writer, TOP_PLAIN, "    %s", talk_text(node, "certain"));
	if (json_is_string(json_object_get(node, "likely")))
		line(writer, TOP_PLAIN, "    likely: %s", talk_text(node, "likely"));
}

static void write_nodes(struct writer *writer, const struct top_detail *detail)
{
	const json_t *node;
	size_t i;

	json_array_foreach (json_object_get(detail->part[TOP_PART_BUILD], "nodes"), i, node) {
		put_line(writer, TOP_PLAIN, "");
		line(writer, TOP_STRONG,
		     "node %" JSON_INTEGER_FORMAT ": %s, %s port %" JSON_INTEGER_FORMAT
		     " at %s port %" JSON_INTEGER_FORMAT,
		     talk_number(node, "index"), talk_text(node, "state"),
		     talk_text(node, "address"), talk_number(node, "port"),
		     talk_text(node, "public_host"), talk_number(node, "public_port"));
		command_lines(writer, talk_text(node, "ssh"));
		write_forwards(writer, node);
		write_usage(writer, json_object_get(node, "usage"));
		write_clients(writer, detail->part[TOP_PART_CONNECT], i);
		write_diagnosis(writer, detail->part[TOP_PART_DIAGNOSIS], i);
	}
}

static void write_refusals(struct writer *writer, const struct top_detail *detail)
{
	put_line(writer, TOP_PLAIN, "");
	if (detail->nr_refusals == 0)
		put_line(writer, TOP_FAINT, "No client refused lately.");
	else
		put_line(writer, TOP_STRONG, "refused lately:");
	for (unsigned int i = detail->nr_refusals; i > 0; i--)
		line(writer, TOP_WARN, "    %s  %s: %" PRIu64 " packets",
		     detail->refusal[i - 1].time, detail->refusal[i - 1].detail,
		     detail->refusal[i - 1].packets);
}

static void write_all(struct writer *writer, const struct top_detail *detail)
{
	writer->nr = 0;
	if (detail->gone) {
		put_line(writer, TOP_WARN, "There is no such build any more.");
	} else if (!detail->part[TOP_PART_BUILD]) {
		put_line(writer, TOP_FAINT, "asking for it");
	} else {
		write_build(writer, detail->part[TOP_PART_BUILD]);
		write_nodes(writer, detail);
		write_refusals(writer, detail);
	}
}

static void paint_title(const struct top *top, struct top_page *page)
{
	uint64_t silent_ns = list_state_silent(top);
	int width = (int)page->width;
	char since[TOP_TEXT_SIZE];
	unsigned int x = paint_page_print(page, 0, 0, width, TOP_TITLE, "build %s", top->detail.id);

	if (silent_ns)
		paint_page_print(page, 0, x, width, TOP_ASK,
				 "  sallyportd has not answered for %s%s%s",
				 list_text_time(top->now_ns - silent_ns, since),
				 *top->lost ? ": " : "", top->lost);
	paint_page_style_line(page, 0, silent_ns ? TOP_ASK : TOP_TITLE);
}

void paint_build_show(struct top *top, struct top_page *page)
{
	struct top_detail *detail = &top->detail;
	struct writer writer = {
		.top = top, .page = page, .room = page->height > 2 ? page->height - 2 : 0};

	write_all(&writer, detail);
	if (detail->first > 0 && writer.nr < detail->first + writer.room) {
		detail->first = writer.nr > writer.room ? writer.nr - writer.room : 0;
		paint_page_reset(page, page->width, page->height);
		write_all(&writer, detail);
	}
	paint_title(top, page);
}
