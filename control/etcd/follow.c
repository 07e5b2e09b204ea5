/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/follow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etcd/range.h"
#include "etcd/state.h"
#include "etcd/watch.h"

#define AGAIN_US (1000 * 1000ull)
#define PROBE_US (5 * AGAIN_US)

struct etcd_follow {
	struct etcd *etcd;
	struct etcd_follow_options options;
	struct etcd_range *range;
	struct etcd_watch *watch;
	sd_event_source *timer; /* of the next reading */
	struct etcd_range *probe;
	sd_event_source *probe_timer;
	bool current; /* nothing is known to be missing */
	bool begun;   /* the watch was, since the last reading */
};

static void read_later(struct etcd_follow *follow, uint64_t after_us)
{
	sd_event_source_set_time_relative(follow->timer, after_us);
	sd_event_source_set_enabled(follow->timer, SD_EVENT_ONESHOT);
}

static void lose(struct etcd_follow *follow, const char *reason)
{
	if (follow->current)
		follow->options.away(follow->options.context, reason);
	follow->current = false;
}

static void on_put(void *context, const struct etcd_kv *kv)
{
	struct etcd_follow *follow = context;

	follow->options.put(follow->options.context, kv);
}

static void on_gone(void *context, struct etcd_bytes key)
{
	struct etcd_follow *follow = context;

	follow->options.gone(follow->options.context, key);
}

static void on_begun(void *context)
{
	struct etcd_follow *follow = context;

	follow->begun = true;
}

/* One that worked is begun anew at once, one that never did after a pause. */
static void on_broken(void *context, const char *reason)
{
	struct etcd_follow *follow = context;

	follow->watch = NULL;
	lose(follow, reason);
	read_later(follow, follow->begun ? 0 : AGAIN_US);
}

static int watch_from(struct etcd_follow *follow, int64_t revision)
{
	const struct etcd_watch_options options = {
		.prefix = follow->options.prefix,
		.until = follow->options.until,
		.revision = revision,
		.begun = on_begun,
		.put = on_put,
		.gone = on_gone,
		.broken = on_broken,
		.context = follow,
	};

	follow->begun = false;
	return etcd_watch_open(follow->etcd, &options, &follow->watch);
}

static void on_read(void *context, const struct etcd_range_end *end)
{
	struct etcd_follow *follow = context;
	int error = end->error;

	follow->range = NULL;
	if (error) {
		lose(follow, end->reason);
		read_later(follow, error == -ERANGE ? 0 : AGAIN_US);
		return;
	}
	error = watch_from(follow, end->revision + 1);
	if (error) {
		lose(follow, strerror(-error));
		read_later(follow, AGAIN_US);
		return;
	}
	follow->current = true;
	follow->options.whole(follow->options.context, end->revision);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct etcd_follow *follow = context;
	const struct etcd_range_request request = {
		.key = follow->options.prefix,
		.prefix = !follow->options.until.data,
		.until = follow->options.until,
		.page = follow->options.page,
		.visit = on_put,
		.end = on_read,
		.context = follow,
	};
	int error;

	follow->options.begin(follow->options.context);
	error = etcd_range_start(follow->etcd, &request, &follow->range);
	if (error)
		read_later(follow, AGAIN_US);
	return 0;
}

static void no_key(void *context, const struct etcd_kv *kv)
{
}

static void on_probed(void *context, const struct etcd_range_end *end)
{
	struct etcd_follow *follow = context;

	follow->probe = NULL; /* a member that did not answer has broken its watch by then */
}

/* Of a member that hangs the kernel says that it is well; a reading that needs a quorum tells. */
static int on_probe_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct etcd_follow *follow = context;
	const struct etcd_range_request request = {
		.key = follow->options.prefix,
		.page = 1,
		.visit = no_key,
		.end = on_probed,
		.context = follow,
	};

	if (follow->watch && !follow->probe)
		etcd_range_start(follow->etcd, &request, &follow->probe);
	sd_event_source_set_time_relative(source, PROBE_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int etcd_follow_open(struct etcd *etcd, const struct etcd_follow_options *options,
		     struct etcd_follow **ret_follow)
{
	struct etcd_follow *follow = calloc(1, sizeof(*follow));
	int r;

	if (!follow)
		return -ENOMEM;
	follow->etcd = etcd;
	follow->options = *options;
	r = sd_event_add_time(etcd->options.event, &follow->timer, CLOCK_BOOTTIME, 0, 1, on_timer,
			      follow);
	if (r >= 0)
		r = sd_event_add_time(etcd->options.event, &follow->probe_timer, CLOCK_BOOTTIME, 0,
				      1, on_probe_timer, follow);
	if (r < 0) {
		sd_event_source_disable_unref(follow->timer);
		free(follow);
		return r;
	}
	*ret_follow = follow;
	return 0;
}

void etcd_follow_close(struct etcd_follow *follow)
{
	if (!follow)
		return;
	etcd_range_cancel(follow->range);
	etcd_range_cancel(follow->probe);
	sd_event_source_disable_unref(follow->probe_timer);
	etcd_watch_close(follow->watch);
	sd_event_source_disable_unref(follow->timer);
	free(follow);
}
