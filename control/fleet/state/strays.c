/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/strays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <jansson.h>
#include <systemd/sd-event.h>

#include "etcd/txn.h"
#include "fleet/state/fleet.h"
#include "fleet/store/keys.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "host/config.h"
#include "transfer/transfer.h"

#define EVERY_NS    NS_PER_S
#define PATH	    "/v1/connections/strays"
#define TELL_MAX    64 /* under way to sallyportd at a time; more are lost */
#define VALUE_BYTES 65536

/* One that sallyportd is being told. */
struct telling {
	LIST_ENTRY(telling) link;
	struct fleet_strays *strays;
	struct transfer *transfer;
};

LIST_HEAD(tellings, telling);

struct fleet_strays {
	struct fleet *fleet;
	sd_event_source *timer;
	struct transfer *look;	   /* for new ones */
	struct etcd_txn_call *txn; /* one batch on its way into the store */
	json_int_t last;	   /* number of the last that was seen */
	bool begun;		   /* that is known */
	struct tellings tellings;
	unsigned int nr_tellings;
};

static void on_written(void *context, const struct etcd_txn_result *result)
{
	struct fleet_strays *strays = context;

	strays->txn = NULL;
}

static void put(struct fleet_strays *strays, const char *value, size_t bytes)
{
	const struct config *config = strays->fleet->config;
	char key[STORE_KEY_BYTES];
	struct etcd_txn *txn = etcd_txn_new();

	store_keys_strays(config->fleet.prefix, config->edge.name, key);
	if (txn) {
		etcd_txn_put(txn, gateway_value_text(key), (struct etcd_bytes){value, bytes});
		etcd_txn_send(strays->fleet->etcd, txn, on_written, strays, &strays->txn);
	}
	etcd_txn_free(txn);
}

/* What was there before we began has been told, or is too old. */
static void on_looked(void *context, const struct transfer_end *end)
{
	struct fleet_strays *strays = context;
	json_t *answer = NULL;
	const json_t *last;

	strays->look = NULL;
	if (!end->error && end->status == 200)
		answer = json_loadb(end->body, end->body_bytes, 0, NULL);
	last = json_object_get(answer, "last");
	if (json_is_integer(last)) {
		if (strays->begun && json_array_size(json_object_get(answer, "strays")) &&
		    end->body_bytes <= VALUE_BYTES)
			put(strays, end->body, end->body_bytes);
		strays->last = json_integer_value(last);
		strays->begun = true;
	}
	json_decref(answer);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct fleet_strays *strays = context;
	char path[64];
	const struct talk_local_call call = {
		.method = "GET", .path = path, .done = on_looked, .context = strays};

	snprintf(path, sizeof(path), PATH "?after=%" JSON_INTEGER_FORMAT, strays->last);
	if (!strays->look && !strays->txn)
		talk_local_ask(&strays->fleet->local, &call, &strays->look);
	sd_event_source_set_time_relative(source, EVERY_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static void end_telling(struct telling *telling)
{
	LIST_REMOVE(telling, link);
	telling->strays->nr_tellings--;
	free(telling);
}

static void on_told(void *context, const struct transfer_end *end)
{
	end_telling(context);
}

void state_strays_put(struct fleet_strays *strays, const char *edge, const char *value)
{
	struct telling *telling;
	json_t *body;
	struct talk_local_call call = {.method = "PUT", .path = PATH, .done = on_told};

	/* What comes with a reading of the whole store is old: its ports may be others' by now. */
	if (!strays || strays->fleet->reading || strays->nr_tellings == TELL_MAX ||
	    strcmp(edge, strays->fleet->config->edge.name) == 0)
		return;
	body = json_loads(value, 0, NULL);
	telling = body ? calloc(1, sizeof(*telling)) : NULL;
	if (telling) {
		telling->strays = strays;
		strays->nr_tellings++;
		LIST_INSERT_HEAD(&strays->tellings, telling, link);
		json_object_set_new(body, "edge", json_string(edge)); /* whatever it says */
		call.body = body;
		call.context = telling;
		if (talk_local_ask(&strays->fleet->local, &call, &telling->transfer) < 0)
			end_telling(telling);
	}
	json_decref(body);
}

int state_strays_open(struct fleet *fleet, struct fleet_strays **ret_strays)
{
	struct fleet_strays *strays = calloc(1, sizeof(*strays));
	int r;

	if (!strays)
		return -ENOMEM;
	strays->fleet = fleet;
	r = sd_event_add_time(fleet->event, &strays->timer, CLOCK_BOOTTIME, 0, 1, on_timer, strays);
	if (r < 0) {
		free(strays);
		return r;
	}
	*ret_strays = strays;
	return 0;
}

void state_strays_close(struct fleet_strays *strays)
{
	struct telling *telling;

	if (!strays)
		return;
	while ((telling = LIST_FIRST(&strays->tellings))) {
		transfer_cancel(telling->transfer);
		end_telling(telling);
	}
	transfer_cancel(strays->look);
	etcd_txn_cancel(strays->txn);
	sd_event_source_disable_unref(strays->timer);
	free(strays);
}
