/* SPDX-License-Identifier: BSD-3-Clause */
#include "net.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agenda.h"
#include "chance.h"
#include "host/boottime.h"
#include "loop.h"

#define RETRY_NS (200 * NS_PER_MS) /* what does not get through is sent again */
#define STUCK_NS (20 * NS_PER_S)   /* and given up then */

struct sim_net sim_net;

enum what {
	WHAT_LINE,
	WHAT_ANSWER,
	WHAT_END,
	WHAT_BREAK,
};

struct parcel {
	STAILQ_ENTRY(parcel) link;
	enum what what;
	uint64_t at_ns;
	struct sim_text *text;
	struct sim_answer answer;
	char *unconfirmed;
};

struct sim_flight {
	struct sim_send send; /* its texts are ours */
	int host;	      /* that it came from, which may have ended since */
	unsigned int refs;
	bool waits; /* somebody does for it */
	bool doubled, silent;
	struct sim_task ask, again, limit, bring;
	STAILQ_HEAD(, parcel) parcels;
	uint64_t begun_ns, last_ns, stuck_ns;
	void (*gone)(void *context);
	void *server;
};

struct sim_text *sim_text_new(const char *data, size_t bytes)
{
	struct sim_text *text = malloc(sizeof(*text) + bytes + 1);

	assert(text);
	text->refs = 1;
	text->bytes = bytes;
	memcpy(text->data, data, bytes);
	text->data[bytes] = '\0';
	return text;
}

struct sim_text *sim_text_keep(struct sim_text *text)
{
	text->refs++;
	return text;
}

void sim_text_drop(struct sim_text *text)
{
	if (text && !--text->refs)
		free(text);
}

static void free_parcel(struct parcel *parcel)
{
	sim_text_drop(parcel->text);
	free(parcel->unconfirmed);
	free(parcel);
}

