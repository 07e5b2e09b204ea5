/* SPDX-License-Identifier: BSD-3-Clause */
/* The fleet's socket, with a sallyportd behind it that streams, and answers everything else. */
#include "fleet/serve.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet/state/fleet.h"
#include "host/boottime.h"
#include "host/config.h"
#include "http/server.h"
#include "http/socket.h"
#include "transfer/transfer.h"

#define DEADLINE_NS (60 * NS_PER_S)
#define TURN_US	    100000
#define CLIENTS_MAX 80
#define OTHER_UID   65534 /* connects, if we are root */
#define ANSWER_SIZE 2048

struct world {
	sd_event *event;
	char directory[32], daemon_path[48], fleet_path[48];
	struct config *config;
	struct fleet fleet;
	struct fleet_serve *serve;
	struct http_server *daemon;
	unsigned int nr_asked, nr_streams; /* of the daemon */
	bool head;			   /* the last was one */
	int client[CLIENTS_MAX];
	unsigned int nr_clients;
	char answer[ANSWER_SIZE]; /* the last */
};

struct stream {
	struct world *world;
	bool said;
};

static ssize_t read_stream(void *context, char *buffer, size_t size_bytes)
{
	struct stream *stream = context;

	if (stream->said)
		return 0;
	stream->said = true;
	memcpy(buffer, "{}\n", 3);
	return 3;
}

static void release_stream(void *context)
{
	free(context);
}

static void stream_it(struct world *world, struct http_request *request)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	const struct http_stream http = {
		.content_type = "application/x-ndjson",
		.read = read_stream,
		.release = release_stream,
		.context = stream,
	};

	assert_non_null(stream);
	stream->world = world;
	world->nr_streams += !world->head;
	assert_int_equal(http_request_stream(request, &http), 0);
}

static void on_daemon(void *context, struct http_request *request)
{
	struct world *world = context;
	struct http_answer answer = {.status = 200, .content_type = "application/json"};
	const char *path = http_request_path(request);

	world->nr_asked++;
	world->head = http_request_is_head(request);
	if (strcmp(path, "/v1/events") == 0 || strstr(path, "/capture")) {
		stream_it(world, request);
		return;
	}
	answer.body = strdup("{}");
	answer.body_bytes = strlen(answer.body);
	http_request_answer(request, &answer);
}

static size_t body_limit(void *context, const char *path)
{
	return 0;
}

static int listen_at(const char *path)
{
	const struct http_socket_access access = {.group = HTTP_SOCKET_KEEP_GROUP, .mode = 0666};
	int fd = -1;

	assert_int_equal(http_socket_unix(path, access, &fd), 0);
	return fd;
}

static void open_daemon(struct world *world)
{
	const struct http_server_options options = {
		.listen_fd = listen_at(world->daemon_path),
		.nr_connections = 100,
		.idle_s = 600,
		.request_s = 600,
		.late = "",
		.body_limit = body_limit,
		.handle = on_daemon,
		.context = world,
	};

	assert_int_equal(http_server_open(world->event, &options, &world->daemon), 0);
}

static void open_serve(struct world *world)
{
	char *reason = NULL;

	world->config = calloc(1, sizeof(*world->config));
	assert_non_null(world->config);
	world->config->limits.builds = 1;
	world->fleet = (struct fleet){.event = world->event,
				      .config = world->config,
				      .local.socket = world->daemon_path,
				      .local.nr_streams = 16};
	assert_int_equal(transfer_open(world->event, &world->fleet.local.transfers), 0);
	transfer_limit(world->fleet.local.transfers, 16);
	assert_int_equal(transfer_open(world->event, &world->fleet.local.streams), 0);
	assert_int_equal(fleet_serve_open(&world->fleet, NULL, listen_at(world->fleet_path),
					  &world->serve, &reason),
			 0);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.directory = "/tmp/serve-test-XXXXXX"};
	*state = &world;
	if (!mkdtemp(world.directory) || chmod(world.directory, 0755) ||
	    sd_event_new(&world.event) < 0)
		return -1;
	snprintf(world.daemon_path, sizeof(world.daemon_path), "%s/api", world.directory);
	snprintf(world.fleet_path, sizeof(world.fleet_path), "%s/fleet", world.directory);
	open_daemon(&world);
	open_serve(&world);
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < world->nr_clients; i++)
		close(world->client[i]);
	fleet_serve_close(world->serve);
	transfer_close(world->fleet.local.streams);
	transfer_close(world->fleet.local.transfers);
	http_server_close(world->daemon);
	sd_event_unref(world->event);
	free(world->config);
	unlink(world->daemon_path);
	unlink(world->fleet_path);
	rmdir(world->directory);
	return 0;
}

