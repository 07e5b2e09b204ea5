/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top/ask.h"
#include "cli/top/feed_detail.h"
#include "host/boottime.h"

#define LOAD_LIMIT	  500
#define SWEEP_LIMIT	  50 /* of 10,000, each is seen every three minutes */
#define COUNT_LIMIT	  500
#define COUNT_AGAIN_TICKS 10
#define SHOWN_MAX	  20 /* builds in sight whose rates are asked for */
#define SLOWLY_TICKS	  5  /* what looks at records, in the detail */

/* What a tick asks for, in this order. */
enum todo {
	TODO_STATUS = 1 << 0,
	TODO_EVENTS = 1 << 1,
	TODO_LOAD = 1 << 2,
	TODO_CHANGED = 1 << 3,
	TODO_DETAIL = 1 << 4, /* and behind it one for each part */
	TODO_SHOWN = 1 << 7,
	TODO_COUNT = 1 << 8,
	TODO_SWEEP = 1 << 9,
};

/* What to do next is known by the status of the next tick alone. */
static void lose(struct top_feed *feed, int error)
{
	feed->error = error;
	feed->todo = 0;
}

static void take_builds(struct top_feed *feed, const struct top_answer *answer)
{
	const json_t *build;
	size_t i;

	json_array_foreach (json_object_get(answer->json, "builds"), i, build)
		list_rows_put(&feed->top->rows, build, &answer->moment);
}

static void load_all(struct top_feed *feed)
{
	feed->todo |= TODO_LOAD;
	feed->load_after = 0;
	top_changes_clear(&feed->changes);
	feed->top->loading = true;
	list_rows_begin(&feed->top->rows);
}

/* Whether connections have come or gone since they were counted, or may have. */
static bool must_count(struct top_feed *feed)
{
	const struct top_edge *edge = &feed->top->edge;

	return feed->counted_open != edge->open || feed->counted_opened != edge->opened ||
	       feed->counted < feed->counted_open || feed->ticks_uncounted++ >= COUNT_AGAIN_TICKS;
}

static void plan_count(struct top_feed *feed)
{
	const struct top_edge *edge = &feed->top->edge;

	if (!feed->counting && must_count(feed)) {
		feed->counting = true;
		feed->count_after = 0;
		feed->counted = 0;
		feed->counted_open = edge->open;
		feed->counted_opened = edge->opened;
		feed->ticks_uncounted = 0;
		list_rows_count_begin(&feed->top->rows);
	}
	if (feed->counting)
		feed->todo |= TODO_COUNT;
}

static void plan_detail(struct top_feed *feed)
{
	feed->todo |= TODO_DETAIL << TOP_PART_BUILD | TODO_DETAIL << TOP_PART_CONNECT;
	if (feed->ticks % SLOWLY_TICKS == 0)
		feed->todo |= TODO_DETAIL << TOP_PART_DIAGNOSIS;
}

static void plan(struct top_feed *feed)
{
	const struct top_edge *edge = &feed->top->edge;

	if (edge->newest_seq != feed->changes.seq)
		feed->todo |= TODO_EVENTS;
	list_rows_keep_ended(&feed->top->rows, edge->of_state[SESSION_ENDED]);
	if (feed->top->mode == TOP_SHOW)
		plan_detail(feed);
	plan_count(feed);
	feed->shown = 0;
	if (feed->every && !feed->top->loading)
		load_all(feed);
	if (feed->top->loading)
		feed->todo |= TODO_LOAD;
	if (!feed->every)
		feed->todo |= TODO_SHOWN | TODO_SWEEP;
}

/* Another process, or one that was away, may know other builds and events. */
static bool is_another(const struct top_edge *before, const struct top *top)
{
	return !before->known || *top->lost ||
	       strcmp(before->started_at, top->edge.started_at) != 0;
}

