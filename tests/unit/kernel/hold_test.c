/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits for sallyportd on a host that starts, packet by packet, and how that ends. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/wire.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "kernel/hold/filter.h"
#include "kernel/hold/hold.h"
#include "kernel/hold/wait.h"
#include "rig.h"

#define FAR_NS	   (3600 * NS_PER_S)
#define FIRST_PORT 60000 /* of the rig's pool, and its last */
#define LAST_PORT  60099

struct frame {
	struct sp_eth eth;
	struct sp_ipv4 ip;
	union {
		struct sp_tcp tcp;
		struct sp_udp udp;
		uint8_t bytes[40];
	};
};

_Static_assert(sizeof(struct frame) == 14 + 20 + 40, "as on the wire");

static struct frame frame_of(uint8_t protocol, const char *to, uint16_t port)
{
	struct frame frame = {.eth = {.to = {2}, .type_be = htons(SP_ETH_IPV4)}};
	struct in_addr addr;

	frame.ip.version_ihl = 0x45;
	frame.ip.total_length_be = htons(sizeof(frame) - sizeof(frame.eth));
	frame.ip.ttl = 64;
	frame.ip.protocol = protocol;
	inet_pton(AF_INET, RIG_CLIENT, &addr);
	frame.ip.from_be = addr.s_addr;
	inet_pton(AF_INET, to, &addr);
	frame.ip.to_be = addr.s_addr;
	frame.tcp.from_be = htons(40000);
	frame.tcp.to_be = htons(port);
	if (protocol == SP_IPPROTO_TCP) {
		frame.tcp.data_offset = 0x50;
		frame.tcp.flags = SP_TCP_ACK;
	}
	return frame;
}

/* A quote of the pool's port, from a router on the way: no answer to anybody comes of it. */
static struct frame icmp_error(void)
{
	struct frame frame = frame_of(SP_IPPROTO_ICMP, RIG_BIND, 0);
	struct sp_ipv4 *quoted = (void *)(frame.bytes + 8);

	memset(frame.bytes, 0, sizeof(frame.bytes));
	frame.bytes[0] = SP_ICMP_UNREACHABLE;
	quoted->version_ihl = 0x45;
	quoted->protocol = SP_IPPROTO_TCP;
	quoted->from_be = frame.ip.to_be;
	quoted->to_be = frame.ip.from_be;
	*(sp_wire_be16 *)(frame.bytes + 28) = htons(FIRST_PORT);
	return frame;
}

/* Result: whether the filter on the rig's public interface holds the frame. */
static bool holds_frame(const void *frame, size_t bytes)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)bytes);
	int fd = hold_filter_find(if_nametoindex(RIG_PUBLIC));

	assert_true(fd >= 0);
	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	close(fd);
	assert_true((int)run.retval == TC_ACT_SHOT || (int)run.retval == TC_ACT_UNSPEC);
	return (int)run.retval == TC_ACT_SHOT;
}

/* The same of a segment over IPv6 to an address of documentation, on which nobody listens. */
static bool holds6(const char *to, uint16_t port)
{
	struct {
		struct sp_eth eth;
		struct sp_ipv6 ip;
		struct sp_tcp tcp;
	} frame = {.eth = {.to = {2}, .type_be = htons(SP_ETH_IPV6)}};

	*(uint8_t *)&frame.ip = 0x60;
	frame.ip.payload_length_be = htons(sizeof(frame.tcp));
	frame.ip.next_header = SP_IPPROTO_TCP;
	frame.ip.hop_limit = 64;
	inet_pton(AF_INET6, "2001:db8::2", frame.ip.from_be);
	inet_pton(AF_INET6, to, frame.ip.to_be);
	frame.tcp.from_be = htons(40000);
	frame.tcp.to_be = htons(port);
	frame.tcp.data_offset = 0x50;
	return holds_frame(&frame, sizeof(frame));
}

static bool holds(uint8_t protocol, const char *to, uint16_t port)
{
	struct frame frame = frame_of(protocol, to, port);

	return holds_frame(&frame, sizeof(frame));
}

static struct rig *begin(void **state, uint64_t until_ns)
{
	struct rig *rig = rig_of(state);
	char *reason = NULL;

	if (hold_begin(rig->config, until_ns, &reason))
		fail_msg("hold_begin: %s", reason ? reason : "-");
	return rig;
}

static uint64_t end(void)
{
	uint64_t held = 0;

	assert_int_equal(hold_end(&held), 0);
	assert_int_equal(hold_filter_find(if_nametoindex(RIG_PUBLIC)), -ENOENT);
	return held;
}

