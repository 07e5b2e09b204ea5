/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "announce/announce.h"
#include "api/server.h"
#include "daemon/audit.h"
#include "daemon/follow.h"
#include "daemon/hold.h"
#include "daemon/kept.h"
#include "daemon/loop.h"
#include "daemon/outcome.h"
#include "daemon/reload.h"
#include "daemon/running.h"
#include "daemon/say.h"
#include "daemon/sockets.h"
#include "edge/config.h"
#include "edge/edge.h"
#include "explain/explain.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/lock_file.h"
#include "host/log.h"
#include "journal/copy.h"
#include "journal/disk.h"
#include "journal/journal.h"
#include "kernel/kernel.h"
#include "kernel/pins/kept.h"
#include "table/quiesce.h"
#include "watch/carrier.h"
#include "watch/readiness.h"
#include "watch/watch.h"

#define START_LIMIT_NS (600 * NS_PER_S) /* for each step of a start */

/* A disk that takes longer is one that fails (ADR 19): others have their turn. */
#define DISK_PATIENCE_NS (2 * NS_PER_S)

/* Logs one sentence, the reason if there is one, and frees it. Result: r. */
static int fail(int r, const char *what, char *reason)
{
	if (reason)
		log_write(LOG_ERR, reason);
	else
		log_write(LOG_ERR, what, log_error("error", r));
	free(reason);
	return r;
}

static int take_lock(const struct config *config, int *ret_fd)
{
	const struct lock_file file = {
		.dir = config->edge.state_dir,
		.name = "lock",
		.dir_mode = 0750,
		.mode = 0640,
		.wait_ms = LOCK_FILE_WAIT_MS,
	};
	pid_t holder = 0;
	int fd = lock_file_take(&file, &holder);

	if (fd == -EEXIST) {
		log_write(LOG_ERR, "Another sallyportd serves this edge.",
			  log_number("pid", holder),
			  log_string("state_dir", config->edge.state_dir),
			  log_number("waited_ms", LOCK_FILE_WAIT_MS));
		return fd;
	}
	if (fd < 0) {
		log_write(LOG_ERR, "edge.state_dir cannot be made or locked.",
			  log_error("error", fd), log_string("state_dir", config->edge.state_dir));
		return fd;
	}
	*ret_fd = fd;
	return 0;
}

#define JOURNAL_PATH_BYTES (CONFIG_PATH_SIZE + sizeof(JOURNAL_NAME) + 1)

static void name_journal(const struct config *config, char ret_path[JOURNAL_PATH_BYTES])
{
	snprintf(ret_path, JOURNAL_PATH_BYTES, "%s/" JOURNAL_NAME, config->edge.state_dir);
}

/* A large journal takes its time, and a start that is given up only begins again. */
static void say_starting(const char *what)
{
	sd_notifyf(0, "STATUS=Starting: %s.\nEXTEND_TIMEOUT_USEC=%llu", what,
		   (unsigned long long)(START_LIMIT_NS / NS_PER_US));
}

static int open_journal(struct daemon *daemon)
{
	char path[JOURNAL_PATH_BYTES], *reason = NULL;
	int r;

	say_starting("the journal is read");
	name_journal(daemon->config, path);
	r = daemon_kept_open(path, &daemon->journal, &reason);
	return r < 0 ? fail(r, "The journal cannot be opened.", reason) : 0;
}

static int start_kernel(struct daemon *daemon)
{
	struct kernel_kept kept;
	char *reason = NULL;
	int r = daemon_kept_count(daemon->config, daemon->journal, &kept);

	if (r < 0)
		return fail(r, "The journal's ports cannot be read.", NULL);
	r = kernel_start(daemon->config, &kept, &daemon->kernel, &reason);
	return r < 0 ? fail(r, "The kernel's part cannot be set up.", reason) : 0;
}

static int wait_for_readers(void *context)
{
	return table_quiesce_wait_drained(context);
}

static void warn_undrained(struct daemon *daemon)
{
	const struct quiesce *drained = &daemon->drained;

	daemon->drain_told = true;
	log_write(
		LOG_WARNING,
		"Ports of ended sessions are not given out again: a reader has not been seen past "
		"their end.",
		log_number("workers", drained->nr_waiting),
		log_number("pid", drained->nr_waiting ? drained->worker[0].pid : 0));
}

