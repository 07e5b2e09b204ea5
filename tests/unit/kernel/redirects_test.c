/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that only redirects, and each way in which the other interface does not take that. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"
#include "kernel/mirror.h"
#include "kernel/redirects.h"
#include "rig.h"

#define FRAMES	    7
#define FRAME_BYTES 1400

struct wires {
	struct rig *rig;
	struct redirects *redirects;
	uint64_t now_ns; /* of the looks, a second apart */
};

/* public redirects all of its frames to an interface. */
static void redirect_to(const struct rig *rig, const char *target)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = BPF_REG_1,
		 .imm = (int)if_nametoindex(target)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "redirect", "GPL", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	assert_true(fd >= 0);
	assert_int_equal(
		bpf_xdp_attach((int)if_nametoindex(RIG_PUBLIC), fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	close(fd);
}

static void follow(struct redirects *redirects, const char *target)
{
	static struct mirror_interface ours[2] = {{.name = RIG_PUBLIC}, {.name = RIG_BUILDS}};

	ours[0].ifindex = if_nametoindex(RIG_PUBLIC);
	ours[1].ifindex = if_nametoindex(target);
	kernel_redirects_follow(redirects, ours);
}

static struct wires begin(void **state, const char *target)
{
	struct wires wires = {.rig = rig_of(state), .now_ns = boottime_now_ns()};
	char *reason = NULL;

	/* Its reports of groups would count, too. */
	rig_run(wires.rig->client_ns, "echo 1 >/proc/sys/net/ipv6/conf/client/disable_ipv6");
	redirect_to(wires.rig, target);
	if (kernel_redirects_open(&wires.redirects, &reason))
		fail_msg("kernel_redirects_open: %s", reason);
	follow(wires.redirects, target);
	return wires;
}

/* The client's end of public sends so many. */
static void send_frames(const struct rig *rig, unsigned int nr)
{
	int here_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = ETH_ALEN};
	char frame[FRAME_BYTES] = {2};

	assert_int_equal(setns(rig->client_ns, CLONE_NEWNET), 0);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = (int)if_nametoindex("client");
	frame[12] = 0x08;
	while (nr--)
		assert_int_equal(
			sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
			sizeof(frame));
	close(fd);
	assert_int_equal(setns(here_fd, CLONE_NEWNET), 0);
	close(here_fd);
}

static uint64_t total(const struct kernel_redirects *seen)
{
	uint64_t nr = 0;

	for (unsigned int i = 0; i < 2 * SP_REDIRECT_LOSSES_NR; i++)
		nr += (&seen->lost[0][0])[i];
	return nr;
}

/* Result: what is said of it, once as many are lost as were sent; "" if nothing is. */
static const char *look_until(struct wires *wires, uint64_t wanted)
{
	static char what[KERNEL_SENTENCE_SIZE];
	uint64_t until_ns = boottime_now_ns() + RIG_WAIT_MS * NS_PER_MS;
	struct kernel_redirects seen;

	*what = '\0';
	do {
		wires->now_ns += NS_PER_S;
		kernel_redirects_look(wires->redirects, wires->now_ns, what);
		seen = kernel_redirects_seen(wires->redirects);
		assert_true(boottime_now_ns() < until_ns);
		poll(NULL, 0, 1);
	} while (total(&seen) < wanted);
	assert_int_equal(total(&seen), wanted);
	return what;
}

static void assert_lost(struct wires *wires, enum sp_redirect_loss loss, const char *says)
{
	const char *what;
	struct kernel_redirects seen;

	send_frames(wires->rig, FRAMES);
	what = look_until(wires, FRAMES);
	seen = kernel_redirects_seen(wires->redirects);
	assert_int_equal(seen.lost[1][loss], FRAMES);
	assert_non_null(strstr(what, RIG_BUILDS " did not take "));
	assert_non_null(strstr(what, says));
	kernel_redirects_close(wires->redirects);
}

static void test_redirects_when_taken_then_nothing_is_counted(void **state)
{
	struct wires wires = begin(state, RIG_BUILDS);

	send_frames(wires.rig, FRAMES);
	rig_run(wires.rig->vm_ns,
		"timeout 10 sh -c 'until [ $(grep vm: /proc/net/dev | tr -s \" \" | cut -d\" \" "
		"-f4) -ge %d ]; do :; done'",
		FRAMES);
	rig_run(wires.rig->vm_ns, "ethtool -K vm gro off >/dev/null");
	send_frames(wires.rig, 1);
	assert_string_not_equal(look_until(&wires, 1), "");
	kernel_redirects_close(wires.redirects);
}

