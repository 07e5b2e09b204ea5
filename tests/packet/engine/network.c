// SPDX-License-Identifier: BSD-3-Clause
#include "engine/network.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

static const char links[] =
	"link set lo up\n"
	"link add public address 02:00:00:00:0a:01 type veth peer name outside\n"
	"link add builds address 02:00:00:00:0a:02 type veth peer name inside\n"
	"link set outside up\n"
	"link set inside up\n"
	"link set public up\n"
	"link set builds up\n"
	"addr add 192.0.2.1/24 dev public\n"
	"addr add 2001:db8:2::1/64 dev public nodad\n"
	"addr add 10.0.0.1/16 dev builds\n"
	"addr add 2001:db8:b::1/64 dev builds nodad\n"
	"neigh add 192.0.2.254 lladdr 02:00:00:00:0b:01 dev public nud permanent\n"
	"neigh add 2001:db8:2::fe lladdr 02:00:00:00:0b:01 dev public nud permanent\n"
	"route add default via 192.0.2.254\n"
	"route add default via 2001:db8:2::fe dev public\n";

int network_ip(const char *lines)
{
	FILE *ip = popen("ip -batch -", "w");

	if (!ip)
		return -EIO;
	fputs(lines, ip);
	return pclose(ip) == 0 ? 0 : -EIO;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -errno : 0;
}

/* As on a host in use: the two interfaces route nothing. */
static int set_forwarding(void)
{
	static const char *const offs[] = {
		"/proc/sys/net/ipv4/conf/all/forwarding",
		"/proc/sys/net/ipv4/conf/public/forwarding",
		"/proc/sys/net/ipv4/conf/builds/forwarding",
	};
	int r = write_file("/proc/sys/net/ipv6/conf/lo/forwarding", "1");

	for (unsigned int i = 0; i < sizeof(offs) / sizeof(offs[0]) && !r; i++)
		r = write_file(offs[i], "0");
	return r ? r : write_file("/proc/sys/net/ipv4/conf/lo/forwarding", "1");
}

static int add_vms(void)
{
	static char lines[(NETWORK_VM_LAST + 1) * 160];
	size_t at = 0;

	for (int vm = NETWORK_VM_FIRST; vm <= NETWORK_VM_LAST; vm++)
		at += snprintf(lines + at, sizeof(lines) - at,
			       "neigh add 10.0.3.%d lladdr 02:00:00:00:0c:%02x dev builds\n"
			       "neigh add 2001:db8:b::%d lladdr 02:00:00:00:0d:%d dev builds\n",
			       vm, vm, vm, vm);
	return network_ip(lines);
}

/* A veth's queues are known to BPF_PROG_TEST_RUN only while a program is attached. */
static int attach_pass(struct network *network)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int r;

	network->pass_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, NULL);
	if (network->pass_fd < 0)
		return -errno;
	r = bpf_xdp_attach(network->public_ifindex, network->pass_fd, 0, NULL);
	return r ? r : bpf_xdp_attach(network->builds_ifindex, network->pass_fd, 0, NULL);
}

int network_enter(struct network *ret)
{
	struct network network;
	int r;

	if (unshare(CLONE_NEWNET))
		return -errno;
	r = network_ip(links);
	if (!r)
		r = set_forwarding();
	if (!r)
		r = add_vms();
	if (r)
		return r;
	network.public_ifindex = if_nametoindex("public");
	network.builds_ifindex = if_nametoindex("builds");
	r = attach_pass(&network);
	if (!r)
		*ret = network;
	return r;
}