static void release(struct sim_flight *flight)
{
	struct parcel *parcel;

	if (--flight->refs)
		return;
	while ((parcel = STAILQ_FIRST(&flight->parcels))) {
		STAILQ_REMOVE_HEAD(&flight->parcels, link);
		free_parcel(parcel);
	}
	for (unsigned int i = 0; i < 3; i++)
		free((char *)flight->send.header[i]);
	free((char *)flight->send.socket);
	free((char *)flight->send.method);
	free((char *)flight->send.path);
	free((void *)flight->send.body);
	free(flight);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static bool is_cut(const struct sim_flight *flight, unsigned int which)
{
	int host = sim_net_host(flight);

	return !flight->send.socket && host >= 0 &&
	       (sim_net.cut[host][flight->send.member] & which);
}

static uint64_t draw_delay(const struct sim_flight *flight)
{
	if (flight->send.socket)
		return sim_chance_between(50, 300) * NS_PER_US;
	if (sim_net.late_percent && sim_chance_percent(sim_net.late_percent)) {
		sim_net.nr_late++;
		return sim_chance_between(100, 4000) * NS_PER_MS;
	}
	return sim_chance_between(200, 3000) * NS_PER_US;
}

/* A task of the flight's keeps it. */
static void plan(struct sim_flight *flight, struct sim_task *task, uint64_t at_ns)
{
	if (!task->place)
		flight->refs++;
	sim_agenda_set(task, at_ns);
}

static void unplan(struct sim_flight *flight, struct sim_task *task)
{
	if (!task->place)
		return;
	sim_agenda_cancel(task);
	release(flight);
}

static void tell_gone(struct sim_flight *flight)
{
	void (*gone)(void *context) = flight->gone;

	flight->gone = NULL;
	if (gone) {
		gone(flight->server);
		release(flight);
	}
}

/* Nobody waits from here on. Without telling who serves it. */
static void stop_waiting(struct sim_flight *flight)
{
	flight->waits = false;
	unplan(flight, &flight->limit);
	unplan(flight, &flight->bring);
}

static void finish(struct sim_flight *flight, const struct sim_answer *answer)
{
	sd_event *from = flight->send.from;

	flight->refs++;
	stop_waiting(flight);
	tell_gone(flight);
	sim_loop_enter(from);
	flight->send.end(flight->send.context, answer);
	sim_loop_leave(from);
	release(flight); /* as of who waited */
	release(flight);
}

static void fail(struct sim_flight *flight, int error, const char *reason)
{
	const struct sim_answer answer = {.error = error, .reason = reason};

	finish(flight, &answer);
}

static void bring_one(struct sim_flight *flight, const struct parcel *parcel)
{
	sd_event *from = flight->send.from;
	struct sim_answer answer = parcel->answer;

	switch (parcel->what) {
	case WHAT_LINE:
		sim_loop_enter(from);
		flight->send.line(flight->send.context, parcel->text->data, parcel->text->bytes);
		sim_loop_leave(from);
		break;
	case WHAT_ANSWER:
		answer.body = parcel->text->data;
		answer.body_bytes = parcel->text->bytes;
		answer.unconfirmed = parcel->unconfirmed;
		finish(flight, &answer);
		break;
	case WHAT_END:
		answer = (struct sim_answer){.status = 200, .content_type = "", .body = ""};
		finish(flight, &answer);
		break;
	case WHAT_BREAK:
		fail(flight, -EIO, "the connection was broken off");
		break;
	}
}

static void bring(void *context)
{
	struct sim_flight *flight = context;
	uint64_t now_ns = sim_agenda_now_ns();
	struct parcel *parcel;

	if (is_cut(flight, SIM_CUT_ANSWERS)) {
		if (!flight->stuck_ns)
			flight->stuck_ns = now_ns;
		if (now_ns - flight->stuck_ns > STUCK_NS)
			fail(flight, -EIO, "the connection was broken off");
		else
			plan(flight, &flight->bring, now_ns + RETRY_NS);
		release(flight);
		return;
	}
	flight->stuck_ns = 0;
	while (flight->waits && (parcel = STAILQ_FIRST(&flight->parcels)) &&
	       parcel->at_ns <= now_ns) {
		STAILQ_REMOVE_HEAD(&flight->parcels, link);
		bring_one(flight, parcel);
		free_parcel(parcel);
	}
	parcel = STAILQ_FIRST(&flight->parcels);
	if (flight->waits && parcel)
		plan(flight, &flight->bring, parcel->at_ns);
	release(flight);
}

static void put(struct sim_flight *flight, struct parcel *parcel)
{
	uint64_t at_ns = sim_agenda_now_ns() + draw_delay(flight);

	if (!flight->waits || flight->silent) {
		free_parcel(parcel);
		return;
	}
	if (at_ns < flight->last_ns)
		at_ns = flight->last_ns; /* in order */
	flight->last_ns = parcel->at_ns = at_ns;
	STAILQ_INSERT_TAIL(&flight->parcels, parcel, link);
	if (!flight->bring.place)
		plan(flight, &flight->bring, at_ns);
}

static struct parcel *new_parcel(enum what what)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));

	assert(parcel);
	parcel->what = what;
	return parcel;
}

static void unserve(struct sim_flight *flight)
{
	if (flight->gone) {
		flight->gone = NULL;
		release(flight);
	}
}

void sim_net_answer(struct sim_flight *flight, const struct sim_answer *answer)
{
	struct parcel *parcel = new_parcel(WHAT_ANSWER);

	parcel->answer = *answer;
	parcel->text = sim_text_new(answer->body ? answer->body : "", answer->body_bytes);
	parcel->unconfirmed = copy(answer->unconfirmed);
	put(flight, parcel);
	unserve(flight);
}

void sim_net_line(struct sim_flight *flight, struct sim_text *line)
{
	struct parcel *parcel = new_parcel(WHAT_LINE);

	parcel->text = sim_text_keep(line);
	put(flight, parcel);
}

void sim_net_end(struct sim_flight *flight, bool broken)
{
	put(flight, new_parcel(broken ? WHAT_BREAK : WHAT_END));
	unserve(flight);
}

