/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-event.h>

#include "etcd/call.h"
#include "etcd/gateway/value.h"
#include "etcd/state.h"
#include "host/boottime.h"

#define AGAIN_NS NS_PER_S

struct etcd_lease {
	struct etcd *etcd;
	struct etcd_lease_options options;
	struct etcd_call *call;
	sd_event_source *timer; /* of the next call */
	sd_event_source *expiry;
	int64_t id;	   /* 0: none is held */
	uint64_t asked_ns; /* when the call was made: its time counts from there */
	uint64_t until_ns; /* it is held for so long at least */
};

static void arm(struct etcd_lease *lease, uint64_t at_ns)
{
	sd_event_source_set_time(lease->timer, at_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(lease->timer, SD_EVENT_ONESHOT);
}

static void lose(struct etcd_lease *lease, const char *reason)
{
	if (!lease->id)
		return;
	lease->id = 0;
	lease->options.lost(lease->options.context, reason);
}

/* Result: 0 and the store holds it until *ret_ttl_ns after it was asked; or -ENOENT. */
static int read_ttl(const json_t *body, int64_t *ret_id, uint64_t *ret_ttl_ns)
{
	int64_t id, ttl_s;

	if (gateway_value_read_int(body, "ID", &id) ||
	    gateway_value_read_int(body, "TTL", &ttl_s) || !id || ttl_s <= 0)
		return -ENOENT;
	*ret_id = id;
	*ret_ttl_ns = (uint64_t)ttl_s * NS_PER_S;
	return 0;
}

static void on_answer(void *context, const struct etcd_result *result)
{
	struct etcd_lease *lease = context;
	uint64_t ttl_ns;
	int64_t id;

	lease->call = NULL;
	if (!result->error && read_ttl(result->body, &id, &ttl_ns) == 0) {
		bool other = id != lease->id;

		lease->until_ns = lease->asked_ns + ttl_ns;
		sd_event_source_set_time(lease->expiry, lease->until_ns / NS_PER_US);
		sd_event_source_set_enabled(lease->expiry, SD_EVENT_ONESHOT);
		arm(lease, lease->asked_ns + ttl_ns / 3);
		lease->id = id;
		if (other)
			lease->options.held(lease->options.context, id);
		return;
	}
	if (!result->error)
		lose(lease, "the store does not have it any more");
	/* Another is got at once, but not again and again. */
	arm(lease, lease->asked_ns + AGAIN_NS);
}

static json_t *make_body(const struct etcd_lease *lease)
{
	if (lease->id)
		return json_pack("{s:o}", "ID", gateway_value_write_int(lease->id));
	return json_pack("{s:o}", "TTL", gateway_value_write_uint(lease->options.ttl_s));
}

static void ask(struct etcd_lease *lease)
{
	json_t *body = make_body(lease);
	const struct etcd_ask asked = {
		.path = lease->id ? "/v3/lease/keepalive" : "/v3/lease/grant",
		.body = body,
		.done = on_answer,
		.context = lease,
	};

	lease->asked_ns = boottime_now_ns();
	if (!body || etcd_call_start(lease->etcd, &asked, &lease->call) != 0)
		arm(lease, lease->asked_ns + AGAIN_NS);
	json_decref(body);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	ask(context);
	return 0;
}

/* To the moment, whatever a call that is under way still waits for: others count on it. After a
 * sleep of the process it comes before all else, which may ask if the lease is held. */
static int on_expiry(sd_event_source *source, uint64_t usec, void *context)
{
	lose(context, "it could not be kept alive in time");
	return 0;
}

int etcd_lease_open(struct etcd *etcd, const struct etcd_lease_options *options,
		    struct etcd_lease **ret_lease)
{
	struct etcd_lease *lease = calloc(1, sizeof(*lease));
	int r;

	if (!lease)
		return -ENOMEM;
	lease->etcd = etcd;
	lease->options = *options;
	r = sd_event_add_time(etcd->options.event, &lease->timer, CLOCK_BOOTTIME, 0, 1, on_timer,
			      lease);
	if (r >= 0)
		r = sd_event_add_time(etcd->options.event, &lease->expiry, CLOCK_BOOTTIME,
				      UINT64_MAX, 1, on_expiry, lease);
	if (r >= 0)
		r = sd_event_source_set_priority(lease->expiry, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0) {
		etcd_lease_close(lease);
		return r;
	}
	*ret_lease = lease;
	return 0;
}

int64_t etcd_lease_id(const struct etcd_lease *lease)
{
	return lease->id;
}

void etcd_lease_close(struct etcd_lease *lease)
{
	if (!lease)
		return;
	etcd_call_cancel(lease->call);
	sd_event_source_disable_unref(lease->timer);
	sd_event_source_disable_unref(lease->expiry);
	free(lease);
}
