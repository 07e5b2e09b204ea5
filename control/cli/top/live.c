/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/live.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/top/ask.h"
#include "cli/top/list/keys.h"
#include "cli/top/paint/paint.h"
#include "cli/top/screen.h"
#include "host/boottime.h"

#define WAIT_MAX_MS    1000 /* a signal that came just before is seen then */
#define PAINT_LEAST_MS 500  /* between two while calls go on and no key is pressed */

struct live {
	struct top_feed *feed;
	struct top *top;
	struct top_page page;
	uint64_t delay_ns;
	uint64_t tick_ns; /* when the next one is due */
	uint64_t painted_ns;
	bool dirty; /* something may look otherwise */
	bool anew;
	bool more; /* calls to be made */
	bool open; /* what is in the detail is to be asked for */
	bool quit;
};

static volatile sig_atomic_t stopped_by;

static void on_stop(int signal_nr)
{
	stopped_by = signal_nr;
}

static void expect_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_stop};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool fits(const struct live *live)
{
	return live->page.width == live->top->width && live->page.height == live->top->height;
}

static void paint(struct live *live)
{
	live->top->now_ns = boottime_now_ns();
	top_screen_size(&live->top->width, &live->top->height);
	live->anew = live->anew || !fits(live);
	if (paint_mode(live->top, &live->page) == 0)
		top_screen_show(&live->page, live->anew);
	live->painted_ns = live->top->now_ns;
	live->dirty = live->anew = false;
}

/* One at a time: what became of it is to be told. */
static void begin_cancel(struct top *top)
{
	if (*top->cancel_id) {
		snprintf(top->message, sizeof(top->message), "%s is not cancelled: %s is still.",
			 top->ask_id, top->cancel_id);
		top->message_bad = true;
	} else {
		snprintf(top->cancel_id, sizeof(top->cancel_id), "%s", top->ask_id);
	}
	top->ask_id[0] = '\0';
}

/* Here no call is made: one may be waited for (hear_in_call()). */
static void act(struct live *live, enum top_request request)
{
	switch (request) {
	case TOP_QUIT:
		live->quit = true;
		break;
	case TOP_OPEN:
		live->open = true;
		break;
	case TOP_CANCEL:
		begin_cancel(live->top);
		break;
	case TOP_REDRAW:
		live->anew = true;
		break;
	case TOP_NOTHING:
		break;
	}
}

/* What a key means may depend on what the one before did to the list. Result: whether one came. */
static bool hear_keys(struct live *live)
{
	bool heard = false;
	uint32_t key;

	while (!live->quit && top_screen_key(&key)) {
		list_view_update(&live->top->view, &live->top->rows);
		act(live, list_keys_press(live->top, key));
		live->dirty = heard = true;
	}
	return heard;
}

/* Keys are heard while a call waits, and the screen says for how long it has. */
static bool hear_in_call(void *context, bool input)
{
	struct live *live = context;

	if (input && !top_screen_wait(0))
		live->quit = true;
	if (hear_keys(live) || boottime_now_ns() >= live->painted_ns + PAINT_LEAST_MS * NS_PER_MS)
		paint(live);
	return !live->quit && !stopped_by;
}

/* Result: milliseconds until the next tick is due. */
static unsigned int wait_for(const struct live *live)
{
	uint64_t now_ns = boottime_now_ns(), wait_ms;

	if (live->more || live->open || *live->top->cancel_id || live->tick_ns <= now_ns)
		return 0;
	wait_ms = (live->tick_ns - now_ns) / NS_PER_MS + 1;
	return wait_ms < WAIT_MAX_MS ? (unsigned int)wait_ms : WAIT_MAX_MS;
}

/* What keys have asked for. Result: whether there was such. */
static bool obey(struct live *live)
{
	if (*live->top->cancel_id) {
		top_ask_cancel(live->feed->client, live->top);
		live->tick_ns = 0;
	} else if (live->open) {
		live->open = false;
		top_feed_open(live->feed);
		live->more = true;
	} else {
		return false;
	}
	live->dirty = true;
	return true;
}

static void feed_it(struct live *live)
{
	uint64_t now_ns = boottime_now_ns();

	if (obey(live))
		return;
	if (!live->more && now_ns >= live->tick_ns) {
		live->tick_ns = now_ns + live->delay_ns;
		top_feed_tick(live->feed);
		live->more = true;
	}
	if (!live->more)
		return;
	live->more = top_feed_step(live->feed);
	live->dirty = true;
}

static bool may_paint(const struct live *live)
{
	return !live->more || boottime_now_ns() >= live->painted_ns + PAINT_LEAST_MS * NS_PER_MS;
}

static void run(struct live *live)
{
	while (!live->quit && !stopped_by) {
		if (hear_keys(live) || (live->dirty && may_paint(live)))
			paint(live);
		if (live->quit || !top_screen_wait(wait_for(live)))
			return;
		feed_it(live);
	}
}

/* The process ends as if it had not caught the signal, for whoever waits for it. */
static void end_by_signal(void)
{
	if (!stopped_by)
		return;
	signal(stopped_by, SIG_DFL);
	raise(stopped_by);
}

enum cli_exit top_live_run(struct top_feed *feed, unsigned int delay_ms)
{
	struct live live = {
		.feed = feed, .top = feed->top, .delay_ns = delay_ms * NS_PER_MS, .dirty = true};
	const char *why;

	if (top_screen_open(&why) < 0)
		return talk_fail(CLI_EXIT_USAGE, "%s", why);
	expect_signals();
	talk_client_stop_by(feed->client, &stopped_by);
	talk_client_listen(feed->client, STDIN_FILENO, hear_in_call, &live);
	run(&live);
	talk_client_listen(feed->client, -1, NULL, NULL);
	top_screen_close();
	paint_page_free(&live.page);
	end_by_signal();
	return CLI_EXIT_OK;
}
