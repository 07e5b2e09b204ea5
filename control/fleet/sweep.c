/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/sweep.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "fleet/change.h"
#include "fleet/edges/kept.h"
#include "fleet/edges/owed.h"
#include "fleet/queue.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "fleet/state/write.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "transfer/transfer.h"

#define EVERY_NS   NS_PER_S
#define MARGIN_NS  (10 * NS_PER_S) /* a port rests a little longer in the store than on an edge */
#define PATH_BYTES 256

struct sweep {
	struct fleet *fleet;
	struct fleet_changes *changes;
	sd_event_source *timer;
	json_t *due;		   /* as keys: records that are to be forgotten */
	struct etcd_txn_call *txn; /* that forgets one */
	char forgets[STORE_ID_BYTES];
	struct transfer *transfer; /* a page of the builds that are open here */
	bool compare;		   /* they are to be read */
	char after[STORE_ID_BYTES];
	unsigned int nr_lacking; /* builds that go on, and have ended here */
	struct transfer *look;	 /* at one that was cancelled here alone */
	char looked_at[STORE_ID_BYTES];
};

static void forget_one(struct sweep *sweep);

/* The next at once, for ports must come back as fast as builds end. Whoever was faster has done it:
 * then the watch will tell of it. */
static void on_forgotten(void *context, const struct etcd_txn_result *result)
{
	struct sweep *sweep = context;

	sweep->txn = NULL;
	if (result->error || !result->succeeded)
		return;
	store_mirror_forget(sweep->fleet->mirror, sweep->forgets, result->revision);
	if (sweep->fleet->current)
		forget_one(sweep);
}

static bool is_due(const struct sweep *sweep, const struct record *record)
{
	uint64_t rest_ns = sweep->fleet->config->leases.quarantine_ns + MARGIN_NS;

	return record && record->ended_ns &&
	       record->ended_ns + rest_ns < state_roll_wall_ns(sweep->fleet);
}

/* Result: the next that is due still, taken out; NULL: none. */
static const struct record *take_due(struct sweep *sweep)
{
	void *first;

	while ((first = json_object_iter(sweep->due))) {
		const struct record *record =
			store_mirror_find(sweep->fleet->mirror, json_object_iter_key(first));

		json_object_del(sweep->due, json_object_iter_key(first));
		if (is_due(sweep, record))
			return record;
	}
	return NULL;
}

/* One at a time; every edge does it. */
static void forget_one(struct sweep *sweep)
{
	const struct fleet_write write = {
		.before = take_due(sweep), .done = on_forgotten, .context = sweep};

	if (!write.before)
		return;
	snprintf(sweep->forgets, sizeof(sweep->forgets), "%s", write.before->id);
	state_write_forget(sweep->fleet, &write, &sweep->txn);
}

static void collect_due(void *context, const struct record *record)
{
	struct sweep *sweep = context;

	if (is_due(sweep, record))
		json_object_set_new(sweep->due, record->id, json_true());
}

static void forget(struct sweep *sweep)
{
	if (sweep->txn)
		return;
	store_mirror_each(sweep->fleet->mirror, collect_due, sweep);
	forget_one(sweep);
}

/* It has ended here, because our clock says so: others are not to follow before theirs do. */
static bool is_ours_alone(const struct sweep *sweep, const struct record *record)
{
	return edges_owed_is_by_clock(sweep->fleet->owed, record->id) &&
	       state_roll_wall_ns(sweep->fleet) < store_record_deadline_ns(record);
}

static void tell_one(void *context, const char *id)
{
	struct sweep *sweep = context;
	const struct record *record = store_mirror_find(sweep->fleet->mirror, id);

	if (!record || record->ended_ns) {
		edges_owed_drop(sweep->fleet->owed, id);
	} else if (fleet_queue_goes_on(sweep->fleet, record)) {
		sweep->nr_lacking++;
		fleet_queue_add(sweep->fleet, id, 0);
	} else if (!is_ours_alone(sweep, record)) {
		fleet_change_start(sweep->changes,
				   &(struct fleet_change_ask){.kind = FLEET_DELETE, .id = id});
	}
}

