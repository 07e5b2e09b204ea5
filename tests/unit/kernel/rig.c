// SPDX-License-Identifier: BSD-3-Clause
#include "rig.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/table_map.h"

#define BPFFS	   "/sys/fs/bpf"
#define FOREVER_NS (1ULL << 62)

const char *rig_missing(void)
{
	struct statfs fs;

	if (geteuid() != 0)
		return "needs root";
	if (statfs(BPFFS, &fs) || (unsigned long)fs.f_type != BPF_FS_MAGIC)
		return "needs a BPF file system: mount -t bpf bpf " BPFFS;
	return NULL;
}

static int new_ns(void)
{
	if (unshare(CLONE_NEWNET))
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void run(const char *format, va_list arguments)
{
	char *command;

	assert_true(vasprintf(&command, format, arguments) >= 0);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
	free(command);
}

void rig_run(int ns_fd, const char *format, ...)
{
	int here_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	va_list arguments;

	assert_int_equal(setns(ns_fd, CLONE_NEWNET), 0);
	va_start(arguments, format);
	run(format, arguments);
	va_end(arguments);
	assert_int_equal(setns(here_fd, CLONE_NEWNET), 0);
	close(here_fd);
}

/* One veth: its end here, with an address, and its peer in another namespace. */
static void wire(const struct rig *rig, const char *name, const char *address, int peer_ns,
		 const char *peer, const char *peer_address)
{
	rig_run(rig->edge_ns, "ip link add %s type veth peer name %s", name, peer);
	rig_run(rig->edge_ns, "ip link set %s netns /proc/%d/fd/%d", peer, getpid(), peer_ns);
	rig_run(rig->edge_ns, "ip address add %s dev %s && ip link set %s up", address, name, name);
	rig_run(peer_ns, "ip address add %s dev %s && ip link set %s up", peer_address, peer, peer);
	/* The peer's checksums are whole, and its NAPI, once up, takes what XDP redirects. */
	rig_run(peer_ns, "ethtool -K %s tx off gro on >/dev/null", peer);
}

void rig_wire(const struct rig *rig)
{
	wire(rig, RIG_PUBLIC, RIG_BIND "/24", rig->client_ns, "client", RIG_CLIENT "/24");
	wire(rig, RIG_BUILDS, "10.0.0.1/16", rig->vm_ns, "vm", RIG_VM "/16");
	rig_run(rig->vm_ns, "ip route add default via 10.0.0.1");
}

void rig_configure(struct rig *rig, const char *ports, unsigned int workers,
		   const char *public_interface, const char *builds_interface)
{
	struct config_errors errors = {0};
	char text[2048];

	snprintf(text, sizeof(text),
		 "edge: { name = \"rig\"; state_dir = \"%s/state\"; run_dir = \"%s\";"
		 " bpf_dir = \"%s\"; };\n"
		 "public: { interface = \"%s\"; addresses = ( { bind = \"" RIG_BIND "\";"
		 " advertise = \"" RIG_BIND "\"; ports = [ \"%s\" ]; } ); };\n"
		 "builds: { interface = \"%s\"; networks = [ \"10.0.0.0/16\" ]; };\n"
		 "dataplane: { engine = \"xdp\"; workers = %u; };\n"
		 "api: { socket = \"%s/api.sock\"; };\n",
		 rig->dir, rig->dir, rig->bpf_dir, public_interface, ports, builds_interface,
		 workers, rig->dir);
	config_free(rig->config);
	rig->config = NULL;
	if (config_load_text("rig", text, strlen(text), &rig->config, &errors)) {
		config_errors_print(&errors, stderr);
		fail_msg("the rig's config is wrong");
	}
	config_errors_free(&errors);
}

int rig_make(void **state)
{
	struct rig *rig;

	*state = NULL;
	if (rig_missing())
		return 0;
	rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	rig->client_ns = new_ns();
	rig->vm_ns = new_ns();
	rig->edge_ns = new_ns();
	assert_true(rig->client_ns >= 0 && rig->vm_ns >= 0 && rig->edge_ns >= 0);
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/sptest-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	claim_sweep();
	assert_int_equal(claim_make(&rig->claim), 0);
	snprintf(rig->bpf_dir, sizeof(rig->bpf_dir), "%s/edge", rig->claim.dir);
	rig_run(rig->edge_ns, "ip link set lo up");
	rig_wire(rig);
	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, RIG_BUILDS);
	*state = rig;
	return 0;
}