static int dial(struct world *world)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(world->nr_clients < CLIENTS_MAX);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", world->fleet_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	world->client[world->nr_clients++] = fd;
	return fd;
}

/* Lets all work until this is answered, or nobody does in time. Result: the status, 0: none. */
static unsigned int wait_for(struct world *world, int fd)
{
	uint64_t until_ns = boottime_now_ns() + DEADLINE_NS;
	unsigned int status = 0;
	size_t bytes = 0;

	memset(world->answer, 0, sizeof(world->answer));
	while (!strstr(world->answer, "\r\n\r\n") && boottime_now_ns() < until_ns) {
		ssize_t more = recv(fd, world->answer + bytes, sizeof(world->answer) - 1 - bytes,
				    MSG_DONTWAIT);

		if (more == 0)
			break;
		if (more > 0)
			bytes += (size_t)more;
		else
			assert_true(sd_event_run(world->event, TURN_US) >= 0);
	}
	sscanf(world->answer, "HTTP/1.1 %u ", &status);
	return status;
}

static unsigned int ask(struct world *world, const char *method, const char *path)
{
	char text[256];
	int fd = dial(world), bytes;

	bytes = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path);
	assert_int_equal(send(fd, text, (size_t)bytes, MSG_NOSIGNAL), bytes);
	return wait_for(world, fd);
}

static void test_stream_when_it_is_asked_for_then_it_is_passed_on(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask(world, "GET", "/v1/events"), 200);
	assert_non_null(strstr(world->answer, "Content-Type: application/x-ndjson\r\n"));
	assert_int_equal(world->nr_streams, 1);
}

/* A capture that is begun is one of a few, and is in the audit. */
static void test_head_of_a_stream_when_it_is_asked_for_then_none_is_begun(void **state)
{
	static const char *const paths[] = {"/v1/events", "/v1/builds/a/capture"};
	struct world *world = *state;

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(ask(world, "HEAD", paths[i]), 200);
		assert_non_null(strstr(world->answer, "Content-Type: application/x-ndjson\r\n"));
		assert_int_equal(world->nr_asked, i + 1);
		assert_true(world->head);
		assert_int_equal(world->nr_streams, 0);
	}
	assert_int_equal(ask(world, "GET", "/v1/status"), 200);
}

/* As another user, if we may. Result: whether we are. */
static bool become(uid_t uid)
{
	return seteuid(uid) == 0;
}

/* Result: how many more streams there are until one is refused. */
static unsigned int open_streams(struct world *world, unsigned int most)
{
	unsigned int nr = 0;

	while (nr < most && ask(world, "GET", "/v1/events") == 200)
		nr++;
	return nr;
}

static void test_streams_when_there_are_too_many_then_the_rest_goes_on(void **state)
{
	struct world *world = *state;

	assert_int_equal(open_streams(world, 20), 12);
	assert_non_null(strstr(world->answer, " 429 "));
	assert_non_null(strstr(world->answer, "Retry-After: 5\r\n"));
	assert_int_equal(ask(world, "GET", "/v1/status"), 200);
	if (!become(OTHER_UID))
		return;
	assert_int_equal(open_streams(world, 20), 4);
	assert_int_equal(ask(world, "GET", "/v1/status"), 200);
	assert_true(become(0));
	for (unsigned int i = 0; i < world->nr_clients; i++)
		shutdown(world->client[i], SHUT_RDWR);
	assert_int_equal(ask(world, "GET", "/v1/status"), 200);
}

static void test_connections_when_one_user_has_many_then_others_are_heard(void **state)
{
	struct world *world = *state;
	unsigned int nr = 0;

	while (nr < 64 && ask(world, "GET", "/v1/status") == 200)
		nr++;
	assert_int_equal(nr, 48);
	assert_non_null(strstr(world->answer, " 429 "));
	assert_non_null(strstr(world->answer, "Retry-After: 1\r\n"));
	if (!become(OTHER_UID))
		return;
	nr = ask(world, "GET", "/v1/status");
	assert_true(become(0));
	assert_int_equal(nr, 200);
}

static void test_head_of_a_look_when_it_is_asked_for_then_it_says_how_long_it_is(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask(world, "HEAD", "/v1/status"), 200);
	assert_non_null(strstr(world->answer, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(world->answer, "Content-Length: 2\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_stream_when_it_is_asked_for_then_it_is_passed_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_head_of_a_stream_when_it_is_asked_for_then_none_is_begun, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_streams_when_there_are_too_many_then_the_rest_goes_on, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_connections_when_one_user_has_many_then_others_are_heard, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_head_of_a_look_when_it_is_asked_for_then_it_says_how_long_it_is,
			set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
