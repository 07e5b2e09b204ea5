/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "api/server.h"
#include "daemon/daemon.h"
#include "daemon/outcome.h"
#include "daemon/running.h"
#include "daemon/say.h"
#include "edge/config.h"
#include "edge/edge.h"
#include "explain/explain.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "kernel/kernel.h"

static struct config *load(const char *path)
{
	struct config_errors errors = {0};
	struct config *config = NULL;

	if (config_load(path, &config, &errors) < 0) {
		for (unsigned int i = 0; i < errors.nr; i++)
			log_write(LOG_ERR, errors.error[i].text);
		config = NULL;
	}
	config_errors_free(&errors);
	return config;
}

/* Result: whether sallyportd itself can apply all that differs, as it runs. */
static bool can_apply(const struct config_changes *changes)
{
	for (unsigned int i = 0; i < changes->nr; i++) {
		const struct config_change *change = &changes->change[i];

		if (change->apply == CONFIG_APPLY_RELOAD)
			continue;
		log_write(LOG_WARNING, "A change cannot be applied as things run.",
			  log_string("key", change->key),
			  log_string("needs", config_apply_name(change->apply)));
	}
	return config_can_reload(changes);
}

/* The set of networks that the last reload left may still be read by a worker that hangs. */
static bool worker_hangs(struct daemon *daemon, const struct config_changes *changes)
{
	if (table_quiesce_poll(daemon->quiescer, &daemon->reloaded, boottime_now_ns()) == 0)
		return false;
	for (unsigned int i = 0; i < changes->nr; i++)
		if (strcmp(changes->change[i].key, "builds.networks") == 0) {
			log_write(LOG_ERR,
				  "A worker has not been seen past the last reload: "
				  "restart sallyport-dp before this can change.",
				  log_string("key", "builds.networks"));
			return true;
		}
	return false;
}

static int reload_edge(struct daemon *daemon, const struct config *config)
{
	struct model_settings *settings = malloc(sizeof(*settings));
	struct problem problem;
	int r;

	if (!settings)
		return -ENOMEM;
	edge_config_read(config, settings);
	json_problem_clear(&problem);
	r = edge_reload(daemon->edge, settings, &problem);
	if (r < 0 && problem_is_set(&problem))
		log_write(LOG_ERR, problem.detail);
	free(settings);
	return r;
}

static int reload_kernel(struct daemon *daemon, const struct config *config)
{
	char *reason = NULL;
	int r = kernel_reload(daemon->kernel, config, &reason);

	table_quiesce_begin(daemon->quiescer, boottime_now_ns(), &daemon->reloaded);
	if (r < 0)
		log_write(LOG_ERR, reason ? reason : strerror(-r));
	free(reason);
	return r;
}

static int reload_api(struct daemon *daemon, const struct config *config)
{
	char *reason = NULL;
	int r = api_server_reload(daemon->api, config, &reason);

	if (r < 0)
		log_write(LOG_ERR, reason ? reason : strerror(-r));
	free(reason);
	return r;
}

/* All parts or none: what took the new configuration is given the old one again. */
static int apply(struct daemon *daemon, const struct config *config)
{
	int r = reload_api(daemon, config);

	if (r < 0)
		return r;
	r = reload_kernel(daemon, config);
	if (r < 0)
		goto undo_api;
	r = reload_edge(daemon, config);
	if (r < 0)
		goto undo_kernel;
	if (daemon->explain)
		explain_set_mode(daemon->explain, daemon_reload_explain_mode(config));
	return 0;

undo_kernel:
	reload_kernel(daemon, daemon->config);
undo_api:
	reload_api(daemon, daemon->config);
	return r;
}

/* Result: whether the daemon is as the file says now. config is taken over. */
static bool reload(struct daemon *daemon, struct config *config)
{
	struct config_changes changes;
	bool same = false;

	config_diff(daemon->config, config, &changes);
	if (changes.nr == 0) {
		log_write(LOG_NOTICE, "Reloaded: nothing differs.");
		same = true;
	} else if (!can_apply(&changes) || worker_hangs(daemon, &changes) ||
		   apply(daemon, config) < 0) {
		log_write(LOG_WARNING, "Nothing of the new configuration was applied.");
	} else {
		for (unsigned int i = 0; i < changes.nr; i++)
			log_write(LOG_NOTICE, "Reloaded.",
				  log_string("key", changes.change[i].key));
		config_free(daemon->config);
		daemon->config = config;
		daemon_say_outside(daemon->edge);
		return true;
	}
	config_free(config);
	return same;
}

int daemon_reload_now(struct daemon *daemon)
{
	struct config *config;
	bool applied = false;
	int r;

	if (table_quiesce_poll(daemon->quiescer, &daemon->reloaded, boottime_now_ns()) == -EAGAIN)
		return -EAGAIN;
	sd_notify(0, "RELOADING=1");
	config = load(daemon->config_path);
	if (config)
		applied = reload(daemon, config);
	else
		log_write(LOG_WARNING, "The configuration has errors: nothing was applied.");
	if (applied)
		daemon_running_tell(daemon->config, daemon->config_path);
	sd_notify(0, "READY=1");
	r = daemon_outcome_tell(daemon->config, applied);
	if (r < 0)
		log_write(LOG_WARNING, "Who asked for the reload is not told what became of it.",
			  log_error("error", r));
	return 0;
}

enum explain_mode daemon_reload_explain_mode(const struct config *config)
{
	switch (config->leases.explain) {
	case CONFIG_EXPLAIN_OFF:
		return EXPLAIN_OFF;
	case CONFIG_EXPLAIN_BRIEF:
		return EXPLAIN_BRIEF;
	case CONFIG_EXPLAIN_FULL:
		break;
	}
	return EXPLAIN_FULL;
}
