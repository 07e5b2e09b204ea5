/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/store/record.h"
#include "fleet/store/same.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "model/wall_time.h"
#include "transfer/transfer.h"

#define LATE_MAX  8
#define AGAIN_MAX 2

/* In this order; each is left out if there is nothing to do. */
enum step {
	STEP_LOOK,
	STEP_PUT,
	STEP_FINISH,
	STEP_EXTEND,
	STEP_DELETE,
	STEP_SHOW, /* what has become of it by its finish */
	STEP_END,
};

struct apply {
	const struct talk_local *local;
	struct record *record;
	void (*done)(void *context, const struct talk_apply_end *end);
	void *context;
	struct transfer *transfer;
	enum step step;
	bool known; /* sallyportd has it */
	unsigned int nr_late, nr_again;
	bool finished;		   /* and as finished */
	bool by_clock;		   /* it has ended so */
	bool earlier;		   /* it is another one, of the same id */
	uint64_t deadline_wall_ns; /* as sallyportd says */
};

static void on_answer(void *context, const struct transfer_end *end);

static void free_apply(struct apply *apply)
{
	transfer_cancel(apply->transfer);
	store_record_free(apply->record);
	free(apply);
}

static void finish(struct apply *apply, const struct transfer_end *answer, bool made, bool ended)
{
	const struct talk_apply_end end = {
		.answer = answer, .made = made, .ended = ended, .by_clock = apply->by_clock};

	apply->transfer = NULL;
	apply->done(apply->context, &end);
	free_apply(apply);
}

static int ask_since(struct apply *apply, const char *method, const char *verb, const json_t *body,
		     uint64_t since_ns)
{
	const struct talk_local_call call = {
		.method = method,
		.body = body,
		.since_ns = since_ns,
		.done = on_answer,
		.context = apply,
	};

	return talk_local_build(apply->local, &call, apply->record->id, verb, &apply->transfer);
}

static int ask(struct apply *apply, const char *method, const char *verb, const json_t *body)
{
	return ask_since(apply, method, verb, body, 0);
}

/* Sets how long it lasts behind its finish, which may have been extended since. */
static int set_linger(const struct apply *apply, json_t *body)
{
	const struct record *record = apply->record;
	uint64_t linger_ns =
		(uint64_t)json_integer_value(json_object_get(body, "linger_s")) * NS_PER_S;

	if (apply->finished) { /* it stays as it was when the finish was told */
		json_object_del(body, "linger_s");
		return 0;
	}
	if (!record->finished_ns || record->until_ns <= record->finished_ns + linger_ns)
		return 0;
	linger_ns = record->until_ns - record->finished_ns;
	return json_object_set_new(body, "linger_s",
				   json_integer((json_int_t)(linger_ns / NS_PER_S)));
}

/* The lifetime is counted from the creation in the fleet, and stays as it is once declared here. */
static int set_times(const struct apply *apply, json_t *body)
{
	uint64_t left_s = store_record_left_s(apply->record);
	int error;

	if (apply->known)
		error = json_object_del(body, "max_lifetime_s");
	else
		error = json_object_set_new(body, "max_lifetime_s",
					    json_integer((json_int_t)left_s));
	return error ? error : set_linger(apply, body);
}

static int ask_put(struct apply *apply)
{
	/* Of one that is not known a lifetime is in it. */
	uint64_t since_ns = apply->known ? 0 : boottime_now_ns();
	json_t *body = json_copy(apply->record->body);
	int error = -ENOMEM;

	if (body && set_times(apply, body) == 0)
		error = ask_since(apply, "PUT", "", body, since_ns);
	json_decref(body);
	return error;
}

static int ask_time(struct apply *apply, const char *verb, const char *name, uint64_t wall_ns)
{
	char text[WALL_TIME_BYTES];
	json_t *body = json_pack("{s:s}", name, model_wall_time_print(wall_ns, text));
	int error = body ? ask(apply, "POST", verb, body) : -ENOMEM;

	json_decref(body);
	return error;
}

/* Extensions are told to the second. */
static bool must_extend(const struct apply *apply)
{
	return apply->record->until_ns / NS_PER_S > apply->deadline_wall_ns / NS_PER_S;
}

/* An end that is a finish is told as such, so that it says why it has ended. */
static enum step next_of_end(const struct apply *apply)
{
	const struct record *record = apply->record;
	bool by_finish = record->finished_ns && !store_record_lingers(record);

	if (!apply->known)
		return STEP_END;
	if (apply->step < STEP_FINISH && by_finish && !apply->finished)
		return STEP_FINISH;
	if (apply->step < STEP_DELETE)
		return STEP_DELETE;
	return apply->step < STEP_SHOW && by_finish ? STEP_SHOW : STEP_END;
}

/* Result: the next step that has something to do. */
static enum step next_step(const struct apply *apply)
{
	const struct record *record = apply->record;

	if (record->ended_ns)
		return next_of_end(apply);
	if (apply->step < STEP_PUT)
		return STEP_PUT;
	if (apply->step < STEP_FINISH && record->finished_ns && !apply->finished)
		return STEP_FINISH;
	if (apply->step < STEP_EXTEND && record->until_ns && must_extend(apply))
		return STEP_EXTEND;
	return STEP_END;
}