void sim_net_serve(struct sim_flight *flight, void (*gone)(void *context), void *context)
{
	flight->gone = gone;
	flight->server = context;
	flight->refs++;
}

static void arrive(struct sim_flight *flight)
{
	if (flight->send.socket)
		sim_http_arrive(flight);
	else
		sim_gateway_arrive(flight);
}

/* The first of two that are the same is answered to nobody. */
static void on_ask(void *context)
{
	struct sim_flight *flight = context;
	bool refused = !flight->send.socket && sim_net.refuses[flight->send.member];

	if (is_cut(flight, SIM_CUT_ASKS)) {
		release(flight);
		return;
	}
	if (refused && flight->waits)
		fail(flight, -ENOTCONN, "Couldn't connect to server");
	if (refused) {
		release(flight);
		return;
	}
	if (flight->doubled) {
		flight->silent = true;
		arrive(flight);
		flight->silent = false;
		plan(flight, &flight->again, sim_agenda_now_ns() + draw_delay(flight));
	} else {
		arrive(flight);
	}
	release(flight);
}

static void on_again(void *context)
{
	struct sim_flight *flight = context;

	arrive(flight);
	release(flight);
}

void sim_net_later(struct sim_flight *flight, uint64_t at_ns)
{
	plan(flight, &flight->again, at_ns);
}

uint64_t sim_net_age_ns(const struct sim_flight *flight)
{
	return sim_agenda_now_ns() - flight->begun_ns;
}

static void on_limit(void *context)
{
	struct sim_flight *flight = context;

	if (flight->send.connect_ms && is_cut(flight, SIM_CUT_ASKS) && sim_chance_percent(50))
		fail(flight, -ENOTCONN, "Connection timed out");
	else
		fail(flight, -ETIMEDOUT, "Timeout was reached");
	release(flight);
}

/* Of a member alone, and of what has an end. */
static void draw_fate(struct sim_flight *flight)
{
	if (flight->send.socket || flight->send.line)
		return;
	if (sim_net.lost_percent && sim_chance_percent(sim_net.lost_percent)) {
		flight->silent = true;
		sim_net.nr_lost++;
	} else if (sim_net.twice_percent && sim_chance_percent(sim_net.twice_percent)) {
		flight->doubled = true;
		sim_net.nr_twice++;
	}
}

struct sim_flight *sim_net_send(const struct sim_send *send)
{
	struct sim_flight *flight = calloc(1, sizeof(*flight));
	char *body = malloc(send->body_bytes + 1);

	assert(flight && body);
	if (send->body_bytes)
		memcpy(body, send->body, send->body_bytes);
	body[send->body_bytes] = '\0';
	flight->send = *send;
	flight->send.socket = copy(send->socket);
	flight->send.method = copy(send->method);
	flight->send.path = copy(send->path);
	flight->send.body = body;
	for (unsigned int i = 0; i < 3; i++)
		flight->send.header[i] = copy(send->header[i]);
	flight->refs = 1;
	flight->host = sim_loop_process(send->from)->host;
	flight->waits = true;
	flight->begun_ns = sim_agenda_now_ns();
	STAILQ_INIT(&flight->parcels);
	flight->ask = (struct sim_task){.run = on_ask, .context = flight};
	flight->again = (struct sim_task){.run = on_again, .context = flight};
	flight->limit = (struct sim_task){.run = on_limit, .context = flight};
	flight->bring = (struct sim_task){.run = bring, .context = flight};
	draw_fate(flight);
	plan(flight, &flight->ask, sim_agenda_now_ns() + draw_delay(flight));
	if (send->limit_ms)
		plan(flight, &flight->limit, sim_agenda_now_ns() + send->limit_ms * NS_PER_MS);
	return flight;
}

void sim_net_forget(struct sim_flight *flight)
{
	stop_waiting(flight);
	tell_gone(flight);
	release(flight);
}

const struct sim_send *sim_net_asked(const struct sim_flight *flight)
{
	return &flight->send;
}

int sim_net_host(const struct sim_flight *flight)
{
	return flight->host;
}
