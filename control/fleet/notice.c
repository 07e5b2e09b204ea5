/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/notice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fleet/edges/owed.h"
#include "fleet/state/fleet.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "transfer/transfer.h"

#define AGAIN_NS   NS_PER_S
#define LINE_BYTES ((size_t)1 << 20)
#define URL_BYTES  128

struct notice {
	struct fleet *fleet;
	sd_event_source *timer;
	struct transfer *transfer;
	json_int_t seq; /* of the last event; -1: none yet, what was before is no matter */
};

static void again(struct notice *notice)
{
	sd_event_source_set_time_relative(notice->timer, AGAIN_NS / NS_PER_US);
	sd_event_source_set_enabled(notice->timer, SD_EVENT_ONESHOT);
}

static void on_line(void *context, const char *line, size_t bytes)
{
	struct notice *notice = context;
	json_t *event = json_loadb(line, bytes, 0, NULL);
	const char *type = json_string_value(json_object_get(event, "type"));
	const char *build = json_string_value(json_object_get(event, "build"));
	const json_t *seq = json_object_get(event, "seq");

	if (json_is_integer(seq))
		notice->seq = json_integer_value(seq);
	if (type && build && strcmp(type, "build.ended") == 0)
		edges_owed_note(notice->fleet->owed, build,
				talk_local_is_by_clock(
					json_string_value(json_object_get(event, "reason"))));
	json_decref(event);
}

/* Events that are no longer kept are no matter: what has ended is seen when all is compared. */
static void on_end(void *context, const struct transfer_end *end)
{
	struct notice *notice = context;

	notice->transfer = NULL;
	if (end->status == 410)
		notice->seq = -1;
	again(notice);
}

static int follow(struct notice *notice)
{
	char url[URL_BYTES];
	const struct transfer_request request = {
		.method = "GET",
		.url = url,
		.socket = notice->fleet->local.socket,
		.answer_bytes = LINE_BYTES,
		.line = on_line,
		.end = on_end,
		.context = notice,
	};

	snprintf(url, sizeof(url), "http://sallyport/v1/events?since=%" JSON_INTEGER_FORMAT,
		 notice->seq);
	return transfer_start(notice->fleet->local.transfers, &request, &notice->transfer);
}

static void on_status(void *context, const struct transfer_end *end)
{
	struct notice *notice = context;
	json_t *status = end->error ? NULL : json_loadb(end->body, end->body_bytes, 0, NULL);
	const json_t *newest = json_object_get(json_object_get(status, "events"), "newest");

	notice->transfer = NULL;
	if (json_is_integer(newest))
		notice->seq = json_integer_value(newest);
	json_decref(status);
	if (notice->seq < 0 || follow(notice) < 0)
		again(notice);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct notice *notice = context;
	const struct talk_local_call call = {
		.method = "GET", .path = "/v1/status", .done = on_status, .context = notice};
	int error = notice->seq < 0
			    ? talk_local_ask(&notice->fleet->local, &call, &notice->transfer)
			    : follow(notice);

	if (error)
		again(notice);
	return 0;
}

int fleet_notice_open(struct fleet *fleet, struct notice **ret_notice)
{
	struct notice *notice = calloc(1, sizeof(*notice));
	int r;

	if (!notice)
		return -ENOMEM;
	notice->fleet = fleet;
	notice->seq = -1;
	r = sd_event_add_time(fleet->event, &notice->timer, CLOCK_BOOTTIME, 0, 1, on_timer, notice);
	if (r < 0) {
		free(notice);
		return r;
	}
	*ret_notice = notice;
	return 0;
}

void fleet_notice_close(struct notice *notice)
{
	if (!notice)
		return;
	transfer_cancel(notice->transfer);
	sd_event_source_disable_unref(notice->timer);
	free(notice);
}