static int take_step(struct apply *apply)
{
	switch (apply->step) {
	case STEP_LOOK:
	case STEP_SHOW:
		return ask(apply, "GET", "", NULL);
	case STEP_PUT:
		return ask_put(apply);
	case STEP_FINISH:
		return ask_time(apply, "/finish", "finished_at", apply->record->finished_ns);
	case STEP_EXTEND:
		return ask_time(apply, "/extend", "until", apply->record->until_ns);
	case STEP_DELETE:
		return ask(apply, "DELETE", "", NULL);
	case STEP_END:
		break;
	}
	return 0;
}

/* Result: whether the build, as sallyportd shows it, has ended. */
static bool read_build(struct apply *apply, const struct transfer_end *end)
{
	json_t *build = json_loadb(end->body, end->body_bytes, 0, NULL);
	const char *state = json_string_value(json_object_get(build, "state"));
	const char *deadline = json_string_value(json_object_get(build, "deadline"));
	bool ended = state && strcmp(state, "ended") == 0;

	apply->by_clock = ended && talk_local_is_by_clock(
					   json_string_value(json_object_get(build, "reason")));
	apply->finished = state && strcmp(state, "finished") == 0;
	if (deadline)
		model_wall_time_parse(deadline, &apply->deadline_wall_ns);
	apply->earlier = !store_same_nodes(json_object_get(build, "nodes"),
					   json_object_get(apply->record->body, "nodes"));
	json_decref(build);
	return ended;
}

static void finish_earlier(struct apply *apply, const struct transfer_end *answer, bool open)
{
	const struct talk_apply_end end = {.answer = answer, .earlier = true, .open = open};

	apply->done(apply->context, &end);
	free_apply(apply);
}

/* Result: whether it is to be gone on with. */
static bool judge(struct apply *apply, const struct transfer_end *end)
{
	const struct record *record = apply->record;
	bool ended = false;

	if (end->error) {
		finish(apply, end, false, false);
		return false;
	}
	if (end->status == 200 || end->status == 201)
		ended = read_build(apply, end);
	if (apply->step == STEP_LOOK && end->status == 404) {
		apply->known = false;
		apply->finished = false; /* as it was when it was looked at before */
		/* What is over comes to life nowhere. */
		ended = !record->ended_ns && store_record_left_s(record) == 0;
		apply->by_clock = ended;
	} else if (end->status / 100 == 2) {
		apply->known = true;
	} else {
		finish(apply, end, false, false);
		return false;
	}
	if (apply->step == STEP_LOOK && apply->known && apply->earlier && !record->ended_ns) {
		finish_earlier(apply, end, !ended);
		return false;
	}
	if (ended)
		finish(apply, end, record->ended_ns != 0, record->ended_ns == 0);
	return !ended;
}

/* It is not as it was when it was looked at. The queue and a change may both make what neither has
 * found: the lifetimes that they count from now may differ by a second, and the later one is
 * refused. And a finish or an extension may have no more to do, or come too late: others have made
 * it, its time is over, or this host's clock has been set. */
static bool has_moved(const struct apply *apply, const struct transfer_end *end)
{
	bool timed = apply->step == STEP_FINISH || apply->step == STEP_EXTEND;

	if (end->error || apply->nr_again == AGAIN_MAX)
		return false;
	return (apply->step == STEP_PUT && end->status == 409) || (timed && end->status / 100 == 4);
}

/* sallyportd hung, and its lifetime would be counted from too late. */
static bool is_late(struct apply *apply, const struct transfer_end *end)
{
	return apply->step == STEP_PUT && !end->error && end->status == 408 &&
	       apply->nr_late++ < LATE_MAX;
}

static void on_answer(void *context, const struct transfer_end *end)
{
	struct apply *apply = context;
	bool moved = has_moved(apply, end);

	apply->transfer = NULL;
	if (moved || is_late(apply, end)) {
		apply->nr_again += moved;
		apply->step = STEP_LOOK;
		if (take_step(apply) < 0)
			finish(apply, end, false, false);
		return;
	}
	if (!judge(apply, end))
		return;
	apply->step = next_step(apply);
	if (apply->step == STEP_END)
		finish(apply, end, true, false);
	else if (take_step(apply) < 0)
		finish(apply, end, false, false);
}

int talk_apply_start(const struct talk_local *local, const struct record *record,
		     void (*done)(void *context, const struct talk_apply_end *end), void *context,
		     struct apply **ret_apply)
{
	struct apply *apply = calloc(1, sizeof(*apply));

	if (!apply)
		return -ENOMEM;
	apply->local = local;
	apply->done = done;
	apply->context = context;
	apply->record = store_record_copy(record);
	if (!apply->record || take_step(apply) < 0) {
		free_apply(apply);
		return -ENOMEM;
	}
	*ret_apply = apply;
	return 0;
}

void talk_apply_cancel(struct apply *apply)
{
	if (apply)
		free_apply(apply);
}