int rig_remove(void **state)
{
	struct rig *rig = *state;
	char *reason = NULL;

	if (!rig)
		return 0;
	kernel_detach(rig->config, &reason);
	free(reason);
	rig_run(rig->edge_ns, "rm -rf %s", rig->dir);
	claim_remove(&rig->claim);
	close(rig->client_ns);
	close(rig->vm_ns);
	close(rig->edge_ns);
	config_free(rig->config);
	free(rig);
	return 0;
}

struct rig *rig_of(void **state)
{
	if (!*state) {
		print_message("# skipped: %s\n", rig_missing());
		skip();
	}
	return *state;
}

void rig_publish(struct table_map *table)
{
	struct sp_slot *slot = &table->leases[sp_slot_index(0, RIG_PUBLIC_PORT)];

	if (slot->state == SP_SLOT_LIVE)
		return;
	*slot = (struct sp_slot){
		.generation = 1,
		.deadline_ns = FOREVER_NS,
		.vm_port_be = htons(RIG_VM_PORT),
		.public_port_be = htons(RIG_PUBLIC_PORT),
		.family = 4,
		.protocol_mask = SP_PROTOCOL_UDP,
	};
	assert_int_equal(addr_parse(RIG_VM, &slot->vm_addr), 0);
	assert_int_equal(addr_parse(RIG_BIND, &slot->public_addr), 0);
	__atomic_store_n(&slot->state, SP_SLOT_LIVE, __ATOMIC_RELEASE);
}

struct kernel *rig_prepare(const struct rig *rig)
{
	struct kernel *kernel = NULL;
	char *reason = NULL;
	struct sp_addr vm;

	if (kernel_start(rig->config, &rig->kept, &kernel, &reason))
		fail_msg("kernel_start: %s", reason ? reason : "-");
	rig_publish(kernel_table(kernel));
	assert_int_equal(addr_parse(RIG_VM, &vm), 0);
	assert_int_equal(kernel_vm_add(kernel, &vm), 0);
	return kernel;
}

struct kernel *rig_start(const struct rig *rig)
{
	struct kernel *kernel = rig_prepare(rig);
	char *reason = NULL;

	if (kernel_attach(kernel, &reason))
		fail_msg("kernel_attach: %s", reason ? reason : "-");
	return kernel;
}

void rig_wait(struct kernel *kernel, bool (*holds)(struct kernel *kernel, const void *context),
	      const void *context)
{
	uint64_t until_ns = boottime_now_ns() + RIG_WAIT_MS * 1000000ULL;

	for (;;) {
		struct pollfd ready = {.fd = kernel_netlink_fd(kernel), .events = POLLIN};
		uint64_t next_ns = kernel_expire(kernel, boottime_now_ns()), now_ns;

		assert_int_equal(kernel_netlink_dispatch(kernel), 0);
		if (holds(kernel, context))
			return;
		now_ns = boottime_now_ns();
		if (now_ns > until_ns)
			fail_msg("nothing happened for %d ms", RIG_WAIT_MS);
		if (next_ns > until_ns)
			next_ns = until_ns;
		poll(&ready, 1, next_ns > now_ns ? (int)((next_ns - now_ns) / 1000000 + 1) : 0);
	}
}

struct awaited {
	struct sp_addr addr;
	enum kernel_vm_state state;
};

static bool has_state(struct kernel *kernel, const void *context)
{
	const struct awaited *awaited = context;

	return kernel_vm(kernel, &awaited->addr).state == awaited->state;
}

void rig_wait_vm(struct kernel *kernel, const char *addr, enum kernel_vm_state state)
{
	struct awaited awaited = {.state = state};

	assert_int_equal(addr_parse(addr, &awaited.addr), 0);
	rig_wait(kernel, has_state, &awaited);
}

