/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/run.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "etcd/etcd.h"
#include "etcd/follow.h"
#include "fleet/change.h"
#include "fleet/edges/kept.h"
#include "fleet/edges/owed.h"
#include "fleet/epoch.h"
#include "fleet/fleet.h"
#include "fleet/notice.h"
#include "fleet/queue.h"
#include "fleet/roll.h"
#include "fleet/serve.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/sweep.h"
#include "fleet/vouch.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "http/socket.h"
#include "transfer/transfer.h"

#define PAGE	  500
#define TRY_MS	  2000
#define LIMIT_MS  5000
#define OWED_NAME "/fleet-owed.json"

struct run {
	struct fleet fleet;
	struct edges_kept kept;
	char prefix[CONFIG_NAME_SIZE + 1]; /* of all keys, with a slash */
	struct etcd_follow *follow;
	struct fleet_changes *changes;
	struct notice *notice;
	struct vouch *vouch;
	struct sweep *sweep;
	struct fleet_serve *serve;
	bool listening;
};

static void on_begin(void *context)
{
	struct run *run = context;

	run->fleet.reading = true;
	store_mirror_begin(run->fleet.mirror);
	fleet_epoch_read(&run->fleet);
	fleet_roll_read(&run->fleet);
}

/* Result: the name of the edge that a key is of, NULL: it is another key. */
static const char *find_edge(const struct run *run, const char *key)
{
	enum store_kind kind;
	const char *name = store_keys_parse(run->fleet.config->fleet.prefix, key, &kind);

	return name && kind == STORE_EDGES ? name : NULL;
}

static void on_put(void *context, const struct etcd_kv *kv)
{
	struct run *run = context;
	const char *id, *edge = find_edge(run, kv->key.data);
	int error;

	if (fleet_epoch_see(&run->fleet, kv->key.data, kv->value.data))
		return;
	error = store_mirror_put(run->fleet.mirror, kv->key.data, kv->value.data, kv->mod_revision,
				 &id);

	if (edge)
		fleet_roll_put(&run->fleet, edge, kv->value.data);
	else if (error)
		log_write(LOG_WARNING, "A key of the store cannot be read: it is passed over.",
			  log_string("key", kv->key.data), log_error("error", error));
	else if (id)
		fleet_queue_add(&run->fleet, id, kv->mod_revision);
}

static void on_gone(void *context, struct etcd_bytes key)
{
	struct run *run = context;
	const char *id = store_mirror_gone(run->fleet.mirror, key.data);
	const char *edge = find_edge(run, key.data);

	if (fleet_epoch_see(&run->fleet, key.data, NULL))
		return;
	if (edge)
		fleet_roll_put(&run->fleet, edge, NULL);
	else if (id)
		fleet_queue_add(&run->fleet, id, 0);
}

static void on_vanished(void *context, const char *id)
{
	struct run *run = context;

	fleet_queue_add(&run->fleet, id, 0);
}

static void on_whole(void *context, int64_t revision)
{
	struct run *run = context;

	store_mirror_whole(run->fleet.mirror, on_vanished, run);
	run->fleet.current = true;
	run->fleet.reading = false;
	fleet_epoch_whole(&run->fleet);
	fleet_roll_whole(&run->fleet);
	fleet_queue_wake(&run->fleet);
	log_write(LOG_NOTICE, "The store is followed.", log_number("revision", revision),
		  log_number("builds", (int64_t)store_mirror_count(run->fleet.mirror)),
		  log_string("member", etcd_member(run->fleet.etcd)));
	fleet_sweep_compare(run->sweep);
}

