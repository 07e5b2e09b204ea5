/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport-fleet: beside sallyportd, so that several edges hold the same builds. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <curl/curl.h>

#include "arguments/arguments.h"
#include "fleet/parts.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"

#define EXIT_CONFIG 78

struct options {
	const char *config;
};

static const struct arguments_row rows[] = {
	{"-c", "--config", "FILE", ARGUMENTS_TEXT, offsetof(struct options, config),
	 CONFIG_DEFAULT_PATH, "the edge's configuration"},
	{NULL, "--version", NULL, ARGUMENTS_VERSION, 0, NULL, "print the version"},
	{"-h", "--help", NULL, ARGUMENTS_HELP, 0, NULL, "print this help"},
};

static const struct arguments_program program = {
	.name = "sallyport-fleet",
	.usage = "[OPTION]...\n\n"
		 "Holds the builds of a fleet in etcd, and on this edge.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

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

/* Runs until SIGTERM or SIGINT. Result: 0 or -errno; what is wrong was logged. */
static int run(const struct config *config)
{
	struct fleet_parts *parts = NULL;
	sd_event *event = NULL;
	int r = sd_event_new(&event);

	srandom((unsigned int)boottime_now_ns() ^ (unsigned int)getpid());
	if (r >= 0)
		r = block_signals(event);
	if (r >= 0 && sd_event_set_watchdog(event, 1) < 0)
		log_write(LOG_WARNING, "There is no watchdog.");
	if (r >= 0)
		r = fleet_parts_open(event, config, &parts);
	if (r >= 0) {
		sd_notify(0, "READY=1");
		log_write(LOG_INFO, "The fleet is served.",
			  log_string("socket", config->fleet.socket));
		r = sd_event_loop(event);
		sd_notify(0, "STOPPING=1");
	}
	if (r < 0)
		log_write(LOG_ERR, "The fleet cannot be served.",
			  log_string("socket", config->fleet.socket), log_error("error", r));
	fleet_parts_close(parts);
	sd_event_unref(event);
	return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
	struct config_errors errors = {0};
	struct options options = {0};
	struct config *config;
	enum arguments_action action = arguments_parse(&program, argv, &options);
	int error;

	if (action != ARGUMENTS_RUN)
		return action == ARGUMENTS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
	log_open("sallyport-fleet", LOG_INFO);
	if (config_load(options.config, &config, &errors) < 0) {
		config_errors_print(&errors, stderr);
		config_errors_free(&errors);
		return EXIT_CONFIG;
	}
	config_errors_free(&errors);
	if (!config->fleet.nr_etcd) {
		fprintf(stderr, "%s: fleet.etcd: names no member of etcd\n", options.config);
		config_free(config);
		return EXIT_CONFIG;
	}
	error = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ? -1 : run(config);
	config_free(config);
	curl_global_cleanup();
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