static int udp_socket(int ns_fd, const char *bind_to, uint16_t port, const char *connect_to,
		      uint16_t to_port)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(to_port)};
	const struct timeval patience = {.tv_sec = 10}; /* a busy machine is no loss */
	int here_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	assert_int_equal(setns(ns_fd, CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(here_fd, CLONE_NEWNET), 0);
	close(here_fd);
	inet_pton(AF_INET, bind_to, &local.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect_to) {
		inet_pton(AF_INET, connect_to, &remote.sin_addr);
		assert_int_equal(connect(fd, (struct sockaddr *)&remote, sizeof(remote)), 0);
	}
	return fd;
}

/* Result: whether that number arrives; what comes late of others is passed over. */
static bool exchange(int from_fd, int to_fd, uint64_t number)
{
	uint64_t got = 0;
	ssize_t bytes;

	if (send(from_fd, &number, sizeof(number), 0) != sizeof(number))
		return false;
	/* With a time limit a call may end early for what the kernel has to do in this thread. */
	do {
		bytes = recv(to_fd, &got, sizeof(got), 0);
		if (bytes == sizeof(got) && got == number)
			return true;
	} while (bytes == sizeof(got) || (bytes < 0 && errno == EINTR));
	return false;
}

static void *flow_main(void *context)
{
	struct flow *flow = context;

	while (!__atomic_load_n(&flow->stop, __ATOMIC_RELAXED)) {
		flow->lost += !exchange(flow->client_fd, flow->vm_fd, flow->rounds);
		flow->lost_host += !exchange(flow->visitor_fd, flow->host_fd, flow->rounds);
		flow->rounds++;
	}
	return NULL;
}

static void open_sockets(const struct rig *rig, struct flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	flow->client_fd = udp_socket(rig->client_ns, RIG_CLIENT, 0, RIG_BIND, RIG_PUBLIC_PORT);
	flow->vm_fd = udp_socket(rig->vm_ns, RIG_VM, RIG_VM_PORT, NULL, 0);
	flow->visitor_fd = udp_socket(rig->client_ns, RIG_CLIENT, 0, RIG_BIND, RIG_HOST_PORT);
	flow->host_fd = udp_socket(rig->edge_ns, RIG_BIND, RIG_HOST_PORT, NULL, 0);
}

static void close_sockets(struct flow *flow)
{
	close(flow->client_fd);
	close(flow->vm_fd);
	close(flow->visitor_fd);
	close(flow->host_fd);
}

void flow_start(const struct rig *rig, struct flow *flow)
{
	open_sockets(rig, flow);
	assert_int_equal(pthread_create(&flow->thread, NULL, flow_main, flow), 0);
}

void flow_stop(struct flow *flow)
{
	__atomic_store_n(&flow->stop, true, __ATOMIC_RELAXED);
	pthread_join(flow->thread, NULL);
	close_sockets(flow);
	print_message("# %llu packets each way, lost: %llu of the lease, %llu of the host\n",
		      (unsigned long long)flow->rounds, (unsigned long long)flow->lost,
		      (unsigned long long)flow->lost_host);
	assert_true(flow->rounds > 10);
	assert_int_equal(flow->lost, 0);
	assert_int_equal(flow->lost_host, 0);
}

bool flow_passes(const struct rig *rig, int ms)
{
	const struct timeval patience = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	struct flow flow;
	bool passes;

	open_sockets(rig, &flow);
	setsockopt(flow.vm_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	passes = exchange(flow.client_fd, flow.vm_fd, boottime_now_ns());
	close_sockets(&flow);
	return passes;
}

uint32_t rig_prog_id(const char *interface)
{
	__u32 id = 0;

	assert_int_equal(bpf_xdp_query_id((int)if_nametoindex(interface), 0, &id), 0);
	return id;
}

unsigned int rig_leftovers(const struct rig *rig)
{
	return (access(rig->bpf_dir, F_OK) == 0) + (rig_prog_id(RIG_PUBLIC) != 0) +
	       (rig_prog_id(RIG_BUILDS) != 0);
}