static void test_redirects_when_the_peer_is_deaf_then_it_is_told(void **state)
{
	struct wires wires = begin(state, RIG_BUILDS);

	rig_run(wires.rig->vm_ns, "ethtool -K vm gro off >/dev/null");
	assert_lost(&wires, SP_REDIRECT_UNABLE, "peer has GRO");
}

static void test_redirects_when_the_interface_is_down_then_it_is_told(void **state)
{
	struct wires wires = begin(state, RIG_BUILDS);

	rig_run(wires.rig->edge_ns, "ip link set " RIG_BUILDS " down");
	assert_lost(&wires, SP_REDIRECT_DOWN, ": it is down");
}

static void test_redirects_when_frames_are_too_long_then_it_is_told(void **state)
{
	struct wires wires = begin(state, RIG_BUILDS);

	rig_run(wires.rig->edge_ns, "ip link set " RIG_BUILDS " mtu 1280");
	assert_lost(&wires, SP_REDIRECT_TOO_LONG, "longer than its MTU");
}

static void test_redirects_when_to_a_bridge_then_it_is_told(void **state)
{
	struct rig *rig = rig_of(state);
	struct wires wires;

	rig_run(rig->edge_ns, "ip link add bridge type bridge && ip link set bridge up");
	wires = begin(state, "bridge");
	assert_lost(&wires, SP_REDIRECT_UNABLE, "a bridge");
}

/* Another's interface, and one of another namespace that has the same index. */
static void test_redirects_when_not_ours_then_not_counted(void **state)
{
	const struct mirror_interface others[2] = {{.ifindex = 1}, {.ifindex = 1}};
	struct wires wires = begin(state, RIG_BUILDS), other = wires;
	char *reason = NULL;

	kernel_redirects_follow(wires.redirects, others);
	assert_int_equal(setns(wires.rig->vm_ns, CLONE_NEWNET), 0);
	assert_int_equal(kernel_redirects_open(&other.redirects, &reason), 0);
	assert_int_equal(setns(wires.rig->edge_ns, CLONE_NEWNET), 0);
	follow(other.redirects, RIG_BUILDS);
	rig_run(wires.rig->edge_ns, "ip link set " RIG_BUILDS " down");
	send_frames(wires.rig, FRAMES);
	follow(wires.redirects, RIG_BUILDS);
	send_frames(wires.rig, 1);
	look_until(&wires, 1);
	assert_string_equal(look_until(&other, 0), "");
	kernel_redirects_close(wires.redirects);
	kernel_redirects_close(other.redirects);
}

static void test_redirects_when_it_goes_on_then_told_once_and_described(void **state)
{
	struct wires wires = begin(state, RIG_BUILDS);
	char what[2][KERNEL_SENTENCE_SIZE];

	rig_run(wires.rig->edge_ns, "ip link set " RIG_BUILDS " down");
	send_frames(wires.rig, 1);
	assert_string_not_equal(look_until(&wires, 1), "");
	send_frames(wires.rig, 1);
	assert_string_equal(look_until(&wires, 2), "");
	assert_int_equal(kernel_redirects_warn(wires.redirects, wires.now_ns, what, 2), 1);
	assert_string_equal(what[0], RIG_BUILDS " did not take 2 frames that the XDP program sent "
						"on: it is down");
	assert_int_equal(kernel_redirects_warn(wires.redirects, wires.now_ns, what, 0), 0);
	wires.now_ns += 61 * NS_PER_S;
	assert_int_equal(kernel_redirects_warn(wires.redirects, wires.now_ns, what, 2), 0);
	send_frames(wires.rig, 1);
	assert_string_not_equal(look_until(&wires, 3), "");
	kernel_redirects_close(wires.redirects);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, rig_make, rig_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_redirects_when_taken_then_nothing_is_counted),
		CASE(test_redirects_when_the_peer_is_deaf_then_it_is_told),
		CASE(test_redirects_when_the_interface_is_down_then_it_is_told),
		CASE(test_redirects_when_frames_are_too_long_then_it_is_told),
		CASE(test_redirects_when_to_a_bridge_then_it_is_told),
		CASE(test_redirects_when_not_ours_then_not_counted),
		CASE(test_redirects_when_it_goes_on_then_told_once_and_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