/* Result: 0 or the errno of a client's connect(). */
static int dial(const struct rig *rig, uint16_t port)
{
	const struct timeval patience = {.tv_sec = RIG_WAIT_MS / 1000};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int here_fd, fd, error;

	here_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(setns(rig->client_ns, CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(here_fd, CLONE_NEWNET), 0);
	close(here_fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	inet_pton(AF_INET, RIG_BIND, &to.sin_addr);
	error = connect(fd, (struct sockaddr *)&to, sizeof(to)) ? errno : 0;
	close(fd);
	return error;
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Also where a server of this host listens on all of its addresses, as sshd does. */
static void test_hold_when_to_an_address_of_a_prefix_then_held(void **state)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(22)};
	int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct config_public *address = &rig_of(state)->config->public.addresses[0];
	struct sp_prefix prefix;

	assert_int_equal(bind(server, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(addr_prefix_parse("2001:db8::/64", &prefix), 0);
	address->bind = prefix.addr;
	address->mask = prefix.mask;
	address->ports[0] = (struct config_range){1, UINT16_MAX};
	begin(state, boottime_now_ns() + FAR_NS);
	assert_true(holds6("2001:db8::9:7", 22));
	assert_true(holds6("2001:db8::9:8", 5901));
	assert_false(holds6("2001:db8:0:1::9", 22));
	assert_int_equal(end(), 2);
	close(server);
}

static void test_hold_when_to_a_public_port_and_nothing_else_then_held(void **state)
{
	const struct frame error = icmp_error(), other = {.eth = {.type_be = htons(0x0806)}};
	struct rig *rig = begin(state, boottime_now_ns() + FAR_NS);
	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT - 1));
	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, LAST_PORT + 1));
	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, 22));
	assert_false(holds(SP_IPPROTO_TCP, "192.0.2.77", FIRST_PORT));
	assert_false(holds_frame(&error, sizeof(error)));
	assert_false(holds_frame(&other, sizeof(other)));
	assert_true(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	assert_true(holds(SP_IPPROTO_TCP, RIG_BIND, LAST_PORT));
	assert_true(holds(SP_IPPROTO_UDP, RIG_BIND, FIRST_PORT));
	assert_int_equal(end(), 3);
	assert_int_equal(addr_parse("2001:db8::1", &rig->config->public.addresses[0].bind), 0);
	begin(state, boottime_now_ns() + FAR_NS);
	assert_true(holds6("2001:db8::1", FIRST_PORT));
	assert_false(holds6("2001:db8::1", FIRST_PORT - 1));
	assert_false(holds6("2001:db8::3", FIRST_PORT));
	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	assert_int_equal(end(), 1);
	assert_true(hold_total() >= 4);
}

/* The host's own services and connections, whatever their ports are. */
static void test_hold_when_a_socket_waits_for_it_then_left_alone(void **state)
{
	struct rig *rig = begin(state, boottime_now_ns() + FAR_NS);
	int fd = listen_at(FIRST_PORT);

	assert_int_equal(dial(rig, FIRST_PORT), 0);
	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	assert_true(holds(SP_IPPROTO_UDP, RIG_BIND, FIRST_PORT));
	close(fd);
	assert_true(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	end();
}

static void test_hold_when_its_time_is_over_then_the_host_answers(void **state)
{
	struct rig *rig = begin(state, boottime_now_ns());

	assert_false(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	assert_int_equal(dial(rig, FIRST_PORT), ECONNREFUSED);
	/* And once more: from now on. */
	begin(state, boottime_now_ns() + FAR_NS);
	assert_true(holds(SP_IPPROTO_TCP, RIG_BIND, FIRST_PORT));
	end();
	assert_int_equal(dial(rig, FIRST_PORT), ECONNREFUSED);
}

static void test_hold_when_over_then_only_what_is_others_is_left(void **state)
{
	struct rig *rig = begin(state, boottime_now_ns() + FAR_NS);
	uint32_t ifindex = if_nametoindex(RIG_PUBLIC);
	char *reason = NULL;

	end();
	assert_false(hold_filter_has_place(ifindex));
	/* Somebody made use of the place that we had made. */
	begin(state, boottime_now_ns() + FAR_NS);
	rig_run(rig->edge_ns,
		"tc filter add dev " RIG_PUBLIC " egress u32 match u32 0 0 classid 1:1");
	end();
	assert_true(hold_filter_has_place(ifindex));
	/* A place that was there before stays, empty as it may be. */
	rig_run(rig->edge_ns, "tc filter del dev " RIG_PUBLIC " egress");
	begin(state, boottime_now_ns() + FAR_NS);
	begin(state, boottime_now_ns() + FAR_NS);
	assert_int_equal(kernel_detach(rig->config, &reason), 0);
	assert_int_equal(hold_filter_find(ifindex), -ENOENT);
	assert_true(hold_filter_has_place(ifindex));
}

static void *add_late(void *context)
{
	const struct rig *rig = context;

	rig_run(rig->edge_ns, "ip link add late type veth peer name later");
	return NULL;
}

static void test_hold_when_there_is_no_interface_then_waited_for(void **state)
{
	struct rig *rig = rig_of(state);
	uint64_t now_ns = boottime_now_ns();
	char *reason = NULL;
	pthread_t thread;

	rig_configure(rig, "60000-60099", 1, "late", RIG_BUILDS);
	assert_int_equal(hold_begin(rig->config, now_ns + FAR_NS, &reason), -ENODEV);
	assert_int_equal(hold_wait_for("late", now_ns), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, add_late, rig), 0);
	assert_int_equal(hold_wait_for("late", now_ns + RIG_WAIT_MS * NS_PER_MS), 0);
	pthread_join(thread, NULL);
	assert_int_equal(hold_begin(rig->config, now_ns + FAR_NS, &reason), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, rig_make, rig_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_hold_when_to_a_public_port_and_nothing_else_then_held),
		CASE(test_hold_when_to_an_address_of_a_prefix_then_held),
		CASE(test_hold_when_a_socket_waits_for_it_then_left_alone),
		CASE(test_hold_when_its_time_is_over_then_the_host_answers),
		CASE(test_hold_when_over_then_only_what_is_others_is_left),
		CASE(test_hold_when_there_is_no_interface_then_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
