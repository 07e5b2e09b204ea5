/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport-runner: declares builds for the VMs that ask for it, each for itself alone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <curl/curl.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/config_table.h"
#include "host/log.h"
#include "http/server.h"
#include "http/socket.h"
#include "runner/ask.h"
#include "runner/look.h"
#include "runner/options.h"
#include "runner/runner.h"
#include "runner/serve.h"
#include "runner/side.h"
#include "runner/vms.h"

#define EXIT_CONFIG 78

static int fail(const char *sentence, const char *what, int error)
{
	log_write(LOG_ERR, sentence, log_string("what", what), log_error("error", error));
	return error;
}

static int on_look(sd_event_source *source, uint64_t usec, void *context)
{
	struct runner *runner = context;

	runner_ask_begin(runner->ask, RUNNER_LIMIT_NS);
	runner_look(runner);
	sd_event_source_set_time_relative(source, runner->options->look_ns / NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Only an address of the builds' side: nobody else is to be heard. */
static int open_listener(const struct runner *runner, int *ret_fd)
{
	const struct options *options = runner->options;
	struct config_listen listen;
	int error;

	if (config_listen_parse(options->listen, &listen) || listen.port == 0 ||
	    addr_is_any(&listen.addr))
		return fail("This is no address and port of the builds' side.", options->listen,
			    EINVAL);
	if (!runner_side_has(runner->config, &listen.addr))
		log_write(
			LOG_WARNING,
			"This address is not of the builds' side: VMs may not reach it, and others "
			"may.",
			log_string("listen", options->listen),
			log_string("builds.interface", runner->config->builds.interface));
	error = http_socket_tcp(&listen.addr, listen.port, ret_fd);
	return error ? fail("This address cannot be listened on.", options->listen, error) : 0;
}

/* Result: 0 and the prefixes of --allow, NULL without; or -EINVAL. */
static int read_allow(const char *list, json_t **ret_allow)
{
	char *copy = list ? strdup(list) : NULL, *rest = copy, *word;
	json_t *allow = copy ? json_array() : NULL;
	struct sp_prefix prefix;
	int error = 0;

	while (!error && (word = strsep(&rest, ","))) {
		error = addr_prefix_parse(word, &prefix);
		if (error)
			fail("This is no prefix.", word, error);
		json_array_append_new(allow, json_string(word));
	}
	free(copy);
	*ret_allow = allow;
	return error;
}

static int serve(struct runner *runner, sd_event *event, int listen_fd)
{
	struct http_server *server = NULL;
	int r = runner_serve_open(runner, event, listen_fd, &server);

	if (r >= 0)
		r = sd_event_add_time_relative(event, NULL, CLOCK_BOOTTIME, 0, 1, on_look, runner);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	if (r >= 0) {
		sd_notify(0, "READY=1");
		log_write(LOG_INFO, "VMs are listened to.",
			  log_string("listen", runner->options->listen));
		r = sd_event_loop(event);
		sd_notify(0, "STOPPING=1");
	}
	http_server_close(server);
	return r < 0 ? fail("VMs cannot be served.", runner->options->listen, r) : 0;
}

static int run(struct runner *runner)
{
	sd_event *event = NULL;
	int listen_fd, error = read_allow(runner->options->allow, &runner->allow);

	runner->vms = runner_vms_new();
	if (!error)
		error = open_listener(runner, &listen_fd);
	if (error)
		return error;
	if (!runner->vms || runner_ask_open(runner->config->api.socket, &runner->ask) ||
	    sd_event_new(&event) < 0)
		return -ENOMEM;
	error = serve(runner, event, listen_fd);
	sd_event_unref(event);
	return error;
}

static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &signals, NULL) ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct config_errors errors = {0};
	struct runner runner = {0};
	struct config *config;
	enum arguments_action action;
	struct options options;
	int error;

	action = runner_options_parse(argv, &options);
	if (action != ARGUMENTS_RUN)
		return action == ARGUMENTS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
	log_open("sallyport-runner", LOG_INFO);
	if (config_load(options.config, &config, &errors) < 0) {
		config_errors_print(&errors, stderr);
		config_errors_free(&errors);
		return EXIT_CONFIG;
	}
	config_errors_free(&errors);
	runner.options = &options;
	runner.config = config;
	error = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ? -ENOMEM : block_signals();
	if (!error)
		error = run(&runner);
	runner_ask_close(runner.ask);
	runner_vms_free(runner.vms);
	json_decref(runner.allow);
	config_free(config);
	curl_global_cleanup();
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
