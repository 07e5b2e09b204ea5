/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/readiness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop.h"
#include "world.h"

/* A world in a network of its own, whose VMs are on the loopback. */
struct asked {
	struct world world;
	sd_event *event;
	struct readiness *readiness;
};

static int set_up(void **state)
{
	static struct asked asked;

	memset(&asked, 0, sizeof(asked));
	world_init(&asked.world, 100);
	asked.world.settings.networks[1] = world_prefix("127.0.0.0/8");
	asked.world.settings.nr_networks = 2;
	model_clock_read(&asked.world.now);
	world_start(&asked.world, ":memory:");
	assert_true(sd_event_new(&asked.event) >= 0);
	assert_int_equal(watch_readiness_start(asked.event, asked.world.edge, &asked.readiness), 0);
	*state = &asked;
	return 0;
}

static int tear_down(void **state)
{
	struct asked *asked = *state;

	watch_readiness_stop(asked->readiness);
	sd_event_unref(asked->event);
	world_stop(&asked->world);
	return 0;
}

static void put(struct asked *asked, const char *address, uint16_t port)
{
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "b1", 1, &address);
	spec.nodes[0].port = port;
	assert_int_equal(world_put_spec(&asked->world, &spec, &result), 0);
	model_build_spec_free(&spec);
}

/* It was ready before. */
static void put_ready(struct asked *asked, const char *address, uint16_t port)
{
	put(asked, address, port);
	assert_int_equal(
		edge_notes_node(asked->world.edge, &asked->world.now, "b1", 0, NODE_ANSWER), 0);
}

/* Result: a listening socket on the loopback, and its port. */
static int listen_somewhere(uint16_t *ret_port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t name_bytes = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, name_bytes), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &name_bytes), 0);
	*ret_port = ntohs(name.sin_port);
	return fd;
}

static void expect(struct asked *asked, enum node_state expected)
{
	struct instant begun;

	model_clock_read(&begun);
	while (model_build_node(world_get(&asked->world, "b1"), 0)->state != expected)
		if (!loop_turn(asked->event, &begun))
			fail_msg("the node did not become %s",
				 model_session_node_state_name(expected));
}

static void test_ask_when_it_listens_then_ready(void **state)
{
	struct asked *asked = *state;
	uint16_t port;
	int fd = listen_somewhere(&port), caller;
	char byte;

	put(asked, "127.0.0.1", port);
	expect(asked, NODE_READY);
	caller = accept(fd, NULL, NULL);
	assert_true(caller >= 0);
	assert_int_equal(recv(caller, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(caller);
	close(fd);
}

static void test_ask_when_it_is_silent_for_a_while_then_unreachable_and_ready(void **state)
{
	struct asked *asked = *state;
	uint16_t port;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t name_bytes = sizeof(name);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, name_bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &name_bytes), 0);
	port = ntohs(name.sin_port);
	put_ready(asked, "127.0.0.1", port);
	expect(asked, NODE_UNREACHABLE);
	assert_int_equal(listen(fd, 8), 0);
	expect(asked, NODE_READY);
	close(fd);
}

/* The connect fails within the call. */
static void test_ask_when_there_is_no_route_then_unreachable(void **state)
{
	struct asked *asked = *state;

	put_ready(asked, "10.0.3.7", 22);
	expect(asked, NODE_UNREACHABLE);
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ask_when_it_listens_then_ready),
		TEST(test_ask_when_it_is_silent_for_a_while_then_unreachable_and_ready),
		TEST(test_ask_when_there_is_no_route_then_unreachable),
	};

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) && unshare(CLONE_NEWNET))
		return 77;
	raise_loopback();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