static void on_away(void *context, const char *reason)
{
	struct run *run = context;

	run->fleet.current = false;
	snprintf(run->fleet.reason, sizeof(run->fleet.reason), "%s", reason);
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

static int open_etcd(struct run *run)
{
	const struct config *config = run->fleet.config;
	const char *urls[CONFIG_ETCD_MAX];
	const struct etcd_options options = {
		.event = run->fleet.event,
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
	return etcd_open(&options, &run->fleet.etcd);
}

static int open_follow(struct run *run)
{
	const struct etcd_follow_options options = {
		.prefix = {run->prefix, strlen(run->prefix)},
		.page = PAGE,
		.begin = on_begin,
		.put = on_put,
		.whole = on_whole,
		.gone = on_gone,
		.away = on_away,
		.context = run,
	};

	return etcd_follow_open(run->fleet.etcd, &options, &run->follow);
}

/* Whoever may open sallyportd's socket may open this one. */
static int find_access(const struct config *config, struct http_socket_access *ret_access)
{
	const struct group *group = NULL;

	*ret_access = (struct http_socket_access){HTTP_SOCKET_KEEP_GROUP, 0600};
	if (!*config->api.group)
		return 0;
	group = getgrnam(config->api.group);
	if (!group)
		return -ENOENT;
	*ret_access = (struct http_socket_access){group->gr_gid, 0660};
	return 0;
}

static int open_socket(struct run *run)
{
	const struct config *config = run->fleet.config;
	struct http_socket_access access;
	char *reason = NULL;
	int fd, error = find_access(config, &access);

	if (!error)
		error = http_socket_unix(config->fleet.socket, access, &fd);
	if (error)
		return error;
	run->listening = true;
	error = fleet_serve_open(&run->fleet, run->changes, fd, &run->serve, &reason);
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

static int open_kept(struct run *run)
{
	int error = edges_kept_open(run->fleet.config->edge.state_dir, &run->kept);

	run->fleet.kept = &run->kept;
	if (error)
		log_write(LOG_ERR, "Who this edge is in its fleet cannot be read or kept.",
			  log_string("directory", run->fleet.config->edge.state_dir),
			  log_error("error", error));
	return error;
}

static int open_parts(struct run *run)
{
	struct fleet *fleet = &run->fleet;
	int r = transfer_open(fleet->event, &fleet->local.transfers);

	fleet->mirror = store_mirror_new(fleet->config->fleet.prefix);
	run->changes = fleet_change_open(fleet);
	if (r >= 0 && (!fleet->mirror || !run->changes))
		r = -ENOMEM;
	if (r >= 0)
		r = open_owed(fleet);
	if (r >= 0)
		r = open_kept(run);
	if (r >= 0)
		r = fleet_epoch_open(fleet);
	if (r >= 0)
		r = fleet_roll_open(fleet);
	if (r >= 0)
		r = fleet_queue_open(fleet);
	if (r >= 0)
		r = open_etcd(run);
	if (r >= 0)
		r = fleet_sweep_open(fleet, run->changes, &run->sweep);
	if (r >= 0)
		r = open_follow(run);
	if (r >= 0)
		r = fleet_roll_begin(fleet);
	if (r >= 0)
		r = fleet_notice_open(fleet, &run->notice);
	if (r >= 0)
		r = fleet_vouch_open(fleet, &run->vouch);
	return r < 0 ? r : open_socket(run);
}

static void close_parts(struct run *run)
{
	fleet_change_close(run->changes);
	fleet_serve_close(run->serve);
	if (run->listening)
		unlink(run->fleet.config->fleet.socket);
	fleet_vouch_close(run->vouch);
	fleet_notice_close(run->notice);
	etcd_follow_close(run->follow);
	fleet_sweep_close(run->sweep);
	fleet_queue_close(&run->fleet);
	fleet_roll_close(&run->fleet);
	fleet_epoch_close(&run->fleet);
	etcd_close(run->fleet.etcd);
	transfer_close(run->fleet.local.transfers);
	store_mirror_free(run->fleet.mirror);
	edges_owed_close(run->fleet.owed);
	sd_event_unref(run->fleet.event);
}

static int block_signals(sd_event *event)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

int fleet_run(const struct config *config)
{
	struct run run = {.fleet = {.config = config,
				    .local.socket = config->api.socket,
				    .reason = "it was not reached yet"}};
	int r = sd_event_new(&run.fleet.event);

	srandom((unsigned int)boottime_now_ns() ^ (unsigned int)getpid());
	snprintf(run.fleet.name, sizeof(run.fleet.name), "%" PRIx64 "-%lx", boottime_wall_ns(),
		 (unsigned long)random());
	snprintf(run.prefix, sizeof(run.prefix), "%s/", config->fleet.prefix);
	if (r >= 0)
		r = block_signals(run.fleet.event);
	if (r >= 0 && sd_event_set_watchdog(run.fleet.event, 1) < 0)
		log_write(LOG_WARNING, "There is no watchdog.");
	if (r >= 0)
		r = open_parts(&run);
	if (r >= 0) {
		sd_notify(0, "READY=1");
		log_write(LOG_INFO, "The fleet is served.",
			  log_string("socket", config->fleet.socket));
		r = sd_event_loop(run.fleet.event);
		sd_notify(0, "STOPPING=1");
	}
	if (r < 0)
		log_write(LOG_ERR, "The fleet cannot be served.",
			  log_string("socket", config->fleet.socket), log_error("error", r));
	close_parts(&run);
	return r < 0 ? r : 0;
}
