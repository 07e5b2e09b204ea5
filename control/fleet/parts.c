/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etcd/etcd.h"
#include "etcd/follow.h"
#include "etcd/health.h"
#include "fleet/change.h"
#include "fleet/edges/kept.h"
#include "fleet/edges/owed.h"
#include "fleet/notice.h"
#include "fleet/queue.h"
#include "fleet/serve.h"
#include "fleet/show.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/keep.h"
#include "fleet/state/roll.h"
#include "fleet/state/strays.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/sweep.h"
#include "fleet/sync.h"
#include "fleet/talk/report.h"
#include "fleet/talk/vouch.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "http/socket.h"
#include "transfer/transfer.h"

#define PAGE	  500
#define TRY_MS	  2000
#define LIMIT_MS  5000
#define LOCALS	  16 /* connections to sallyportd at most */
#define STREAMS	  16 /* and those of callers' streams, which do not end by themselves */
#define OWED_NAME "/fleet-owed.json"

struct fleet_parts {
	struct fleet fleet;
	struct edges_kept kept;
	char prefix[CONFIG_NAME_SIZE + 1]; /* of all keys, with a slash */
	char until[STORE_KEY_BYTES];	   /* those that are followed */
	struct etcd_follow *follow;
	struct fleet_changes *changes;
	struct notice *notice;
	struct vouch *vouch;
	struct report *report;
	struct fleet_strays *strays;
	struct sweep *sweep;
	struct fleet_serve *serve;
	bool listening;
};

static void on_begin(void *context)
{
	struct fleet_parts *parts = context;

	parts->fleet.reading = true;
	store_mirror_begin(parts->fleet.mirror);
	state_epoch_read(&parts->fleet);
	state_roll_read(&parts->fleet);
}

/* Result: the name of the edge that a key of that kind is of, NULL: it is another key. */
static const char *find_name(const struct fleet_parts *parts, enum store_kind of, const char *key)
{
	enum store_kind kind;
	const char *name = store_keys_parse(parts->fleet.config->fleet.prefix, key, &kind);

	return name && kind == of ? name : NULL;
}

static const char *find_edge(const struct fleet_parts *parts, const char *key)
{
	return find_name(parts, STORE_EDGES, key);
}

static void on_put(void *context, const struct etcd_kv *kv)
{
	struct fleet_parts *parts = context;
	const char *id, *edge = find_edge(parts, kv->key.data);
	const char *strays = find_name(parts, STORE_STRAYS, kv->key.data);
	int error;

	if (strays) {
		state_strays_put(parts->strays, strays, kv->value.data);
		return;
	}
	if (state_epoch_see(&parts->fleet, kv->key.data, kv->value.data))
		return;
	error = store_mirror_put(parts->fleet.mirror, kv->key.data, kv->value.data,
				 kv->mod_revision, &id);

	if (edge)
		state_roll_put(&parts->fleet, edge, kv->value.data, kv->mod_revision);
	else if (error)
		log_write(LOG_WARNING, "A key of the store cannot be read: it is passed over.",
			  log_string("key", kv->key.data), log_error("error", error));
	else if (id) {
		fleet_queue_add(&parts->fleet, id, kv->mod_revision);
		state_epoch_use(&parts->fleet);
	}
}

static void on_gone(void *context, struct etcd_bytes key)
{
	struct fleet_parts *parts = context;
	const char *id = store_mirror_gone(parts->fleet.mirror, key.data);
	const char *edge = find_edge(parts, key.data);

	if (state_epoch_see(&parts->fleet, key.data, NULL))
		return;
	if (edge)
		state_roll_put(&parts->fleet, edge, NULL, 0);
	else if (id)
		fleet_queue_add(&parts->fleet, id, 0);
}

static void on_vanished(void *context, const char *id)
{
	struct fleet_parts *parts = context;

	fleet_queue_add(&parts->fleet, id, 0);
}

static void on_whole(void *context, int64_t revision)
{
	struct fleet_parts *parts = context;

	store_mirror_whole(parts->fleet.mirror, on_vanished, parts);
	parts->fleet.current = true;
	parts->fleet.reading = false;
	state_epoch_whole(&parts->fleet);
	if (store_mirror_count(parts->fleet.mirror))
		state_epoch_use(&parts->fleet);
	state_roll_whole(&parts->fleet);
	fleet_queue_wake(&parts->fleet);
	log_write(LOG_NOTICE, "The store is followed.", log_number("revision", revision),
		  log_number("builds", (int64_t)store_mirror_count(parts->fleet.mirror)),
		  log_string("member", etcd_member(parts->fleet.etcd)));
	fleet_sweep_compare(parts->sweep);
}

