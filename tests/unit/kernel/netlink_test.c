// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/netlink/links.h"

static void count(const struct netlink_addr *addr, void *context)
{
	++*(unsigned int *)context;
}

static int dump(struct netlink *netlink, unsigned int *ret_nr)
{
	const struct netlink_listener listener = {.addr = count, .context = ret_nr};

	*ret_nr = 0;
	return netlink_dump(netlink, NETLINK_ADDRS, &listener);
}

static bool is_netlink(int fd)
{
	int domain = 0;
	socklen_t bytes = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_NETLINK;
}

/* Puts a socket that answers nothing in the place of one. */
static void spoil(int fd)
{
	int pair[2];

	assert_true(is_netlink(fd));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	assert_int_equal(dup3(pair[0], fd, O_CLOEXEC), fd);
	close(pair[0]);
	close(pair[1]);
}

/* Result: the descriptor of the other socket, that for requests. */
static int requests_fd(const struct netlink *netlink)
{
	for (int fd = 3; fd < 64; fd++)
		if (is_netlink(fd) && fd != netlink_fd(netlink))
			return fd;
	return -1;
}

static void test_dump_when_the_last_one_broke_off_then_answered(void **state)
{
	unsigned int before, after;
	struct netlink *netlink;

	assert_int_equal(netlink_open(&netlink), 0);
	assert_int_equal(dump(netlink, &before), 0);
	for (unsigned int i = 0; i < 3; i++) {
		spoil(requests_fd(netlink));
		assert_true(dump(netlink, &after) < 0);
		assert_int_equal(dump(netlink, &after), 0);
		assert_int_equal(after, before);
	}
	netlink_close(netlink);
}

/* What had been asked is still on its way: it is not taken for the answer to what is asked next. */
static void test_dump_when_the_last_one_was_left_then_answered(void **state)
{
	unsigned int before, after;
	struct netlink *netlink;
	int few = 1;

	assert_int_equal(netlink_open(&netlink), 0);
	assert_int_equal(dump(netlink, &before), 0);
	assert_int_equal(setsockopt(requests_fd(netlink), SOL_SOCKET, SO_RCVBUF, &few, sizeof(few)),
			 0);
	dump(netlink, &after);
	dump(netlink, &after);
	assert_int_equal(dump(netlink, &after), 0);
	assert_int_equal(after, before);
	netlink_close(netlink);
}

static void test_reopen_when_changes_failed_then_another_descriptor(void **state)
{
	const struct netlink_listener listener = {0};
	struct netlink *netlink;
	unsigned int nr;
	int fd;

	assert_int_equal(netlink_open(&netlink), 0);
	fd = netlink_fd(netlink);
	spoil(fd);
	assert_int_equal(netlink_reopen(netlink), 0);
	assert_int_not_equal(netlink_fd(netlink), fd);
	assert_int_equal(netlink_receive(netlink, &listener), 0);
	assert_int_equal(dump(netlink, &nr), 0);
	netlink_close(netlink);
}

static void test_links_vlan_when_on_that_trunk_then_found(void **state)
{
	static struct links_link link[] = {
		{.ifindex = 2, .name = "eth0"},
		{.ifindex = 3, .lower = 9, .vlan = 100, .name = "eth9.100"},
		{.ifindex = 4, .lower = 2, .lower_elsewhere = true, .vlan = 100},
		{.ifindex = 5, .lower = 2, .vlan = 101, .name = "eth0.101"},
		{.ifindex = 6, .lower = 2, .vlan = 100, .name = "eth0.100"},
	};
	const struct links links = {.link = link, .nr = sizeof(link) / sizeof(link[0])};

	assert_ptr_equal(netlink_links_vlan(&links, 2, 100), &link[4]);
	assert_null(netlink_links_vlan(&links, 2, 102));
	assert_null(netlink_links_vlan(&links, 3, 100));
	/* The loopback is a trunk of none. */
	assert_int_equal(netlink_links_hop(1, 0), 1);
	assert_int_equal(netlink_links_hop(1, 100), 1);
}

static void test_is_below_when_vlan_on_bond_then_its_ports(void **state)
{
	struct links_link all[] = {
		{.ifindex = 2, .master = 4, .name = "nic0"},
		{.ifindex = 3, .master = 4, .name = "nic1"},
		{.ifindex = 4, .kind = "bond", .name = "bond0"},
		{.ifindex = 5, .lower = 4, .kind = "vlan", .vlan = 100, .name = "bond0.100"},
		{.ifindex = 6, .lower = 2, .lower_elsewhere = true, .kind = "macvlan"},
		{.ifindex = 7, .kind = "veth", .lower = 2, .name = "veth0"},
	};
	struct links links = {.link = all, .nr = sizeof(all) / sizeof(all[0])};

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_true(netlink_links_is_below(&links, &all[i], &all[3]));
	assert_true(netlink_links_is_below(&links, &all[0], &all[2]));
	assert_false(netlink_links_is_below(&links, &all[3], &all[2]));
	assert_false(netlink_links_is_below(&links, &all[4], &all[3]));
	assert_false(netlink_links_is_below(&links, &all[0], &all[4]));
	assert_false(netlink_links_is_below(&links, &all[0], &all[5]));
	/* What a device of another namespace says of itself may run in a circle. */
	all[0].master = 5;
	all[3].master = 2;
	assert_false(netlink_links_is_below(&links, &all[5], &all[3]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_below_when_vlan_on_bond_then_its_ports),
		cmocka_unit_test(test_dump_when_the_last_one_broke_off_then_answered),
		cmocka_unit_test(test_dump_when_the_last_one_was_left_then_answered),
		cmocka_unit_test(test_links_vlan_when_on_that_trunk_then_found),
		cmocka_unit_test(test_reopen_when_changes_failed_then_another_descriptor),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
