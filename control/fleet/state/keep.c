/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/keep.h"

#include <errno.h>
#include <stdlib.h>

#include <systemd/sd-event.h>

#include "fleet/edges/owed.h"
#include "fleet/state/fleet.h"
#include "host/log.h"

struct keep {
	struct fleet *fleet;
	sd_event_source *soon; /* when nothing else is to be done */
	LIST_HEAD(, keep_wait) waits;
};

void state_keep_wait_no_more(struct keep_wait *wait)
{
	if (!wait->go)
		return;
	LIST_REMOVE(wait, link);
	wait->go = NULL;
}

static int on_soon(sd_event_source *source, void *context)
{
	struct keep *keep = context;
	struct keep_wait *wait;
	int error = edges_owed_sync(keep->fleet->owed);

	if (error)
		log_write(LOG_ERR,
			  "Removals cannot be kept for the store: they are forgotten if "
			  "sallyport-fleet ends before the store is back.",
			  log_error("error", error));
	while ((wait = LIST_FIRST(&keep->waits))) {
		void (*go)(void *context) = wait->go;

		state_keep_wait_no_more(wait);
		go(wait->context);
	}
	return 0;
}

int state_keep_open(struct fleet *fleet)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	int r;

	fleet->keep = keep;
	if (!keep)
		return -ENOMEM;
	keep->fleet = fleet;
	r = sd_event_add_defer(fleet->event, &keep->soon, on_soon, keep);
	if (r >= 0)
		r = sd_event_source_set_enabled(keep->soon, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(keep->soon, SD_EVENT_PRIORITY_IDLE);
	return r;
}

void state_keep_close(struct fleet *fleet)
{
	struct keep *keep = fleet->keep;

	if (!keep)
		return;
	while (!LIST_EMPTY(&keep->waits))
		state_keep_wait_no_more(LIST_FIRST(&keep->waits));
	sd_event_source_disable_unref(keep->soon);
	free(keep);
	fleet->keep = NULL;
}

void state_keep_add(struct fleet *fleet, const char *id, struct keep_wait *wait)
{
	struct keep *keep = fleet->keep;

	if (edges_owed_add(fleet->owed, id) < 0)
		log_write(LOG_ERR, "A removal cannot be kept for the store: there is no memory.",
			  log_string("build", id));
	LIST_INSERT_HEAD(&keep->waits, wait, link);
	sd_event_source_set_enabled(keep->soon, SD_EVENT_ONESHOT);
}
