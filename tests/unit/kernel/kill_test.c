// SPDX-License-Identifier: BSD-3-Clause
/*
 * kill -9 of a starting, or detaching, process before each of its steps: each system call by which
 * it changes something of the kernel's. Whatever it leaves, the next one carries on; and once there
 * is a program, no packet of the lease or of the host is lost.
 */
#include "kernel/kernel.h"

#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/addr.h"
#include "rig.h"

#define CONFIGURATIONS 3
#define STRIDE	       3 /* where each step would take two whole starts, every third is killed at */
#define STEPS_MIN      30  /* fewer, and this test looks at the wrong system calls */
#define STEPS_MAX      500 /* more, and it would not end */

/* A map or program that has no name yet goes with its process: making it is no step. */
static bool changes_by_bpf(uint64_t command)
{
	switch (command) {
	case BPF_MAP_UPDATE_ELEM:
	case BPF_OBJ_PIN:
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
	case BPF_LINK_DETACH:
		return true;
	}
	return false;
}

/* Result: whether the tracee, stopped at a system call, is about to change something. */
static bool at_step(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	switch (info.entry.nr) {
	case SYS_bpf:
		return changes_by_bpf(info.entry.args[0]);
	case SYS_mkdir:
	case SYS_rename:
	case SYS_rmdir:
	case SYS_sendto:
	case SYS_unlink:
	case SYS_write:
		return true;
	}
	return false;
}

static pid_t fork_traced(const struct rig *rig, void (*work)(const struct rig *rig))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work(rig);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	return pid;
}

/* Runs work in a child, which is killed before its nth step (from 0). Result: whether it was. */
static bool kill_before(const struct rig *rig, void (*work)(const struct rig *rig),
			unsigned int nth)
{
	pid_t pid = fork_traced(rig, work);
	int status;

	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return false;
		}
		assert_true(WIFSTOPPED(status));
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && at_step(pid) && nth-- == 0)
			break;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

/* In the child, where cmocka's assertions would go astray. */
static void start(const struct rig *rig)
{
	struct kernel *kernel;
	char *reason = NULL;
	struct sp_addr vm;

	addr_parse(RIG_VM, &vm);
	if (kernel_start(rig->config, &rig->kept, &kernel, &reason))
		goto report;
	rig_publish(kernel_table(kernel));
	if (kernel_vm_add(kernel, &vm) || kernel_attach(kernel, &reason))
		goto report;
	_exit(0);
report:
	fprintf(stderr, "%s\n", reason ? reason : "-");
	_exit(1);
}

static void detach(const struct rig *rig)
{
	char *reason = NULL;

	if (!kernel_detach(rig->config, &reason))
		_exit(0);
	fprintf(stderr, "%s\n", reason ? reason : "-");
	_exit(1);
}

static void assert_nothing_left(const struct rig *rig)
{
	assert_int_equal(rig_leftovers(rig), 0);
	rig_run(rig->edge_ns, "test \"$(cat /proc/sys/net/ipv4/conf/lo/forwarding)\" = 0");
	rig_run(rig->edge_ns, "test -z \"$(ip neigh show proto 83)\"");
}

/* Result: where to begin striding: elsewhere in each run, so that in time all are met. */
static unsigned int first_step(void)
{
	const char *given = getenv("SALLYPORT_TEST_STEP");
	unsigned int first =
		given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)getpid() % STRIDE;

	print_message("# SALLYPORT_TEST_STEP=%u\n", first);
	return first;
}

/* Two sizes of the table, and one of another number of workers: each start replaces it. */
static void test_replacing_when_killed_at_any_step_then_no_packet_is_lost(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	unsigned int nth = 0;
	struct flow flow;
	bool killed;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	kernel_stop(kernel);
	flow_start(rig, &flow);
	do {
		unsigned int which = (nth + 1) % CONFIGURATIONS;

		rig_configure(rig, which % 2 ? "60000-60999" : "60000-60099", 1 + which / 2,
			      RIG_PUBLIC, RIG_BUILDS);
		killed = kill_before(rig, start, nth++);
	} while (killed && nth < STEPS_MAX);
	flow_stop(&flow);
	print_message("# %u steps\n", nth - 1);
	assert_true(nth > STEPS_MIN);
	assert_false(killed);
	assert_false(pins_exist(rig->bpf_dir, PINS_NEXT));
}

static void test_adopting_when_killed_at_any_step_then_no_packet_is_lost(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t prog_id = rig_prog_id(RIG_PUBLIC);
	unsigned int nth = 0;
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	kernel_stop(kernel);
	flow_start(rig, &flow);
	while (kill_before(rig, start, nth++) && nth < STEPS_MAX)
		assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
	flow_stop(&flow);
	assert_true(nth < STEPS_MAX);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
}

static void test_first_start_when_killed_at_any_step_then_next_one_carries(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned int nth = first_step();
	struct kernel *kernel;

	for (; kill_before(rig, start, nth) && nth < STEPS_MAX; nth += STRIDE) {
		kernel = rig_start(rig);
		rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
		assert_true(flow_passes(rig, 1000));
		kernel_stop(kernel);
		assert_int_equal(kernel_detach(rig->config, NULL), 0);
		assert_nothing_left(rig);
	}
	assert_true(nth > STEPS_MIN && nth < STEPS_MAX);
}

static void test_first_start_when_killed_at_any_step_then_detach_cleans_up(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned int nth = 0;

	while (kill_before(rig, start, nth++) && nth < STEPS_MAX) {
		assert_int_equal(kernel_detach(rig->config, NULL), 0);
		assert_nothing_left(rig);
	}
	assert_true(nth > STEPS_MIN && nth < STEPS_MAX);
}

static void test_detach_when_killed_at_any_step_then_next_one_finishes(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned int nth = first_step();

	kernel_stop(rig_start(rig));
	for (; kill_before(rig, detach, nth) && nth < STEPS_MAX; nth += STRIDE) {
		/* Both a start and another detach go on from there. */
		if (nth % 2)
			kernel_stop(rig_start(rig));
		assert_int_equal(kernel_detach(rig->config, NULL), 0);
		assert_nothing_left(rig);
		kernel_stop(rig_start(rig));
	}
	assert_true(nth > 10 && nth < STEPS_MAX);
	assert_nothing_left(rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_replacing_when_killed_at_any_step_then_no_packet_is_lost),
		TEST(test_adopting_when_killed_at_any_step_then_no_packet_is_lost),
		TEST(test_first_start_when_killed_at_any_step_then_next_one_carries),
		TEST(test_first_start_when_killed_at_any_step_then_detach_cleans_up),
		TEST(test_detach_when_killed_at_any_step_then_next_one_finishes),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