static void take_status(struct top_feed *feed, const struct top_answer *answer)
{
	struct top *top = feed->top;
	struct top_edge before = top->edge;

	if (answer->status != 200 ||
	    list_edge_read(&top->edge, answer->json, &answer->moment) < 0) {
		top_ask_lost(top, "its status cannot be read");
		return;
	}
	if (is_another(&before, top)) {
		feed->changes.seq = top->edge.newest_seq;
		feed->counting = false;
		feed->sweep_after = 0;
		top->lost[0] = '\0';
		load_all(feed);
	}
	plan(feed);
}

static void step_status(struct top_feed *feed)
{
	struct top_answer answer;
	int r = top_ask_get(feed->client, feed->top, "/v1/status", &answer);

	if (r < 0) {
		lose(feed, r);
		return;
	}
	take_status(feed, &answer);
	top_ask_clear(&answer);
}

/* A refused client changes nothing of its build. */
static void take_refused(void *context, const json_t *event)
{
	struct top *top = context;

	if (top->mode == TOP_SHOW && strcmp(top->detail.id, talk_text(event, "build")) == 0)
		list_state_refused(&top->detail, event);
}

static void step_events(struct top_feed *feed)
{
	struct top_changes *changes = &feed->changes;
	char path[TOP_CHANGES_PATH_MAX];
	struct top_answer answer;
	int r = top_ask_get(feed->client, feed->top, top_changes_path(changes, path), &answer);

	if (r < 0) {
		lose(feed, r);
		return;
	}
	top_changes_take(changes, answer.status, answer.text, take_refused, feed->top);
	if (answer.status != 200)
		changes->seq = feed->top->edge.newest_seq;
	if (changes->all && !feed->top->loading)
		load_all(feed);
	if (changes->nr > 0)
		feed->todo |= TODO_CHANGED;
	top_ask_clear(&answer);
}

/* Result: whether a page has come, to be cleared. */
static bool ask_page(struct top_feed *feed, const char *what, unsigned int limit, json_int_t after,
		     struct top_answer *answer)
{
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%slimit=%u&after=%" JSON_INTEGER_FORMAT, what, limit, after);
	r = top_ask_get(feed->client, feed->top, path, answer);
	if (r < 0)
		lose(feed, r);
	else if (answer->status != 200 || !answer->json)
		top_ask_clear(answer);
	return r == 0 && answer->json;
}

static void finish_load(struct top_feed *feed)
{
	list_rows_finish(&feed->top->rows);
	feed->top->loading = false;
	if (feed->changes.all)
		load_all(feed);
}

static void step_load(struct top_feed *feed)
{
	struct top_answer answer;

	if (!ask_page(feed, "/v1/builds?", LOAD_LIMIT, feed->load_after, &answer))
		return;
	take_builds(feed, &answer);
	feed->load_after = talk_number(answer.json, "next");
	if (feed->load_after > 0)
		feed->todo |= TODO_LOAD;
	else
		finish_load(feed);
	top_ask_clear(&answer);
}

static void step_sweep(struct top_feed *feed)
{
	struct top_answer answer;

	if (!ask_page(feed, "/v1/builds?", SWEEP_LIMIT, feed->sweep_after, &answer))
		return;
	take_builds(feed, &answer);
	feed->sweep_after = talk_number(answer.json, "next");
	top_ask_clear(&answer);
}

static void take_connections(struct top_feed *feed, const json_t *page)
{
	struct top_rows *rows = &feed->top->rows;
	const json_t *connection;
	size_t i;

	json_array_foreach (json_object_get(page, "connections"), i, connection) {
		feed->counted++;
		if (json_is_true(json_object_get(connection, "accepted")))
			list_rows_count(rows, talk_text(connection, "build"));
	}
	feed->count_after = talk_number(page, "next");
	feed->counting = feed->count_after > 0;
	if (!feed->counting)
		list_rows_count_finish(rows);
}

