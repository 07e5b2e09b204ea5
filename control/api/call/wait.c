/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "answer/answer.h"
#include "host/boottime.h"
#include "table/quiesce.h"

#define POLL_US	      1000
#define RETRY_AFTER_S 1

struct waiter {
	STAILQ_ENTRY(waiter) link;
	struct http_request *request; /* NULL: nobody is answered */
	struct http_answer answer;
	uint64_t receipt_number;
	struct quiesce quiesce;
};

struct api_waits {
	struct api_waits_options options;
	sd_event_source *timer;
	STAILQ_HEAD(waiters, waiter) waiters;
};

static int on_poll(sd_event_source *source, uint64_t usec, void *context);

int call_wait_open(const struct api_waits_options *options, struct api_waits **ret_waits)
{
	struct api_waits *waits = calloc(1, sizeof(*waits));
	int r;

	if (!waits)
		return -ENOMEM;
	waits->options = *options;
	STAILQ_INIT(&waits->waiters);
	r = sd_event_add_time_relative(options->event, &waits->timer, CLOCK_MONOTONIC, 0, 1,
				       on_poll, waits);
	if (r < 0) {
		free(waits);
		return r;
	}
	sd_event_source_set_enabled(waits->timer, SD_EVENT_OFF);
	*ret_waits = waits;
	return 0;
}

static void free_waiter(struct waiter *waiter)
{
	http_answer_clear(&waiter->answer);
	free(waiter);
}

void call_wait_close(struct api_waits *waits)
{
	struct waiter *waiter;

	if (!waits)
		return;
	while ((waiter = STAILQ_FIRST(&waits->waiters))) {
		STAILQ_REMOVE_HEAD(&waits->waiters, link);
		free_waiter(waiter);
	}
	sd_event_source_unref(waits->timer);
	free(waits);
}

/*
 * What was asked for is done and journaled; only the confirmation is missing. quiesce is NULL where
 * there was no memory to wait for it with.
 */
static void answer_unconfirmed(struct http_answer *answer, const struct quiesce *quiesce)
{
	struct problem problem = {.retry_after_s = RETRY_AFTER_S};

	http_answer_clear(answer);
	if (!quiesce)
		json_problem_set(&problem, PROBLEM_WORKER_STUCK,
				 "The change is made, but there is no memory to see it confirmed.");
	else if (quiesce->nr_waiting == 0)
		json_problem_set(
			&problem, PROBLEM_WORKER_STUCK,
			"The change is made, but the kernel has not said that the XDP program "
			"is past it.");
	else
		json_problem_set(
			&problem, PROBLEM_WORKER_STUCK,
			"The change is made, but worker %u (pid %d) has not been seen past it.",
			quiesce->worker[0].index, quiesce->worker[0].pid);
	if (answer_problem(answer, &problem) < 0)
		answer->status = json_problem_status(PROBLEM_WORKER_STUCK);
}

/* Ends the wait, and the waiter with it, if there is nothing more to wait for. */
static void settle(struct api_waits *waits, struct waiter *waiter)
{
	int r = table_quiesce_poll(waits->options.quiescer, &waiter->quiesce, boottime_now_ns());

	if (r == -EAGAIN)
		return;
	STAILQ_REMOVE(&waits->waiters, waiter, waiter, link);
	if (r < 0) {
		waits->options.stuck(waits->options.context, waiter->quiesce.nr_waiting > 0);
		answer_unconfirmed(&waiter->answer, &waiter->quiesce);
	}
	if (waiter->request)
		http_request_answer(waiter->request, &waiter->answer);
	free_waiter(waiter);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *context)
{
	struct api_waits *waits = context;
	struct waiter *waiter, *next;

	for (waiter = STAILQ_FIRST(&waits->waiters); waiter; waiter = next) {
		next = STAILQ_NEXT(waiter, link);
		settle(waits, waiter);
	}
	if (STAILQ_EMPTY(&waits->waiters))
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	sd_event_source_set_time_relative(source, POLL_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void answer_now(struct http_request *request, struct http_answer *answer)
{
	if (request)
		http_request_answer(request, answer);
	else
		http_answer_clear(answer);
}

bool call_wait_has(const struct api_waits *waits, uint64_t receipt_number)
{
	const struct waiter *waiter;

	STAILQ_FOREACH(waiter, &waits->waiters, link)
	if (receipt_number && waiter->receipt_number == receipt_number)
		return true;
	return false;
}

void call_wait_send(struct api_waits *waits, struct http_request *request,
		    struct http_answer *answer, uint64_t receipt_number)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter) {
		answer_unconfirmed(answer, NULL);
		answer_now(request, answer);
		return;
	}
	waiter->request = request;
	waiter->receipt_number = receipt_number;
	waiter->answer = *answer;
	*answer = (struct http_answer){0};
	table_quiesce_begin(waits->options.quiescer, boottime_now_ns(), &waiter->quiesce);
	STAILQ_INSERT_TAIL(&waits->waiters, waiter, link);
	sd_event_source_set_time_relative(waits->timer, POLL_US);
	sd_event_source_set_enabled(waits->timer, SD_EVENT_ONESHOT);
}