static int drain(void *context, enum edge_drain_step step)
{
	struct daemon *daemon = context;
	int r;

	if (step == EDGE_DRAIN_BEGIN) {
		table_quiesce_drain(daemon->quiescer, boottime_now_ns(), &daemon->drained);
		return -EAGAIN;
	}
	r = table_quiesce_poll(daemon->quiescer, &daemon->drained, boottime_now_ns());
	if (r == -ETIMEDOUT && !daemon->drain_told)
		warn_undrained(daemon);
	daemon->drain_told &= r != 0; /* once drained, the next one is told of again */
	return r;
}

/* Makes the model from the journal, and the table from the model. */
static int start_edge(struct daemon *daemon)
{
	struct table_map *table = kernel_table(daemon->kernel);
	struct model_settings *settings = malloc(sizeof(*settings));
	struct problem problem = {0};
	struct instant now;
	uint64_t seed;
	int r;

	if (!settings || getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		free(settings);
		return fail(-ENOMEM, "The model cannot be made.", NULL);
	}
	edge_config_read(daemon->config, settings);
	r = edge_new(settings, daemon->journal, table, seed, &daemon->edge);
	free(settings);
	if (r < 0)
		return fail(r, "The model cannot be made.", NULL);
	edge_replay_set_wait(daemon->edge, wait_for_readers, daemon->quiescer);
	edge_expire_set_drain(daemon->edge, drain, daemon);
	model_clock_read(&now);
	say_starting("the journal is replayed");
	r = edge_replay(daemon->edge, &now, &problem);
	if (r == 0)
		daemon_say_replayed(daemon->edge, daemon->config->edge.state_dir);
	if (r < 0) {
		edge_free(daemon->edge);
		return fail(r, "The journal cannot be replayed.",
			    problem_is_set(&problem) ? strdup(problem.detail) : NULL);
	}
	return 0;
}

static int attach_kernel(struct daemon *daemon)
{
	char *reason = NULL;
	int r = 0;

	say_starting("the programs are attached");
	if (kernel_rewrites_networks(daemon->kernel))
		r = table_quiesce_wait(daemon->quiescer);
	if (r < 0)
		return fail(r,
			    "builds.networks cannot change while a worker hangs: restart "
			    "sallyport-dp.",
			    NULL);
	r = kernel_attach(daemon->kernel, &reason);
	return r < 0 ? fail(r, "The programs cannot be attached.", reason) : 0;
}

static void log_kernel(const struct daemon *daemon)
{
	struct kernel_status status;

	kernel_status(daemon->kernel, &status);
	for (unsigned int i = 0; i < status.nr_warnings; i++)
		log_write(LOG_WARNING, status.warnings[i]);
	for (unsigned int i = 0; i < status.nr_interfaces; i++) {
		const struct kernel_interface *interface = &status.interfaces[i];

		log_write(LOG_INFO, "The program is in charge of an interface.",
			  log_string("interface", interface->name),
			  log_string("link", pins_names_attachment_name(interface->attachment)),
			  log_string("mode", interface->native ? "native" : "generic"),
			  log_string("table", pins_names_origin_name(status.origin)));
	}
}

/* Without it ports stay mute: no reason not to carry. */
static void start_explain(struct daemon *daemon)
{
	char *reason = NULL;
	int r = explain_start(daemon->event, daemon->edge, daemon->config->edge.bpf_dir,
			      daemon_reload_explain_mode(daemon->config), &daemon->explain,
			      &reason);

	if (r >= 0)
		return;
	log_write(LOG_WARNING, "Closed ports will not explain themselves.",
		  log_string("reason", reason), log_error("error", r));
	free(reason);
}

static void start_readiness(struct daemon *daemon)
{
	int r = watch_readiness_start(daemon->event, daemon->edge, &daemon->readiness);

	if (r < 0)
		log_write(LOG_WARNING, "VMs are not asked whether they answer.",
			  log_error("error", r));
}

