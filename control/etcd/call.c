/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etcd/login.h"
#include "etcd/post.h"
#include "etcd/state.h"
#include "host/boottime.h"

#define LOGINS_MAX 3 /* of one call */

struct etcd_call {
	struct etcd *etcd;
	const char *path; /* static */
	char *body;
	bool once;
	void (*done)(void *context, const struct etcd_result *result);
	void *context;
	uint64_t until_ns;
	unsigned int member;
	unsigned int token_number; /* that it was sent with */
	unsigned int nr_logins;
	struct transfer *transfer;
	struct etcd_waiter waiter;
	sd_event_source *timer; /* off unless all members rest, or there is an error to tell */
	int error;		/* to be told by the timer */
	char reason[ETCD_POST_REASON_BYTES]; /* why the last try failed */
};

static void attempt(struct etcd_call *call);

static void free_call(struct etcd_call *call)
{
	transfer_cancel(call->transfer);
	etcd_login_forget(&call->waiter);
	sd_event_source_disable_unref(call->timer);
	free(call->body);
	free(call);
}

static void finish(struct etcd_call *call, const struct etcd_result *result)
{
	call->transfer = NULL;
	call->done(call->context, result);
	free_call(call);
}

static void fail(struct etcd_call *call, int error)
{
	finish(call, &(struct etcd_result){.error = error, .reason = call->reason});
}

static void arm(struct etcd_call *call, uint64_t at_ns)
{
	sd_event_source_set_time(call->timer, at_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
}

/* From the loop: whoever started the call has it by then. */
static void fail_later(struct etcd_call *call, int error)
{
	call->error = error;
	arm(call, 0);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct etcd_call *call = context;

	if (call->error)
		fail(call, call->error);
	else
		attempt(call);
	return 0;
}

static void on_token(void *context, int error, const char *reason)
{
	struct etcd_call *call = context;

	if (error)
		snprintf(call->reason, sizeof(call->reason), "%s", reason);
	if (error && error != -EAGAIN)
		fail(call, error);
	else
		attempt(call);
}

/* Somebody else may have got another token meanwhile. */
static void get_token(struct etcd_call *call)
{
	int error;

	if (call->etcd->token && call->token_number != call->etcd->token_number) {
		attempt(call);
		return;
	}
	call->waiter.done = on_token;
	call->waiter.context = call;
	error = call->nr_logins++ < LOGINS_MAX ? etcd_login_wait(call->etcd, &call->waiter)
					       : -EACCES;
	if (error && error != -EACCES)
		snprintf(call->reason, sizeof(call->reason), "the password: %s",
			 error == -EPERM ? "it is open to others: chmod o= it" : strerror(-error));
	if (error)
		fail(call, error);
}

static void try_another(struct etcd_call *call, const struct etcd_answer *answer)
{
	etcd_post_failed(call->etcd, call->member, answer->reason);
	if (answer->verdict == ETCD_POST_UNKNOWN && call->once)
		fail(call, -ETIMEDOUT);
	else
		attempt(call);
}

static void on_end(void *context, const struct transfer_end *end)
{
	struct etcd_call *call = context;
	struct etcd_answer answer;

	call->transfer = NULL;
	etcd_post_read(call->etcd, call->member, end, &answer);
	if (*answer.reason)
		snprintf(call->reason, sizeof(call->reason), "%s", answer.reason);
	switch (answer.verdict) {
	case ETCD_POST_DONE:
		finish(call, &(struct etcd_result){.body = answer.body, .header = answer.header});
		json_decref(answer.body);
		break;
	case ETCD_POST_REFUSED:
		fail(call, answer.error);
		break;
	case ETCD_POST_TOKEN:
		get_token(call);
		break;
	case ETCD_POST_AWAY:
	case ETCD_POST_UNKNOWN:
		try_another(call, &answer);
		break;
	}
}

static void send_to(struct etcd_call *call, unsigned int member, uint64_t left_ms)
{
	const struct etcd_post post = {
		.path = call->path,
		.body = call->body,
		.limit_ms = left_ms < call->etcd->options.try_ms ? (unsigned int)left_ms
								 : call->etcd->options.try_ms,
		.end = on_end,
		.context = call,
	};
	int error;

	call->member = member;
	call->token_number = call->etcd->token_number;
	error = etcd_post_start(call->etcd, member, &post, &call->transfer);
	if (error) {
		snprintf(call->reason, sizeof(call->reason), "%s", strerror(-error));
		fail_later(call, error);
	}
}

static void attempt(struct etcd_call *call)
{
	uint64_t now_ns = boottime_now_ns(), until_ns;
	int member;

	if (now_ns >= call->until_ns) {
		fail_later(call, -EHOSTDOWN);
		return;
	}
	member = etcd_members_pick(&call->etcd->members, now_ns, &until_ns);
	if (member < 0)
		arm(call, until_ns < call->until_ns ? until_ns : call->until_ns);
	else
		send_to(call, (unsigned int)member, (call->until_ns - now_ns) / NS_PER_MS + 1);
}

int etcd_call_start(struct etcd *etcd, const struct etcd_ask *ask, struct etcd_call **ret_call)
{
	struct etcd_call *call = calloc(1, sizeof(*call));
	int r = -ENOMEM;

	if (!call)
		return r;
	call->etcd = etcd;
	call->path = ask->path;
	call->once = ask->once;
	call->done = ask->done;
	call->context = ask->context;
	call->until_ns = boottime_now_ns() + etcd->options.limit_ms * NS_PER_MS;
	snprintf(call->reason, sizeof(call->reason), "no member answers");
	call->body = json_dumps(ask->body, JSON_COMPACT);
	if (call->body)
		r = sd_event_add_time(etcd->options.event, &call->timer, CLOCK_BOOTTIME, UINT64_MAX,
				      1, on_timer, call);
	if (r < 0) {
		free_call(call);
		return r;
	}
	*ret_call = call;
	attempt(call);
	return 0;
}

void etcd_call_cancel(struct etcd_call *call)
{
	if (call)
		free_call(call);
}
