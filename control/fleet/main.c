/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport-fleet: beside sallyportd, so that several edges hold the same builds. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "arguments/arguments.h"
#include "fleet/run.h"
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
	error = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ? -1 : fleet_run(config);
	config_free(config);
	curl_global_cleanup();
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
