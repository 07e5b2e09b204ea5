/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"
#include "http/server.h"
#include "http/socket.h"
#include "transfer/transfer.h"

#define LIMIT_NS (60 * NS_PER_S)
#define TURN_US	 100000

static void on_asked(void *context, struct http_request *request)
{
	struct daemon *daemon = context;
	const char *not_after = http_request_header(request, "Sallyport-Not-After");
	struct http_answer answer = {.status = 500, .content_type = "application/json"};
	struct daemon_asked *asked = &daemon->asked[daemon->nr_asked];

	assert_true(daemon->nr_asked < DAEMON_ASKED_MAX);
	snprintf(asked->line, sizeof(asked->line), "%s %s", http_request_method(request),
		 http_request_path(request));
	asked->not_after_ms = not_after ? strtoull(not_after, NULL, 10) : 0;
	if (daemon->answer[daemon->nr_asked].status) {
		answer.status = daemon->answer[daemon->nr_asked].status;
		answer.body = strdup(daemon->answer[daemon->nr_asked].body);
		assert_non_null(answer.body);
		answer.body_bytes = strlen(answer.body);
	}
	daemon->nr_asked++;
	http_request_answer(request, &answer);
}

static size_t limit_body(void *context, const char *path)
{
	return 4096;
}

void daemon_open(struct daemon *daemon)
{
	const struct http_socket_access access = {.group = HTTP_SOCKET_KEEP_GROUP, .mode = 0600};
	struct http_server_options options = {
		.nr_connections = 10,
		.idle_s = 600,
		.request_s = 600,
		.late = "",
		.body_limit = limit_body,
		.handle = on_asked,
		.context = daemon,
	};

	*daemon = (struct daemon){.directory = "/tmp/fleet-test-XXXXXX"};
	assert_non_null(mkdtemp(daemon->directory));
	snprintf(daemon->path, sizeof(daemon->path), "%s/api", daemon->directory);
	assert_true(sd_event_new(&daemon->event) >= 0);
	assert_int_equal(http_socket_unix(daemon->path, access, &options.listen_fd), 0);
	assert_int_equal(http_server_open(daemon->event, &options, &daemon->server), 0);
	daemon->local.socket = daemon->path;
	assert_int_equal(transfer_open(daemon->event, &daemon->local.transfers), 0);
}

void daemon_close(struct daemon *daemon)
{
	transfer_close(daemon->local.transfers);
	http_server_close(daemon->server);
	sd_event_unref(daemon->event);
	unlink(daemon->path);
	rmdir(daemon->directory);
}

void daemon_wait(struct daemon *daemon, const bool *done)
{
	uint64_t until_ns = boottime_now_ns() + LIMIT_NS;

	while (!*done) {
		assert_true(boottime_now_ns() < until_ns);
		assert_true(sd_event_run(daemon->event, TURN_US) >= 0);
	}
}