static void on_away(void *context, const char *reason)
{
	struct fleet_parts *parts = context;

	parts->fleet.current = false;
	snprintf(parts->fleet.reason, sizeof(parts->fleet.reason), "%s", reason);
	log_write(
		LOG_WARNING,
		"The store cannot be followed: what is live goes on, and nothing new is promised.",
		log_string("reason", reason));
}

static void on_left(void *context, const char *url, const char *reason)
{
	log_write(LOG_NOTICE, "A member of etcd is left for another.", log_string("member", url),
		  log_string("reason", reason));
}

static int open_etcd(struct fleet_parts *parts)
{
	const struct config *config = parts->fleet.config;
	const char *urls[CONFIG_ETCD_MAX];
	const struct etcd_options options = {
		.event = parts->fleet.event,
		.urls = urls,
		.nr_urls = config->fleet.nr_etcd,
		.user = *config->fleet.user ? config->fleet.user : NULL,
		.password_file = *config->fleet.password_file ? config->fleet.password_file : NULL,
		.ca_file = *config->fleet.ca_file ? config->fleet.ca_file : NULL,
		.try_ms = TRY_MS,
		.limit_ms = LIMIT_MS,
		.left = on_left,
	};

	for (uint32_t i = 0; i < config->fleet.nr_etcd; i++)
		urls[i] = config->fleet.etcd[i];
	return etcd_open(&options, &parts->fleet.etcd);
}

static int open_follow(struct fleet_parts *parts)
{
	const struct etcd_follow_options options = {
		.prefix = {parts->prefix, strlen(parts->prefix)},
		.until = gateway_value_text(parts->until),
		.page = PAGE,
		.begin = on_begin,
		.put = on_put,
		.whole = on_whole,
		.gone = on_gone,
		.away = on_away,
		.context = parts,
	};

	return etcd_follow_open(parts->fleet.etcd, &options, &parts->follow);
}

static int open_socket(struct fleet_parts *parts)
{
	const struct config *config = parts->fleet.config;
	/* Whoever may open sallyportd's socket may open this one. */
	struct http_socket_access access = {.mode = *config->api.group ? 0660 : 0600};
	char *reason = NULL;
	int fd, error = http_socket_group(config->api.group, &access.group);

	if (!error)
		error = http_socket_unix(config->fleet.socket, access, &fd);
	if (error)
		return error;
	parts->listening = true;
	error = fleet_serve_open(&parts->fleet, parts->changes, fd, &parts->serve, &reason);
	if (error && reason)
		log_write(LOG_ERR, "Roles cannot be looked up.", log_string("reason", reason));
	free(reason);
	return error;
}

static int open_owed(struct fleet *fleet)
{
	char path[CONFIG_PATH_SIZE + sizeof(OWED_NAME)];
	int error;

	snprintf(path, sizeof(path), "%s" OWED_NAME, fleet->config->edge.state_dir);
	error = edges_owed_open(path, &fleet->owed);
	if (error)
		log_write(LOG_ERR, "What the store is owed cannot be read.",
			  log_string("file", path), log_error("error", error));
	return error;
}

static int open_kept(struct fleet_parts *parts)
{
	int error = edges_kept_open(parts->fleet.config->edge.state_dir, &parts->kept);

	parts->fleet.kept = &parts->kept;
	if (error)
		log_write(LOG_ERR, "Who this edge is in its fleet cannot be read or kept.",
			  log_string("directory", parts->fleet.config->edge.state_dir),
			  log_error("error", error));
	return error;
}

static const char *get_lack(void *context)
{
	return state_roll_lack(context);
}

static void hear_announced(void *context, const char *state, const char *why)
{
	state_roll_announced(context, state, why);
}

static json_t *make_report(const void *context)
{
	return fleet_show_make(context);
}

/* sallyportd is told of the store, if it announces anything, and of the fleet. */
static int open_tellers(struct fleet_parts *parts)
{
	struct fleet *fleet = &parts->fleet;
	const struct talk_vouch_options vouched = {.event = fleet->event,
						   .local = &fleet->local,
						   .lack = get_lack,
						   .heard = hear_announced,
						   .context = fleet};
	const struct talk_report_options reported = {.event = fleet->event,
						     .local = &fleet->local,
						     .make = make_report,
						     .context = fleet};
	int r = 0;

	if (fleet->config->announce.interface[0])
		r = talk_vouch_open(&vouched, &parts->vouch);
	if (r >= 0)
		r = talk_report_open(&reported, &parts->report);
	return r < 0 ? r : state_strays_open(fleet, &parts->strays);
}

