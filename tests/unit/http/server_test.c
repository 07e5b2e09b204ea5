/* SPDX-License-Identifier: BSD-3-Clause */
/* What a listener on TCP does for those who do not take their answers, and whom it hears at all. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/addr.h>

#define BODY_BYTES  (8u << 20) /* more than the sockets hold */
#define DEADLINE_US 20000000
#define REQUEST	    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

struct world {
	sd_event *event;
	struct http_server *server;
	struct sockaddr_in addr;
	bool admits;
	unsigned int nr_requests;
	int error; /* of the last request */
	size_t body_limit, bodies_limit;
};

static void handle(void *context, struct http_request *request)
{
	struct world *world = context;
	struct http_answer answer = {.status = 200, .content_type = "text/plain"};

	world->nr_requests++;
	world->error = http_request_error(request);
	answer.body_bytes = BODY_BYTES;
	answer.body = calloc(1, BODY_BYTES);
	assert_non_null(answer.body);
	http_request_answer(request, &answer);
}

static bool admits(void *context, const struct sp_addr *peer)
{
	const struct world *world = context;

	assert_int_equal(peer->word_be[3], htonl(INADDR_LOOPBACK));
	return world->admits;
}

static size_t body_limit(void *context, const char *path)
{
	return ((const struct world *)context)->body_limit;
}

static size_t bodies_limit(void *context)
{
	return ((const struct world *)context)->bodies_limit;
}

static int set_up(void **state)
{
	static struct world world;
	struct http_server_options options = {
		.nr_connections = 8,
		.nr_connections_per_addr = 2,
		.idle_s = 60,
		.request_s = 60,
		.answer_s = 1,
		.late = "HTTP/1.1 408 Request Timeout\r\n\r\n",
		.admits = admits,
		.body_limit = body_limit,
		.bodies_limit = bodies_limit,
		.handle = handle,
		.context = &world,
	};
	socklen_t len = sizeof(world.addr);

	world = (struct world){
		.addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
		.admits = true};
	options.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(options.listen_fd, (const struct sockaddr *)&world.addr, len) ||
	    listen(options.listen_fd, 8) ||
	    getsockname(options.listen_fd, (struct sockaddr *)&world.addr, &len) ||
	    sd_event_new(&world.event) < 0)
		return -1;
	*state = &world;
	return http_server_open(world.event, &options, &world.server);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	http_server_close(world->server);
	sd_event_unref(world->event);
	return 0;
}

static int dial(const struct world *world)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&world->addr, sizeof(world->addr)),
			 0);
	return fd;
}

static int ask(const struct world *world)
{
	int fd = dial(world);

	/* Who is not heard may be gone already. */
	send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL);
	return fd;
}

/* Lets the server work until it has had so many requests. */
static void serve(struct world *world, unsigned int nr_requests)
{
	while (world->nr_requests < nr_requests)
		assert_true(sd_event_run(world->event, DEADLINE_US) > 0);
}

/* Reads what there is. Result: how many bytes until the end, or -1: it goes on. */
static ssize_t read_to_end(int fd)
{
	static char buffer[1 << 16];
	ssize_t all = 0, bytes;

	while ((bytes = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
		all += bytes;
	return bytes < 0 && errno == EAGAIN ? -1 : all;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *context)
{
	*(bool *)context = true;
	return 0;
}

static bool is_cut(int fd)
{
	char byte;

	/* The peer has shut the connection, behind all that it had sent before. */
	return recv(fd, &byte, 0, MSG_DONTWAIT) == 0 && send(fd, "", 1, MSG_NOSIGNAL) < 0;
}

static void test_an_answer_that_is_not_taken_is_cut_off(void **state)
{
	struct world *world = *state;
	int fd = ask(world);
	bool late = false;
	ssize_t got;

	sd_event_add_time_relative(world->event, NULL, CLOCK_MONOTONIC, DEADLINE_US, 0, on_deadline,
				   &late);
	serve(world, 1);
	while (!is_cut(fd)) {
		assert_true(sd_event_run(world->event, DEADLINE_US) >= 0);
		assert_false(late);
	}
	got = read_to_end(fd);
	assert_in_range(got < 0 ? 0 : got, 0, BODY_BYTES - 1);
	close(fd);
}

static void test_one_address_has_a_part_of_the_connections(void **state)
{
	struct world *world = *state;
	int fds[3];

	for (unsigned int i = 0; i < 3; i++) {
		fds[i] = ask(world);
		serve(world, i + 1);
		assert_int_equal(world->error, i < 2 ? 0 : -EUSERS);
	}
	for (unsigned int i = 0; i < 3; i++)
		close(fds[i]);
}

static void test_who_is_not_admitted_is_not_heard(void **state)
{
	struct world *world = *state;
	int fd;

	world->admits = false;
	fd = ask(world);
	while (!is_cut(fd))
		assert_true(sd_event_run(world->event, DEADLINE_US) >= 0);
	assert_int_equal(world->nr_requests, 0);
	close(fd);
}

static int send_body(const struct world *world, unsigned int bytes)
{
	char head[128], *body = calloc(1, bytes);
	int fd = dial(world), head_bytes = snprintf(head, sizeof(head),
						    "POST / HTTP/1.1\r\nHost: a\r\n"
						    "Content-Length: %u\r\n\r\n",
						    bytes);

	assert_non_null(body);
	assert_int_equal(send(fd, head, (size_t)head_bytes, MSG_NOSIGNAL), head_bytes);
	assert_int_equal(send(fd, body, bytes, MSG_NOSIGNAL), bytes);
	free(body);
	return fd;
}

static void test_bodies_over_what_all_may_take_are_not_kept(void **state)
{
	struct world *world = *state;
	int first, second;

	world->body_limit = 1 << 20;
	world->bodies_limit = 8192;
	first = send_body(world, 8000);
	serve(world, 1);
	assert_int_equal(world->error, 0);
	second = send_body(world, 1000); /* the first one's is kept until its answer is taken */
	serve(world, 2);
	assert_int_equal(world->error, -ENOBUFS);
	close(second);
	close(first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_an_answer_that_is_not_taken_is_cut_off),
		TEST(test_one_address_has_a_part_of_the_connections),
		TEST(test_who_is_not_admitted_is_not_heard),
		TEST(test_bodies_over_what_all_may_take_are_not_kept),
	};

	return cmocka_run_group_tests_name("http-server", tests, NULL, NULL);
}
