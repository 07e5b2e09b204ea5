/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/screen.h"

/* Ahead of <term.h>, whose macros have names of everyday. */
#include "cli/top/list/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#define ESCAPE_MS    25
#define EMPTY_MAX    16 /* times that input is there and holds no key: it has ended */
#define RESTORE_SIZE 128

static struct {
	SCREEN *screen;
	struct top_page shown; /* what the terminal has */
	unsigned int nr_empty;
	bool colours;
	struct termios modes; /* as they were */
	char restore[RESTORE_SIZE];
	size_t restore_bytes;
} terminal;

/* No more than what a signal's handler may do: the modes, and out of the other screen. */
static void on_crash(int signal_nr)
{
	ssize_t written = write(STDOUT_FILENO, terminal.restore, terminal.restore_bytes);

	tcsetattr(STDIN_FILENO, TCSANOW, &terminal.modes);
	signal(signal_nr, SIG_DFL);
	raise(signal_nr);
	(void)written;
}

static void add_restore(const char *capability)
{
	const char *text = tigetstr(capability);
	size_t bytes;

	if (!text || text == (const char *)-1)
		return;
	bytes = strlen(text);
	if (terminal.restore_bytes + bytes > RESTORE_SIZE)
		return;
	memcpy(terminal.restore + terminal.restore_bytes, text, bytes);
	terminal.restore_bytes += bytes;
}

static void expect_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_crash);
}

/* NO_COLOR: see no-color.org. */
static void open_colours(void)
{
	static const short colours[TOP_STYLES_NR] = {
		[TOP_GOOD] = COLOR_GREEN, [TOP_WARN] = COLOR_YELLOW, [TOP_BAD] = COLOR_RED,
		[TOP_ASK] = COLOR_RED,	  [TOP_TITLE] = COLOR_CYAN,
	};
	const char *no_color = getenv("NO_COLOR");

	if ((no_color && *no_color) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	terminal.colours = true;
	for (short i = 1; i < TOP_STYLES_NR; i++)
		init_pair(i, colours[i] ? colours[i] : -1, -1);
}

static chtype attributes_of(enum top_style style)
{
	static const chtype attributes[TOP_STYLES_NR] = {
		[TOP_TITLE] = A_REVERSE, [TOP_STRONG] = A_BOLD,	   [TOP_FAINT] = A_DIM,
		[TOP_BAD] = A_BOLD,	 [TOP_CURSOR] = A_REVERSE, [TOP_ASK] = A_REVERSE | A_BOLD,
	};

	return attributes[style];
}

int top_screen_open(const char **ret_why)
{
	const char *moves;

	*ret_why = "stdin and stdout must be a terminal; try --batch";
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &terminal.modes) < 0)
		return -ENOTTY;
	*ret_why = "the terminal that TERM names is not known here; try --batch";
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return -ENOTTY;
	*ret_why = "the terminal that TERM names cannot move its cursor; try --batch";
	moves = tigetstr("cup");
	if (!moves || moves == (const char *)-1) {
		top_screen_close();
		return -ENOTTY;
	}
	expect_crashes();
	open_colours();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	set_escdelay(ESCAPE_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	return 0;
}

void top_screen_close(void)
{
	if (!terminal.screen)
		return;
	endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
	paint_page_free(&terminal.shown);
}

void top_screen_size(unsigned int *ret_width, unsigned int *ret_height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	*ret_width = (unsigned int)COLS;
	*ret_height = (unsigned int)LINES;
}

/* Result: the cells behind x that have the style of the one at x. */
static unsigned int span_of(const struct top_cell *line, unsigned int width, unsigned int x)
{
	unsigned int end = x;

	while (end < width && line[end].style == line[x].style)
		end++;
	return end;
}

static void show_line(const struct top_page *page, unsigned int y)
{
	const struct top_cell *line = page->cell + (size_t)y * page->width;
	unsigned int end;

	for (unsigned int x = 0; x < page->width; x = end) {
		end = span_of(line, page->width, x);
		attr_set(attributes_of(line[x].style), terminal.colours ? (short)line[x].style : 0,
			 NULL);
		move((int)y, (int)x);
		for (; x < end; x++)
			if (line[x].c)
				addnwstr(&line[x].c, 1);
	}
}

static bool is_shown(const struct top_page *page, unsigned int y)
{
	size_t at = (size_t)y * page->width;

	return terminal.shown.width == page->width && terminal.shown.height == page->height &&
	       memcmp(terminal.shown.cell + at, page->cell + at,
		      page->width * sizeof(struct top_cell)) == 0;
}

void top_screen_show(const struct top_page *page, bool anew)
{
	if (anew)
		clear();
	for (unsigned int y = 0; y < page->height; y++)
		if (anew || !is_shown(page, y))
			show_line(page, y);
	refresh();
	if (paint_page_reset(&terminal.shown, page->width, page->height) == 0)
		memcpy(terminal.shown.cell, page->cell,
		       (size_t)page->width * page->height * sizeof(struct top_cell));
}

static uint32_t translate(wint_t key)
{
	static const struct {
		wint_t key;
		uint32_t means;
	} keys[] = {
		{KEY_UP, TOP_KEY_UP},
		{KEY_DOWN, TOP_KEY_DOWN},
		{KEY_PPAGE, TOP_KEY_PAGE_UP},
		{KEY_NPAGE, TOP_KEY_PAGE_DOWN},
		{KEY_HOME, TOP_KEY_HOME},
		{KEY_END, TOP_KEY_END},
		{KEY_ENTER, TOP_KEY_ENTER},
		{KEY_BACKSPACE, TOP_KEY_BACKSPACE},
		{KEY_LEFT, '<'},
		{KEY_RIGHT, '>'},
		{KEY_F(1), 'h'},
		{KEY_F(3), '/'},
		{KEY_F(4), '/'},
		{KEY_F(9), 'c'},
		{KEY_F(10), 'q'},
		{KEY_RESIZE, TOP_KEY_REDRAW},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			return keys[i].means;
	return TOP_KEY_NONE;
}

bool top_screen_key(uint32_t *ret_key)
{
	wint_t key;
	int r = get_wch(&key);

	if (r == ERR)
		return false;
	terminal.nr_empty = 0;
	if (r == KEY_CODE_YES)
		*ret_key = translate(key);
	else if (key == '\r' || key == '\n')
		*ret_key = TOP_KEY_ENTER;
	else if (key == 0x1b)
		*ret_key = TOP_KEY_ESCAPE;
	else if (key == 0x7f || key == 0x08)
		*ret_key = TOP_KEY_BACKSPACE;
	else
		*ret_key = key;
	return true;
}

bool top_screen_wait(unsigned int wait_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int r = poll(&input, 1, (int)wait_ms);

	if (r > 0 && input.revents & (POLLHUP | POLLERR | POLLNVAL))
		return false;
	terminal.nr_empty = r > 0 ? terminal.nr_empty + 1 : 0;
	return terminal.nr_empty < EMPTY_MAX;
}