static void start_carrier(struct daemon *daemon)
{
	int r = watch_carrier_start(daemon->event, daemon->edge, kernel_table(daemon->kernel),
				    &daemon->carrier);

	if (r < 0)
		log_write(LOG_WARNING, "Switches of engine will not be events.",
			  log_error("error", r));
}

static void on_refused(void *context, enum problem_type type, const char *detail)
{
	struct daemon *daemon = context;

	daemon_say_refused(&daemon->said, type, detail, boottime_now_ns());
}

static void on_answered(void *context, const struct api_answered *answered)
{
	struct daemon *daemon = context;

	daemon_say_request(&daemon->said, answered, boottime_now_ns());
}

static int open_api(struct daemon *daemon)
{
	struct api_options options = {
		.event = daemon->event,
		.config = daemon->config,
		.edge = daemon->edge,
		.table = kernel_table(daemon->kernel),
		.quiescer = daemon->quiescer,
		.kernel = daemon->kernel,
		.announce = daemon->announce,
		.explain = daemon->explain,
		.watch = daemon->watch,
		.audit = daemon->audit,
		.stuck = daemon_say_stuck,
		.refused = on_refused,
		.logs = daemon_say_wants_requests,
		.answered = on_answered,
		.context = daemon,
	};
	char *reason = NULL;
	int r = daemon_sockets_open(daemon->config, options.fds, &reason);

	if (r < 0)
		return fail(r, "The API cannot be opened.", reason);
	r = api_server_open(&options, &daemon->api, &reason);
	if (r < 0) {
		daemon_sockets_unlink(daemon->config);
		return fail(r, "The API cannot be opened.", reason);
	}
	return 0;
}

static int serve(struct daemon *daemon)
{
	int r;

	log_kernel(daemon);
	daemon_running_tell(daemon->config, daemon->config_path);
	log_write(LOG_NOTICE, "Ready.", log_string("name", daemon->config->edge.name),
		  log_string("socket", daemon->config->api.socket), log_number("pid", getpid()));
	sd_notify(0, "READY=1\nSTATUS=Serving.");
	/* Only now: a beat before the loop turns would have the service manager expect the next. */
	r = sd_event_set_watchdog(daemon->event, 1);
	if (r < 0)
		log_write(LOG_WARNING, "There is no watchdog.", log_error("error", r));
	journal_disk_set_patience(DISK_PATIENCE_NS);
	r = sd_event_loop(daemon->event);
	journal_disk_set_patience(0);
	sd_notify(0, "STOPPING=1");
	if (r < 0)
		return fail(r, "The event loop failed.", NULL);
	log_write(LOG_NOTICE, "Ended. Live leases go on to their deadlines without sallyportd.");
	return 0;
}

/* All that makes use of the edge: from here on packets are carried by what it has published. */
static int attach_and_serve(struct daemon *daemon)
{
	int r = daemon_follow_new(daemon->edge, daemon->kernel, &daemon->followers);

	if (r < 0)
		return fail(r, "The neighbours cannot be followed.", NULL);
	r = attach_kernel(daemon);
	if (r < 0)
		goto free_followers;
	start_explain(daemon);
	daemon_hold_end();
	daemon_audit_watch(daemon);
	start_readiness(daemon);
	start_carrier(daemon);
	daemon->announce =
		announce_open(daemon->event, daemon->config, kernel_table(daemon->kernel));
	r = open_api(daemon);
	if (r < 0)
		goto stop_explain;
	r = daemon_loop_begin(daemon);
	if (r < 0)
		fail(r, "The event loop cannot be started.", NULL);
	else
		r = serve(daemon);

	daemon_running_forget(daemon->config);
	daemon_loop_end(daemon);
	api_server_close(daemon->api);
	daemon_sockets_unlink(daemon->config);
stop_explain:
	announce_close(daemon->announce);
	watch_carrier_stop(daemon->carrier);
	watch_readiness_stop(daemon->readiness);
	watch_stop(daemon->watch);
	explain_stop(daemon->explain);
free_followers:
	daemon_follow_free(daemon->followers);
	return r;
}

