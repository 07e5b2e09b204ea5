/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "api/call/call.h"
#include "edge/edge.h"
#include "host/boottime.h"

#define TOGETHER_MAX 64	 /* PUTs in one commit */
#define BUSY_US	     500 /* with what the clock does */
#define STEPS_NS     1000000

struct turn {
	STAILQ_ENTRY(turn) link;
	struct api_call call;
};

struct api_turns {
	struct edge *edge;
	sd_event_source *journal; /* the result of its thread */
	sd_event_source *source;  /* of a file that can always be read: no timer is set for it */
	sd_event_source *later;
	int always_fd;
	STAILQ_HEAD(turn_queue, turn) queue; /* the first is the one whose turn it is */
	unsigned int nr;
	struct api_work work; /* of the first; step is NULL without */
};

static int on_turn(sd_event_source *source, int fd, uint32_t revents, void *context);

static int take_turn(const struct api_turns *turns)
{
	return sd_event_source_set_enabled(turns->source, SD_EVENT_ONESHOT);
}

static int take_turn_later(const struct api_turns *turns)
{
	sd_event_source_set_time_relative(turns->later, BUSY_US);
	return sd_event_source_set_enabled(turns->later, SD_EVENT_ONESHOT);
}

static int on_later(sd_event_source *source, uint64_t usec, void *context)
{
	return take_turn(context);
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	const struct api_turns *turns = context;

	return turns->nr ? take_turn(turns) : 0;
}

/* Once for each result: who has begun the work fetches it. */
static int watch_journal(sd_event *event, struct api_turns *turns)
{
	int fd = edge_thread_fd(turns->edge);

	return fd < 0 ? 0
		      : sd_event_add_io(event, &turns->journal, fd, EPOLLIN | EPOLLET, on_journal,
					turns);
}

int call_turns_open(sd_event *event, struct edge *edge, struct api_turns **ret_turns)
{
	struct api_turns *turns = calloc(1, sizeof(*turns));
	int r;

	if (!turns)
		return -ENOMEM;
	turns->edge = edge;
	STAILQ_INIT(&turns->queue);
	turns->always_fd = eventfd(1, EFD_CLOEXEC);
	r = turns->always_fd < 0 ? -errno : 0;
	if (r == 0)
		r = sd_event_add_io(event, &turns->source, turns->always_fd, EPOLLIN, on_turn,
				    turns);
	if (r >= 0)
		r = sd_event_add_time(event, &turns->later, CLOCK_MONOTONIC, 0, 1, on_later, turns);
	if (r >= 0)
		r = sd_event_source_set_enabled(turns->later, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_enabled(turns->source, SD_EVENT_OFF);
	if (r >= 0)
		r = watch_journal(event, turns);
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
	sd_event_source_disable_unref(turns->journal);
	sd_event_source_disable_unref(turns->later);
	sd_event_source_disable_unref(turns->source);
	if (turns->always_fd >= 0)
		close(turns->always_fd);
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
	take_turn(turns);
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

/* As many steps as there is time for: each turn of the loop has its price, too. */
static int work_on(struct api_turns *turns)
{
	uint64_t until_ns = boottime_now_ns() + STEPS_NS;
	int r;

	do {
		r = turns->work.step(turns->work.context);
	} while (r == -EAGAIN && boottime_now_ns() < until_ns);
	return r;
}

static int on_turn(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct api_turns *turns = context;
	int r;

	/* The turn that was to be taken later came sooner, by the journal's result. */
	if (turns->nr == 0)
		return 0;
	if (!turns->work.step && edge_is_busy(turns->edge)) {
		edge_expire_hold(turns->edge, true);
		return take_turn_later(turns);
	}
	if (!turns->work.step) {
		begin_first(turns);
	} else {
		r = work_on(turns);
		if (r == -EINPROGRESS)
			return 0;
		if (r != -EAGAIN) {
			end_work(turns);
			drop_first(turns);
		}
	}
	/* A work needs the edge at a turn of its own, not at its first. */
	edge_expire_hold(turns->edge, turns->work.step != NULL);
	return turns->nr ? take_turn(turns) : 0;
}