static int read_page(struct sweep *sweep, const char *text, size_t bytes)
{
	json_t *page = json_loadb(text, bytes, 0, NULL), *build;
	const json_t *builds = json_object_get(page, "builds");
	const char *next = json_string_value(json_object_get(page, "next"));
	size_t i;

	json_array_foreach (builds, i, build) {
		const char *id = json_string_value(json_object_get(build, "id"));
		const char *state = json_string_value(json_object_get(build, "state"));

		if (id && state && strcmp(state, "ended") != 0 &&
		    !store_mirror_find(sweep->fleet->mirror, id))
			fleet_queue_add(sweep->fleet, id, 0);
	}
	snprintf(sweep->after, sizeof(sweep->after), "%s", next ? next : "");
	json_decref(page);
	return builds ? 0 : -EIO;
}

static void compare(struct sweep *sweep);

static void on_page(void *context, const struct transfer_end *end)
{
	struct sweep *sweep = context;

	sweep->transfer = NULL;
	if (end->error || end->status != 200 || !sweep->fleet->current ||
	    read_page(sweep, end->body, end->body_bytes) < 0) {
		*sweep->after = '\0'; /* from the start, the next time */
		return;
	}
	sweep->compare = *sweep->after != '\0';
	if (sweep->compare)
		compare(sweep);
	else
		state_roll_compared(sweep->fleet);
}

/* An empty store that never held a build is new: that is no reason to cut everybody. */
static void compare(struct sweep *sweep)
{
	char path[PATH_BYTES];
	const struct talk_local_call call = {
		.method = "GET", .path = path, .done = on_page, .context = sweep};

	if (!sweep->compare || sweep->transfer || state_epoch_lack(sweep->fleet))
		return;
	if (!store_mirror_count(sweep->fleet->mirror) && !sweep->fleet->kept->used) {
		log_write(LOG_NOTICE, "The store is empty: builds that are open here stay.");
		sweep->compare = false;
		state_roll_compared(sweep->fleet);
		return;
	}
	snprintf(path, sizeof(path), "/v1/builds?limit=1000%s%s", *sweep->after ? "&after=" : "",
		 sweep->after);
	talk_local_ask(&sweep->fleet->local, &call, &sweep->transfer);
}

static void on_looked(void *context, const struct transfer_end *end)
{
	struct sweep *sweep = context;

	sweep->look = NULL;
	if (!end->error && end->status == 404)
		edges_owed_ignore(sweep->fleet->owed, sweep->looked_at, false);
}

/* What was cancelled here alone is kept in mind for as long as sallyportd knows of it. */
static void look(struct sweep *sweep)
{
	const char *id = edges_owed_next_ignored(sweep->fleet->owed, sweep->looked_at);
	const struct talk_local_call call = {.method = "GET", .done = on_looked, .context = sweep};

	if (!id || sweep->look)
		return;
	snprintf(sweep->looked_at, sizeof(sweep->looked_at), "%s", id);
	talk_local_build(&sweep->fleet->local, &call, sweep->looked_at, "", &sweep->look);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct sweep *sweep = context;

	if (sweep->fleet->current && !state_epoch_lack(sweep->fleet)) {
		sweep->nr_lacking = 0;
		edges_owed_each(sweep->fleet->owed, tell_one, sweep);
		sweep->fleet->lacking = sweep->nr_lacking != 0;
		forget(sweep);
		compare(sweep);
		look(sweep);
	}
	sd_event_source_set_time_relative(source, EVERY_NS / NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int fleet_sweep_open(struct fleet *fleet, struct fleet_changes *changes, struct sweep **ret_sweep)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	int r;

	if (!sweep)
		return -ENOMEM;
	sweep->fleet = fleet;
	sweep->changes = changes;
	sweep->due = json_object();
	r = sweep->due ? sd_event_add_time(fleet->event, &sweep->timer, CLOCK_BOOTTIME, 0, 1,
					   on_timer, sweep)
		       : -ENOMEM;
	if (r < 0) {
		json_decref(sweep->due);
		free(sweep);
		return r;
	}
	*ret_sweep = sweep;
	return 0;
}

void fleet_sweep_close(struct sweep *sweep)
{
	if (!sweep)
		return;
	etcd_txn_cancel(sweep->txn);
	transfer_cancel(sweep->transfer);
	transfer_cancel(sweep->look);
	sd_event_source_disable_unref(sweep->timer);
	json_decref(sweep->due);
	free(sweep);
}

void fleet_sweep_compare(struct sweep *sweep)
{
	transfer_cancel(sweep->transfer);
	sweep->transfer = NULL;
	sweep->compare = true;
	*sweep->after = '\0';
	compare(sweep);
}