/* sallyport-dp may be in a PID namespace of its own: its lock says that it lives. */
static void watch_dp_lock(struct daemon *daemon)
{
	char path[CONFIG_PATH_SIZE + sizeof("/dp.lock")];

	snprintf(path, sizeof(path), "%s/dp.lock", daemon->config->edge.run_dir);
	table_quiesce_set_lock(daemon->quiescer, path);
}

static int start_and_serve(struct daemon *daemon)
{
	int r = take_lock(daemon->config, &daemon->lock_fd);

	if (r < 0)
		return r;
	r = daemon_loop_new(daemon);
	if (r < 0) {
		fail(r, "The event loop cannot be made.", NULL);
		goto unlock;
	}
	r = open_journal(daemon);
	if (r < 0)
		goto free_loop;
	daemon_audit_open(daemon);
	r = start_kernel(daemon);
	if (r < 0)
		goto close_journal;
	r = table_quiesce_new(kernel_table(daemon->kernel), &daemon->quiescer);
	if (r < 0) {
		fail(r,
		     "Removals cannot be confirmed: the kernel grants no grace period, neither "
		     "by membarrier(2) nor by a map of maps.",
		     NULL);
		goto stop_kernel;
	}
	watch_dp_lock(daemon);
	r = start_edge(daemon);
	if (r < 0)
		goto free_quiescer;
	r = attach_and_serve(daemon);

	edge_free(daemon->edge);
free_quiescer:
	table_quiesce_free(daemon->quiescer);
stop_kernel:
	kernel_stop(daemon->kernel);
close_journal:
	journal_close(daemon->audit);
	journal_close(daemon->journal);
free_loop:
	daemon_loop_free(daemon);
unlock:
	close(daemon->lock_fd);
	return r;
}

int daemon_run(const char *config_path, struct config *config)
{
	struct daemon daemon = {.config_path = config_path, .config = config, .lock_fd = -1};
	int r = start_and_serve(&daemon);

	config_free(daemon.config);
	return r;
}

int daemon_reload(const struct config *config)
{
	const struct lock_file file = {
		.dir = config->edge.state_dir, .name = "lock", .dir_mode = 0750, .mode = 0640};
	pid_t holder = 0;
	int r = lock_file_take(&file, &holder);

	if (r >= 0)
		close(r);
	if (r == -EACCES)
		return fail(r, "Whether a sallyportd serves this edge only root may see.", NULL);
	if (r != -EEXIST || holder <= 0)
		return fail(r < 0 && r != -EEXIST ? r : -ESRCH,
			    "No sallyportd is known to serve this edge.", NULL);
	r = daemon_outcome_ask(config, holder);
	if (r == -ECANCELED) {
		daemon_outcome_explain(config);
		return r;
	}
	return r < 0 ? fail(r, "Whether anything was applied is not known.", NULL) : 0;
}

int daemon_detach(const struct config *config)
{
	char *reason = NULL;
	int fd, r = take_lock(config, &fd);

	if (r < 0)
		return r;
	r = kernel_detach(config, &reason);
	close(fd);
	if (r < 0)
		return fail(r, "Not everything could be removed.", reason);
	log_write(LOG_NOTICE, "Nothing of this edge is left in the kernel.",
		  log_string("name", config->edge.name));
	return 0;
}

int daemon_journal_version(const struct config *config)
{
	char path[JOURNAL_PATH_BYTES], *reason = NULL;
	int version, r;

	name_journal(config, path);
	r = journal_copy_version(path, &version, &reason);
	if (r < 0)
		return fail(r, "The journal's version is not known.", reason);
	printf("%d\n", version);
	return 0;
}

int daemon_take_back_journal(const struct config *config, int version)
{
	char path[JOURNAL_PATH_BYTES], *reason = NULL;
	int fd, r = take_lock(config, &fd);

	if (r < 0)
		return r;
	name_journal(config, path);
	r = journal_copy_take_back(path, version, &reason);
	close(fd);
	if (r < 0)
		return fail(r, "The journal could not be taken back.", reason);
	log_write(LOG_NOTICE, "The journal is again what it was before its version was raised.",
		  log_string("path", path), log_number("version", version));
	return 0;
}