/* Streams take a third of the connections that sallyportd gives one user, so that the fleet itself
 * never waits for one that is not to end. */
static int open_local(struct fleet *fleet)
{
	unsigned int most = config_connections_per_user(fleet->config), nr_streams = most / 3;
	int r = transfer_open(fleet->event, &fleet->local.transfers);

	if (r >= 0)
		r = transfer_open(fleet->event, &fleet->local.streams);
	if (r < 0)
		return r;
	fleet->local.nr_streams = nr_streams < STREAMS ? nr_streams : STREAMS;
	most -= fleet->local.nr_streams;
	transfer_limit(fleet->local.transfers, most < LOCALS ? most : LOCALS);
	return 0;
}

static int open_parts(struct fleet_parts *parts)
{
	struct fleet *fleet = &parts->fleet;
	int r = open_local(fleet);

	fleet->mirror = store_mirror_new(fleet->config->fleet.prefix);
	fleet->syncs = fleet_sync_open(fleet);
	parts->changes = fleet_change_open(fleet);
	if (r >= 0 && (!fleet->mirror || !parts->changes || !fleet->syncs))
		r = -ENOMEM;
	if (r >= 0)
		r = open_owed(fleet);
	if (r >= 0)
		r = state_keep_open(fleet);
	if (r >= 0)
		r = open_kept(parts);
	if (r >= 0)
		r = state_epoch_open(fleet);
	if (r >= 0)
		r = state_roll_open(fleet);
	if (r >= 0)
		r = fleet_queue_open(fleet);
	if (r >= 0)
		r = open_etcd(parts);
	if (r >= 0)
		r = etcd_health_open(fleet->etcd, &fleet->health);
	if (r >= 0)
		r = fleet_sweep_open(fleet, parts->changes, &parts->sweep);
	if (r >= 0)
		r = open_follow(parts);
	if (r >= 0)
		r = state_roll_begin(fleet);
	if (r >= 0)
		r = fleet_notice_open(fleet, &parts->notice);
	if (r >= 0)
		r = open_tellers(parts);
	return r < 0 ? r : open_socket(parts);
}

void fleet_parts_close(struct fleet_parts *parts)
{
	if (!parts)
		return;
	fleet_change_close(parts->changes);
	fleet_sync_close(parts->fleet.syncs);
	fleet_serve_close(parts->serve);
	if (parts->listening)
		unlink(parts->fleet.config->fleet.socket);
	state_strays_close(parts->strays);
	talk_report_close(parts->report);
	talk_vouch_close(parts->vouch);
	fleet_notice_close(parts->notice);
	etcd_follow_close(parts->follow);
	fleet_sweep_close(parts->sweep);
	fleet_queue_close(&parts->fleet);
	state_roll_close(&parts->fleet);
	state_epoch_close(&parts->fleet);
	etcd_health_close(parts->fleet.health);
	etcd_close(parts->fleet.etcd);
	transfer_close(parts->fleet.local.streams);
	transfer_close(parts->fleet.local.transfers);
	store_mirror_free(parts->fleet.mirror);
	state_keep_close(&parts->fleet);
	edges_owed_close(parts->fleet.owed);
	free(parts);
}

int fleet_parts_open(sd_event *event, const struct config *config, struct fleet_parts **ret_parts)
{
	struct fleet_parts *parts = calloc(1, sizeof(*parts));
	int r;

	if (!parts)
		return -ENOMEM;
	parts->fleet = (struct fleet){.event = event,
				      .config = config,
				      .local.socket = config->api.socket,
				      .reason = "it was not reached yet"};
	snprintf(parts->fleet.name, sizeof(parts->fleet.name), "%" PRIx64 "-%lx",
		 boottime_wall_ns(), (unsigned long)random());
	snprintf(parts->prefix, sizeof(parts->prefix), "%s/", config->fleet.prefix);
	store_keys_taken(config->fleet.prefix, parts->until);
	r = open_parts(parts);
	if (r < 0) {
		fleet_parts_close(parts);
		return r;
	}
	*ret_parts = parts;
	return 0;
}

struct fleet *fleet_parts_fleet(struct fleet_parts *parts)
{
	return &parts->fleet;
}
