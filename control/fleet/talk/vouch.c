/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/vouch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "transfer/transfer.h"

#define LOOK_NS	 (NS_PER_S / 4)
#define AGAIN_NS NS_PER_S /* what is said is said again */
#define VALID_S	 5

struct vouch {
	struct talk_vouch_options options;
	sd_event_source *timer;
	struct transfer *transfer;
	bool current; /* as was said last */
	uint64_t said_ns;
};

static void hear(const struct vouch *vouch, const struct transfer_end *end)
{
	json_t *answer = json_loadb(end->body, end->body_bytes, 0, NULL);
	const char *state = json_string_value(json_object_get(answer, "announced"));
	const char *why = json_string_value(json_object_get(answer, "why"));

	if (state)
		vouch->options.heard(vouch->options.context, state, why ? why : "");
	json_decref(answer);
}

static void on_said(void *context, const struct transfer_end *end)
{
	struct vouch *vouch = context;

	vouch->transfer = NULL;
	if (end->error || end->status == 408)
		vouch->said_ns = 0; /* it has not heard, or too late */
	else
		hear(vouch, end);
}

static void say(struct vouch *vouch, const char *reason, uint64_t since_ns)
{
	json_t *body = reason ? json_pack("{s:b, s:s%}", "current", false, "reason", reason,
					  strnlen(reason, TALK_VOUCH_TEXT_BYTES - 1))
			      : json_pack("{s:b, s:i}", "current", true, "for_s", VALID_S);
	const struct talk_local_call call = {
		.method = "PUT",
		.path = "/v1/announcement/store",
		.body = body,
		.since_ns = reason ? 0 : since_ns,
		.done = on_said,
		.context = vouch,
	};

	vouch->current = !reason;
	vouch->said_ns = boottime_now_ns();
	if (!body || talk_local_ask(vouch->options.local, &call, &vouch->transfer) < 0)
		vouch->said_ns = 0;
	json_decref(body);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct vouch *vouch = context;
	uint64_t now_ns = boottime_now_ns();
	const char *reason = vouch->options.lack(vouch->options.context);

	if (!vouch->transfer && (vouch->current != !reason || vouch->said_ns + AGAIN_NS <= now_ns))
		say(vouch, reason, now_ns);
	sd_event_source_set_time_relative(source, LOOK_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int talk_vouch_open(const struct talk_vouch_options *options, struct vouch **ret_vouch)
{
	struct vouch *vouch = calloc(1, sizeof(*vouch));
	int r;

	if (!vouch)
		return -ENOMEM;
	vouch->options = *options;
	r = sd_event_add_time(options->event, &vouch->timer, CLOCK_BOOTTIME, 0, 1, on_timer, vouch);
	if (r < 0) {
		free(vouch);
		return r;
	}
	*ret_vouch = vouch;
	return 0;
}

void talk_vouch_close(struct vouch *vouch)
{
	if (!vouch)
		return;
	transfer_cancel(vouch->transfer);
	sd_event_source_disable_unref(vouch->timer);
	free(vouch);
}
