/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "api/call/call.h"

#define TOGETHER_MAX 64 /* PUTs in one commit */

struct turn {
	STAILQ_ENTRY(turn) link;
	struct api_call call;
};

struct api_turns {
	sd_event_source *source; /* always due; a deferred one would come before all others */
	STAILQ_HEAD(turn_queue, turn) queue; /* the first is the one whose turn it is */
	unsigned int nr;
	struct api_work work; /* of the first; step is NULL without */
};

static int on_turn(sd_event_source *source, uint64_t usec, void *context);

int call_turns_open(sd_event *event, struct api_turns **ret_turns)
{
	struct api_turns *turns = calloc(1, sizeof(*turns));
	int r;

	if (!turns)
		return -ENOMEM;
	STAILQ_INIT(&turns->queue);
	r = sd_event_add_time(event, &turns->source, CLOCK_MONOTONIC, 0, 1, on_turn, turns);
	if (r >= 0)
		r = sd_event_source_set_enabled(turns->source, SD_EVENT_OFF);
	if (r < 0) {
		call_turns_close(turns);
		return r;
	}
	*ret_turns = turns;
	return 0;
}

static void drop_first(struct api_turns *turns)
{
	struct turn *turn = STAILQ_FIRST(&turns->queue);

	STAILQ_REMOVE_HEAD(&turns->queue, link);
	turns->nr--;
	call_receipt_end(&turn->call);
	free(turn);
}

static void end_work(struct api_turns *turns)
{
	if (turns->work.step)
		turns->work.free(turns->work.context);
	turns->work = (struct api_work){0};
}

void call_turns_close(struct api_turns *turns)
{
	if (!turns)
		return;
	end_work(turns);
	while (turns->nr)
		drop_first(turns);
	sd_event_source_unref(turns->source);
	free(turns);
}

int call_turns_add(struct api_turns *turns, const struct api_call *call)
{
	struct turn *turn = malloc(sizeof(*turn));

	if (!turn)
		return -ENOMEM;
	turn->call = *call;
	turn->call.edge.problem = &turn->call.problem;
	STAILQ_INSERT_TAIL(&turns->queue, turn, link);
	turns->nr++;
	sd_event_source_set_enabled(turns->source, SD_EVENT_ONESHOT);
	return 0;
}

void call_turns_go_on(struct api_turns *turns, const struct api_work *work)
{
	turns->work = *work;
}

unsigned int call_turns_waiting(const struct api_turns *turns)
{
	return turns->nr;
}

/* A PUT with a precondition has to see what those before it have done, a retry their receipts. */
static bool may_share(const struct api_call *call)
{
	return call->route->handle_all && !http_request_header(call->request, "If-Match") &&
	       !http_request_header(call->request, "If-None-Match") &&
	       !http_request_header(call->request, API_RECEIPT_HEADER);
}

/* Result: how many of the first may be put together. */
static unsigned int gather(struct api_turns *turns, struct api_call *together[TOGETHER_MAX])
{
	unsigned int nr = 0;
	struct turn *turn;

	STAILQ_FOREACH(turn, &turns->queue, link)
	{
		if (nr == TOGETHER_MAX || !may_share(&turn->call) ||
		    (nr > 0 && turn->call.route != together[0]->route))
			break;
		together[nr++] = &turn->call;
	}
	return nr;
}

static void begin_first(struct api_turns *turns)
{
	struct api_call *together[TOGETHER_MAX], *first = &STAILQ_FIRST(&turns->queue)->call;
	unsigned int nr = gather(turns, together);

	if (nr > 0) {
		together[0]->route->handle_all(together, nr);
		while (nr-- > 0)
			drop_first(turns);
		return;
	}
	model_clock_read(&first->edge.now);
	if (call_receipt_begin(first))
		first->route->handle(first);
	if (!turns->work.step)
		drop_first(turns);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *context)
{
	struct api_turns *turns = context;

	if (!turns->work.step) {
		begin_first(turns);
	} else if (turns->work.step(turns->work.context) != -EAGAIN) {
		end_work(turns);
		drop_first(turns);
	}
	return turns->nr ? sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) : 0;
}
