/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/report.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "transfer/transfer.h"

#define EVERY_NS NS_PER_S

struct report {
	struct talk_report_options options;
	sd_event_source *timer;
	struct transfer *transfer;
};

/* Whatever it says: it is told again. */
static void on_told(void *context, const struct transfer_end *end)
{
	struct report *report = context;

	report->transfer = NULL;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct report *report = context;
	json_t *body = report->transfer ? NULL : report->options.make(report->options.context);
	const struct talk_local_call call = {
		.method = "PUT",
		.path = "/v1/status/fleet",
		.body = body,
		.done = on_told,
		.context = report,
	};

	if (body)
		talk_local_ask(report->options.local, &call, &report->transfer);
	json_decref(body);
	sd_event_source_set_time_relative(source, EVERY_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int talk_report_open(const struct talk_report_options *options, struct report **ret_report)
{
	struct report *report = calloc(1, sizeof(*report));
	int r;

	if (!report)
		return -ENOMEM;
	report->options = *options;
	r = sd_event_add_time(options->event, &report->timer, CLOCK_BOOTTIME, 0, 1, on_timer,
			      report);
	if (r < 0) {
		free(report);
		return r;
	}
	*ret_report = report;
	return 0;
}

void talk_report_close(struct report *report)
{
	if (!report)
		return;
	transfer_cancel(report->transfer);
	sd_event_source_disable_unref(report->timer);
	free(report);
}
