/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/vouch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "fleet/fleet.h"
#include "fleet/roll.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "host/config.h"
#include "transfer/transfer.h"

#define LOOK_NS	 (NS_PER_S / 4)
#define AGAIN_NS NS_PER_S /* what is said is said again */
#define VALID_S	 5

struct vouch {
	struct fleet *fleet;
	sd_event_source *timer;
	struct transfer *transfer;
	bool current; /* as was said last */
	uint64_t said_ns;
};

static void on_said(void *context, const struct transfer_end *end)
{
	struct vouch *vouch = context;

	vouch->transfer = NULL;
	if (end->error)
		vouch->said_ns = 0;
}

static void say(struct vouch *vouch, const char *reason)
{
	json_t *body = reason ? json_pack("{s:b, s:s%}", "current", false, "reason", reason,
					  strnlen(reason, FLEET_REASON_BYTES - 1))
			      : json_pack("{s:b, s:i}", "current", true, "for_s", VALID_S);
	const struct talk_local_call call = {
		.method = "PUT",
		.path = "/v1/announcement/store",
		.body = body,
		.done = on_said,
		.context = vouch,
	};

	vouch->current = !reason;
	vouch->said_ns = boottime_now_ns();
	if (!body || talk_local_ask(&vouch->fleet->local, &call, &vouch->transfer) < 0)
		vouch->said_ns = 0;
	json_decref(body);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct vouch *vouch = context;
	const char *reason = fleet_roll_lack(vouch->fleet);

	if (!vouch->transfer &&
	    (vouch->current != !reason || vouch->said_ns + AGAIN_NS <= boottime_now_ns()))
		say(vouch, reason);
	sd_event_source_set_time_relative(source, LOOK_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int fleet_vouch_open(struct fleet *fleet, struct vouch **ret_vouch)
{
	struct vouch *vouch;
	int r;

	*ret_vouch = NULL;
	if (!fleet->config->announce.interface[0])
		return 0;
	vouch = calloc(1, sizeof(*vouch));
	if (!vouch)
		return -ENOMEM;
	vouch->fleet = fleet;
	r = sd_event_add_time(fleet->event, &vouch->timer, CLOCK_BOOTTIME, 0, 1, on_timer, vouch);
	if (r < 0) {
		free(vouch);
		return r;
	}
	*ret_vouch = vouch;
	return 0;
}

void fleet_vouch_close(struct vouch *vouch)
{
	if (!vouch)
		return;
	transfer_cancel(vouch->transfer);
	sd_event_source_disable_unref(vouch->timer);
	free(vouch);
}
