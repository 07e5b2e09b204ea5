/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/keys.h"

#include <stdio.h>
#include <string.h>

const char *const list_keys_help[] = {
	"Up Down PgUp PgDn Home End   move; also k and j",
	"Enter         open the build: nodes, ports, ssh, who is connected, what was refused",
	"c             cancel the build, after a question",
	"/             filter as you type; all words must be in the id, state, actors,",
	"              organisation or title; state:running, actor:bob, org:acme, id:48, title:x",
	"Esc           clear the filter; back to the list",
	"< >           sort by the column to the left, to the right; r the other way round",
	"e             ended builds too, or no more",
	"d             dropped and refused packets, by reason",
	"f             the fleet: its edges and its store",
	"h ?           this help",
	"Ctrl-L        paint the screen anew",
	"q             quit",
	"",
	"LEFT is a bar of what is left of the time that the build, or once it has finished its",
	"linger, had in all. Rates are measured for builds in sight; of the others, and for",
	"sorting, they are as of the last look, which takes turns.",
	NULL,
};

static void drop_last_char(char *text)
{
	size_t bytes = strlen(text);

	while (bytes > 0 && ((unsigned char)text[bytes - 1] & 0xc0) == 0x80)
		bytes--;
	if (bytes > 0)
		bytes--;
	text[bytes] = '\0';
}

/* Adds a character as UTF-8, as long as there is room. */
static void add_char(char *text, size_t text_bytes, uint32_t c)
{
	size_t used = strlen(text), more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};

	if (used + more + 2 > text_bytes)
		return;
	text[used] = (char)(leads[more] | c >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		text[used + i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
	text[used + more + 1] = '\0';
}

static enum top_request press_type(struct top *top, uint32_t key)
{
	struct top_view *view = &top->view;

	if (key == TOP_KEY_ENTER || key == TOP_KEY_ESCAPE) {
		if (key == TOP_KEY_ESCAPE)
			memcpy(view->filter, top->filter_before, sizeof(view->filter));
		top->mode = TOP_LIST;
	} else if (key == TOP_KEY_BACKSPACE) {
		drop_last_char(view->filter);
	} else if (key == 'U' - '@') {
		view->filter[0] = '\0';
	} else if (key >= 0x20 && key != 0x7f && key < TOP_KEY_UP) {
		add_char(view->filter, sizeof(view->filter), key);
	}
	view->stale = true;
	return TOP_NOTHING;
}

static enum top_request press_question(struct top *top, uint32_t key)
{
	if (key == 'y' || key == 'Y')
		return TOP_CANCEL;
	top->ask_id[0] = '\0';
	snprintf(top->message, sizeof(top->message), "Nothing was cancelled.");
	top->message_bad = false;
	return TOP_NOTHING;
}

static void ask(struct top *top, const char *id)
{
	top->message[0] = '\0';
	snprintf(top->ask_id, sizeof(top->ask_id), "%s", id);
}

static void sort_by(struct top_view *view, unsigned int column)
{
	view->sort = column % TOP_COLUMNS_NR;
	view->reverse = false;
	view->stale = true;
}

static long lines_of(const struct top_view *view, uint32_t key)
{
	switch (key) {
	case TOP_KEY_UP:
	case 'k':
		return -1;
	case TOP_KEY_DOWN:
	case 'j':
		return 1;
	case TOP_KEY_PAGE_UP:
		return -(long)view->lines;
	case TOP_KEY_PAGE_DOWN:
		return (long)view->lines;
	case TOP_KEY_HOME:
		return -(long)TOP_ROWS_MAX;
	case TOP_KEY_END:
		return TOP_ROWS_MAX;
	default:
		return 0;
	}
}

/* What may be pressed wherever one is. Result: whether it was such a key. */
static bool press_anywhere(struct top *top, uint32_t key, enum top_request *request)
{
	*request = TOP_NOTHING;
	if (key == 'q') {
		*request = TOP_QUIT;
	} else if (key == 'L' - '@') {
		*request = TOP_REDRAW;
	} else if ((key == 'h' || key == '?') && top->mode != TOP_HELP) {
		top->back = top->mode;
		top->mode = TOP_HELP;
	} else {
		return false;
	}
	return true;
}

/* What changes the list's order and choice. */
static void press_order(struct top *top, uint32_t key)
{
	struct top_view *view = &top->view;

	switch (key) {
	case '<':
		sort_by(view, view->sort + TOP_COLUMNS_NR - 1);
		break;
	case '>':
		sort_by(view, view->sort + 1);
		break;
	case 'r':
		view->reverse = !view->reverse;
		break;
	case 'e':
		view->with_ended = !view->with_ended;
		break;
	case '/':
		memcpy(top->filter_before, view->filter, sizeof(view->filter));
		top->mode = TOP_TYPE;
		break;
	case TOP_KEY_ESCAPE:
		view->filter[0] = '\0';
		break;
	case 'd':
		top->mode = TOP_DROPS;
		break;
	case 'f':
		top->mode = TOP_FLEET;
		break;
	default:
		return;
	}
	view->stale = true;
}

static enum top_request press_list(struct top *top, uint32_t key)
{
	const struct top_row *row = list_view_current(&top->view);
	long lines = lines_of(&top->view, key);

	if (lines)
		list_view_move(&top->view, lines);
	else if (key == 'c' && row)
		ask(top, row->id);
	else if (key == TOP_KEY_ENTER && row)
		list_state_open(top, row->id);
	else
		press_order(top, key);
	return key == TOP_KEY_ENTER && row ? TOP_OPEN : TOP_NOTHING;
}

static enum top_request press_show(struct top *top, uint32_t key)
{
	long lines = lines_of(&top->view, key), first = (long)top->detail.first + lines;

	if (lines)
		top->detail.first = first < 0 ? 0 : (unsigned int)first;
	else if (key == 'c')
		ask(top, top->detail.id);
	else if (key == TOP_KEY_ESCAPE || key == TOP_KEY_BACKSPACE || key == TOP_KEY_ENTER)
		top->mode = TOP_LIST;
	return TOP_NOTHING;
}

enum top_request list_keys_press(struct top *top, uint32_t key)
{
	enum top_request request;

	if (key == TOP_KEY_NONE || key == TOP_KEY_REDRAW)
		return key == TOP_KEY_REDRAW ? TOP_REDRAW : TOP_NOTHING;
	if (*top->ask_id)
		return press_question(top, key);
	top->message[0] = '\0';
	if (top->mode == TOP_TYPE)
		return press_type(top, key);
	if (press_anywhere(top, key, &request))
		return request;
	if (top->mode == TOP_LIST)
		return press_list(top, key);
	if (top->mode == TOP_SHOW)
		return press_show(top, key);
	top->mode = top->mode == TOP_HELP ? top->back : TOP_LIST;
	return TOP_NOTHING;
}