/* A page of them. Where none are open, what is recorded only has not been brought up to date. */
static void step_count(struct top_feed *feed)
{
	struct top_answer answer;

	if (feed->counted_open == 0) {
		feed->counting = false;
		list_rows_count_finish(&feed->top->rows);
	} else if (ask_page(feed, "/v1/connections?open=1&", COUNT_LIMIT, feed->count_after,
			    &answer)) {
		take_connections(feed, answer.json);
		top_ask_clear(&answer);
	}
}

/* Reads one build again, by which it may turn out to be gone. */
static void refresh(struct top_feed *feed, const char *id)
{
	struct top_answer answer;
	int r = top_ask_build(feed->client, feed->top, id, "", &answer);

	if (r < 0) {
		lose(feed, r);
		return;
	}
	if (answer.status == 200)
		list_rows_put(&feed->top->rows, answer.json, &answer.moment);
	else if (answer.status == 404)
		list_rows_remove(&feed->top->rows, id);
	top_ask_clear(&answer);
}

static void step_changed(struct top_feed *feed)
{
	const char *id = top_changes_next(&feed->changes);

	if (!id)
		return;
	feed->todo |= TODO_CHANGED;
	refresh(feed, id);
}

/* Result: how many builds are in sight: none where the list is not. */
static size_t count_shown(struct top_feed *feed)
{
	struct top_view *view = &feed->top->view;
	size_t nr;

	if (feed->top->mode >= TOP_SHOW || list_view_update(view, &feed->top->rows) < 0)
		return 0;
	nr = view->nr > view->first ? view->nr - view->first : 0;
	return nr < view->lines ? nr : view->lines;
}

/* One of those in sight. Where they are many they take turns, which makes rates no less right. */
static void step_shown(struct top_feed *feed)
{
	const struct top_view *view = &feed->top->view;
	size_t nr = count_shown(feed);
	char id[TOP_ID_SIZE];

	if (feed->shown >= nr || feed->shown >= SHOWN_MAX)
		return;
	feed->shown++;
	snprintf(id, sizeof(id), "%s", view->shown[view->first + feed->turn++ % nr]->id);
	feed->todo |= TODO_SHOWN;
	refresh(feed, id);
}

static void step_detail(struct top_feed *feed, enum top_part part)
{
	int r = top_feed_detail_ask(feed->client, feed->top, part);

	if (r < 0)
		lose(feed, r);
}

void top_feed_tick(struct top_feed *feed)
{
	feed->ticks++;
	feed->error = 0;
	feed->todo |= TODO_STATUS;
}

void top_feed_open(struct top_feed *feed)
{
	for (unsigned int part = 0; part < TOP_PARTS_NR; part++)
		feed->todo |= TODO_DETAIL << part;
	top_feed_detail_past(feed->client, feed->top, feed->changes.seq);
}

/* Result: the first of what is to be done, 0: nothing. */
static unsigned int take_todo(struct top_feed *feed)
{
	unsigned int first = feed->todo & -feed->todo;

	feed->todo &= ~first;
	return first;
}

bool top_feed_step(struct top_feed *feed)
{
	unsigned int what = take_todo(feed);

	switch (what) {
	case TODO_STATUS:
		step_status(feed);
		break;
	case TODO_EVENTS:
		step_events(feed);
		break;
	case TODO_LOAD:
		step_load(feed);
		break;
	case TODO_CHANGED:
		step_changed(feed);
		break;
	case TODO_DETAIL << TOP_PART_BUILD:
		step_detail(feed, TOP_PART_BUILD);
		break;
	case TODO_DETAIL << TOP_PART_CONNECT:
		step_detail(feed, TOP_PART_CONNECT);
		break;
	case TODO_DETAIL << TOP_PART_DIAGNOSIS:
		step_detail(feed, TOP_PART_DIAGNOSIS);
		break;
	case TODO_SHOWN:
		step_shown(feed);
		break;
	case TODO_COUNT:
		step_count(feed);
		break;
	case TODO_SWEEP:
		step_sweep(feed);
		break;
	}
	return feed->todo != 0;
}
