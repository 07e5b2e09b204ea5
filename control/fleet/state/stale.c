/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/stale.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "etcd/range.h"
#include "fleet/edges/owed.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/talk/local.h"
#include "host/config.h"
#include "host/log.h"
#include "transfer/transfer.h"

void state_stale_wait_no_more(struct stale_wait *wait)
{
	if (!wait->go)
		return;
	LIST_REMOVE(wait, link);
	wait->go = NULL;
}

static void let_go(struct stale *stale)
{
	struct stale_wait *wait;

	while ((wait = LIST_FIRST(&stale->waits))) {
		void (*go)(void *context) = wait->go;

		state_stale_wait_no_more(wait);
		go(wait->context);
	}
}

/* end NULL: nothing was asked of sallyportd in the end. */
static void finish(struct stale *stale, const struct transfer_end *end)
{
	stale->cancelling = false;
	stale->done(stale->context, end);
	let_go(stale);
}

static void on_cancelled(void *context, const struct transfer_end *end)
{
	struct stale *stale = context;

	stale->transfer = NULL;
	finish(stale, end);
}

static int ask(struct stale *stale, const char *method,
	       void (*done)(void *context, const struct transfer_end *end))
{
	const struct talk_local_call call = {.method = method, .done = done, .context = stale};

	return talk_local_build(&stale->fleet->local, &call, stale->id, "", &stale->transfer);
}

static bool is_open(const struct transfer_end *shown)
{
	json_t *build = json_loadb(shown->body, shown->body_bytes, 0, NULL);
	const char *state = json_string_value(json_object_get(build, "state"));
	bool open = !state || strcmp(state, "ended") != 0;

	json_decref(build);
	return open;
}

/* Before it is cancelled: who is started again in between would take that for an order. */
static void ignore(struct stale *stale)
{
	int error;

	edges_owed_ignore(stale->fleet->owed, stale->id, true);
	error = edges_owed_sync(stale->fleet->owed);
	if (error)
		log_write(LOG_ERR,
			  "That a build is cancelled on this edge alone cannot be kept: if "
			  "sallyport-fleet is started again now, it ends on all.",
			  log_string("build", stale->id), log_error("error", error));
}

/* Most are gone by now, as builds end by themselves. What has ended is asked to all the same, so
 * that no worker uses it any more, and its end was no cancellation of ours. */
static void on_shown(void *context, const struct transfer_end *end)
{
	struct stale *stale = context;

	stale->transfer = NULL;
	if (end->error || end->status != 200) {
		finish(stale, end);
		return;
	}
	if (is_open(end))
		ignore(stale);
	if (ask(stale, "DELETE", on_cancelled) < 0)
		finish(stale, NULL);
}

/* Changes wait from here on. */
static int cancel(struct stale *stale)
{
	int error = ask(stale, "GET", on_shown);

	stale->cancelling = !error;
	return error;
}

static void on_seen(void *context, const struct etcd_kv *kv)
{
	struct stale *stale = context;

	stale->seen = kv->mod_revision;
}

/* Result: whether what is here is not what the store has, as it says itself. */
static bool is_stale(const struct stale *stale)
{
	if (stale->overtaken || stale->seen != stale->revision)
		return false;
	return stale->revision || !store_mirror_find(stale->fleet->mirror, stale->id);
}

/* Without an answer it stays: all is compared again when the store is back. What has been written
 * since comes by the watch. */
static void on_looked(void *context, const struct etcd_range_end *end)
{
	struct stale *stale = context;

	stale->look = NULL;
	if (end->error || state_epoch_lack(stale->fleet) || !is_stale(stale) || cancel(stale) < 0)
		stale->done(stale->context, NULL);
}

int state_stale_look(struct stale *stale, int64_t revision)
{
	char key[STORE_KEY_BYTES];
	struct etcd_range_request request = {
		.page = 1, .visit = on_seen, .end = on_looked, .context = stale};

	stale->revision = revision;
	stale->seen = 0;
	store_keys_build(stale->fleet->config->fleet.prefix, stale->id, key);
	request.key = gateway_value_text(key);
	return etcd_range_start(stale->fleet->etcd, &request, &stale->look);
}

void state_stale_begin(struct stale *stale, const char *id)
{
	snprintf(stale->id, sizeof(stale->id), "%s", id);
	stale->overtaken = false;
}

bool state_stale_is_busy(const struct stale *stale)
{
	return stale->look || stale->transfer;
}

bool state_stale_overtake(struct stale *stale, const char *id, struct stale_wait *wait)
{
	if (strcmp(stale->id, id) != 0)
		return true;
	stale->overtaken = true;
	if (stale->cancelling)
		LIST_INSERT_HEAD(&stale->waits, wait, link);
	return !stale->cancelling;
}

void state_stale_end(struct stale *stale)
{
	while (!LIST_EMPTY(&stale->waits))
		state_stale_wait_no_more(LIST_FIRST(&stale->waits));
	etcd_range_cancel(stale->look);
	transfer_cancel(stale->transfer);
}
