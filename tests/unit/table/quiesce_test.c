/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/quiesce.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"
#include "host/table_map.h"
#include "world.h"

struct desk {
	struct world world;
	struct quiescer *quiescer;
	struct sp_worker *worker;
};

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	world_init(&desk->world, 1);
	world_make_table(&desk->world);
	desk->worker = &desk->world.table->workers[0];
	*desk->worker = (struct sp_worker){
		.rounds = 7,
		.active = 1,
		.pid = (__u32)getpid(),
		.started_ns = boottime_now_ns(),
	};
	assert_int_equal(table_quiesce_new(desk->world.table, &desk->quiescer), 0);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	table_quiesce_free(desk->quiescer);
	table_map_free(desk->world.table);
	free(desk);
	return 0;
}

/* Polls until it is no longer for the kernel's sake that it is not done. */
static int poll_until(struct desk *desk, struct quiesce *quiesce)
{
	uint64_t limit_ns = boottime_now_ns() + 5 * NS_PER_S;
	int result;

	do
		result = table_quiesce_poll(desk->quiescer, quiesce, quiesce->begun_ns);
	while (result == -EAGAIN && quiesce->nr_waiting == 0 && boottime_now_ns() < limit_ns);
	return result;
}

static void test_poll_when_worker_has_moved_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	assert_int_equal(quiesce.nr_waiting, 1);
	desk->worker->rounds++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_rests_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	desk->worker->active = 0;
	assert_int_equal(poll_until(desk, &quiesce), 0);
	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(quiesce.nr_waiting, 0);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

/* It has passed, but what lies in its sockets is still to be judged. */
static void test_drain_when_worker_rests_then_its_rounds_are_waited_for(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	desk->worker->active = 0;
	table_quiesce_drain(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	assert_int_equal(quiesce.nr_waiting, 1);
	desk->worker->rounds += SP_DRAIN_ROUNDS - 1;
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	desk->worker->rounds++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

/* What was steered until the kernel answers is in a socket only then. */
static void test_drain_when_rounds_were_begun_before_the_answer_then_they_do_not_count(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_drain(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_false(quiesce.listed);
	desk->worker->rounds += 2 * SP_DRAIN_ROUNDS;
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	assert_int_equal(quiesce.nr_waiting, 1);
}

static void test_drain_when_worker_is_another_or_none_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_drain(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	desk->worker->started_ns++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
	desk->worker->pid = 0;
	table_quiesce_drain(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_is_stuck_then_named_after_the_limit(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_begin(desk->quiescer, 1000, &quiesce);
	assert_int_equal(table_quiesce_poll(desk->quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS - 1),
			 -EAGAIN);
	assert_int_equal(table_quiesce_poll(desk->quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS),
			 -ETIMEDOUT);
	assert_int_equal(quiesce.nr_waiting, 1);
	assert_int_equal(quiesce.worker[0].index, 0);
}

static void test_poll_when_process_is_gone_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	desk->worker->pid = (__u32)pid;
	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

/* A child holds the lock, as sallyport-dp does in a PID namespace of its own: its pid is nobody's
 * here.
 */
static pid_t hold_lock(const char *path, pid_t known_as)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%d\n", (int)known_as) > 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	return pid;
}

static void test_poll_when_lock_is_held_then_process_is_not_gone(void **state)
{
	char path[] = "/tmp/quiesce_test.XXXXXX";
	struct desk *desk = *state;
	struct quiesce quiesce;
	pid_t nobody = fork(), holder;
	int fd = mkstemp(path);

	if (nobody == 0)
		_exit(0);
	assert_int_equal(waitpid(nobody, NULL, 0), nobody);
	close(fd);
	holder = hold_lock(path, nobody);
	desk->worker->pid = (__u32)nobody;
	table_quiesce_set_lock(desk->quiescer, path);
	table_quiesce_begin(desk->quiescer, 1000, &quiesce);
	assert_int_equal(table_quiesce_poll(desk->quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS),
			 -ETIMEDOUT);
	desk->worker->pid = (__u32)getpid();
	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0); /* another one holds it now */
	desk->worker->pid = (__u32)nobody;
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
	unlink(path);
}

static void test_poll_when_pid_is_another_process_now_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	desk->worker->started_ns = 1; /* long before this process began */
	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_was_started_anew_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	desk->worker->started_ns++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_many_wait_then_each_is_answered(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce[100];

	desk->worker->active = 0;
	for (unsigned int i = 0; i < 100; i++)
		table_quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce[i]);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(poll_until(desk, &quiesce[i]), 0);
	assert_int_equal(table_quiesce_wait(desk->quiescer), 0);
}

/* From here on, in every thread of this process, the call is one that the kernel does not know. */
static void refuse_call(uint32_t number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		_exit(99);
}

/* Result: the exit status of body, run in a process of its own. */
static int run_apart(int body(struct desk *), struct desk *desk)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body(desk));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int wait_without_membarrier(struct desk *desk)
{
	struct quiescer *quiescer;

	refuse_call(SYS_membarrier);
	if (table_quiesce_new(desk->world.table, &quiescer) < 0)
		return 1;
	if (table_quiesce_wait(quiescer) < 0)
		return 2;
	table_quiesce_free(quiescer);
	return 0;
}

static int wait_once_membarrier_fails(struct desk *desk)
{
	struct quiescer *quiescer;

	if (table_quiesce_new(desk->world.table, &quiescer) < 0 || table_quiesce_wait(quiescer) < 0)
		return 1;
	refuse_call(SYS_membarrier);
	if (table_quiesce_wait(quiescer) < 0)
		return 2;
	table_quiesce_free(quiescer);
	return 0;
}

static int start_without_both(struct desk *desk)
{
	struct quiescer *quiescer;

	refuse_call(SYS_membarrier);
	refuse_call(SYS_bpf);
	return table_quiesce_new(desk->world.table, &quiescer) == -EOPNOTSUPP ? 0 : 2;
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("# skipped: needs root\n");
	skip();
}

static void test_wait_when_there_is_no_membarrier_then_a_map_does(void **state)
{
	struct desk *desk = *state;

	need_root();
	desk->worker->active = 0;
	assert_int_equal(run_apart(wait_without_membarrier, desk), 0);
	assert_int_equal(run_apart(wait_once_membarrier_fails, desk), 0);
}

static void test_new_when_the_kernel_grants_nothing_then_refused(void **state)
{
	assert_int_equal(run_apart(start_without_both, *state), 0);
}

/* The kernel is late or grants nothing any more: the wait ends at its limit, and names no worker.
 */
static int time_out_for_the_kernel(struct desk *desk)
{
	struct quiescer *quiescer;
	struct quiesce quiesce;

	if (table_quiesce_new(desk->world.table, &quiescer) < 0)
		return 2;
	refuse_call(SYS_membarrier);
	refuse_call(SYS_bpf);
	table_quiesce_begin(quiescer, 1000, &quiesce);
	if (table_quiesce_poll(quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS) != -ETIMEDOUT ||
	    quiesce.nr_waiting != 0)
		return 3;
	table_quiesce_free(quiescer);
	return 0;
}

static void test_poll_when_the_kernel_is_late_then_no_worker_is_named(void **state)
{
	struct desk *desk = *state;

	desk->worker->active = 0;
	assert_int_equal(run_apart(time_out_for_the_kernel, desk), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_poll_when_worker_has_moved_then_done),
		CASE(test_poll_when_worker_rests_then_done),
		CASE(test_drain_when_worker_rests_then_its_rounds_are_waited_for),
		CASE(test_drain_when_rounds_were_begun_before_the_answer_then_they_do_not_count),
		CASE(test_drain_when_worker_is_another_or_none_then_done),
		CASE(test_poll_when_worker_is_stuck_then_named_after_the_limit),
		CASE(test_poll_when_process_is_gone_then_done),
		CASE(test_poll_when_lock_is_held_then_process_is_not_gone),
		CASE(test_poll_when_pid_is_another_process_now_then_done),
		CASE(test_poll_when_worker_was_started_anew_then_done),
		CASE(test_poll_when_many_wait_then_each_is_answered),
		CASE(test_wait_when_there_is_no_membarrier_then_a_map_does),
		CASE(test_new_when_the_kernel_grants_nothing_then_refused),
		CASE(test_poll_when_the_kernel_is_late_then_no_worker_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
