/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/quiesce.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "host/boottime.h"
#include "host/table_map.h"
#include "table/grace.h"

/* Between two attempts, should the kernel grant nothing: whoever waits runs into their limit. */
#define RETRY_NS 10000000l

/* requested and stop: under the lock. completed: written by the thread, read by anybody. */
struct quiescer {
	const struct sp_worker *workers;
	uint32_t nr_workers;
	struct grace grace;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	uint64_t requested;
	bool stop;
	uint64_t completed;
	char *lock_path; /* or NULL */
};

/* Result: the latest request to answer, 0 to stop. */
static uint64_t next_request(struct quiescer *quiescer)
{
	uint64_t request = 0;

	pthread_mutex_lock(&quiescer->lock);
	while (!quiescer->stop && quiescer->requested == quiescer->completed)
		pthread_cond_wait(&quiescer->wanted, &quiescer->lock);
	if (!quiescer->stop)
		request = quiescer->requested;
	pthread_mutex_unlock(&quiescer->lock);
	return request;
}

static void *answer_requests(void *argument)
{
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	struct quiescer *quiescer = argument;
	uint64_t request;

	while ((request = next_request(quiescer)) != 0) {
		if (table_grace_wait(&quiescer->grace) == 0)
			__atomic_store_n(&quiescer->completed, request, __ATOMIC_RELEASE);
		else
			nanosleep(&pause, NULL);
	}
	return NULL;
}

/* Signals are the event loop's business. */
static int start_thread(struct quiescer *quiescer)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = -pthread_create(&quiescer->thread, NULL, answer_requests, quiescer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

int table_quiesce_new(const struct table_map *table, struct quiescer **ret_quiescer)
{
	struct quiescer *quiescer = calloc(1, sizeof(*quiescer));
	int result;

	if (!quiescer)
		return -ENOMEM;
	result = table_grace_open(&quiescer->grace);
	if (result < 0)
		goto free_quiescer;
	quiescer->workers = table->workers;
	quiescer->nr_workers = table->nr_workers;
	pthread_mutex_init(&quiescer->lock, NULL);
	pthread_cond_init(&quiescer->wanted, NULL);
	result = start_thread(quiescer);
	if (result < 0)
		goto close_grace;
	*ret_quiescer = quiescer;
	return 0;

close_grace:
	table_grace_close(&quiescer->grace);
free_quiescer:
	free(quiescer);
	return result;
}

void table_quiesce_free(struct quiescer *quiescer)
{
	if (!quiescer)
		return;
	pthread_mutex_lock(&quiescer->lock);
	quiescer->stop = true;
	pthread_cond_signal(&quiescer->wanted);
	pthread_mutex_unlock(&quiescer->lock);
	pthread_join(quiescer->thread, NULL);
	pthread_cond_destroy(&quiescer->wanted);
	pthread_mutex_destroy(&quiescer->lock);
	table_grace_close(&quiescer->grace);
	free(quiescer->lock_path);
	free(quiescer);
}

static uint64_t request_grace(struct quiescer *quiescer)
{
	uint64_t request;

	pthread_mutex_lock(&quiescer->lock);
	request = ++quiescer->requested;
	pthread_cond_signal(&quiescer->wanted);
	pthread_mutex_unlock(&quiescer->lock);
	return request;
}

static void list_worker(const struct quiescer *quiescer, uint32_t index, struct quiesce *quiesce)
{
	const struct sp_worker *worker = &quiescer->workers[index];

	quiesce->worker[quiesce->nr_waiting++] = (struct quiesce_worker){
		.index = index,
		.rounds = __atomic_load_n(&worker->rounds, __ATOMIC_ACQUIRE),
		.started_ns = __atomic_load_n(&worker->started_ns, __ATOMIC_ACQUIRE),
		.pid = (pid_t)__atomic_load_n(&worker->pid, __ATOMIC_ACQUIRE),
	};
}

/* To drain it takes each that ever ran, else each that is awake. */
static void list_workers(const struct quiescer *quiescer, struct quiesce *quiesce)
{
	/* The change is stored before rounds are read: a worker seen later has seen it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < quiescer->nr_workers && i < SP_WORKERS_MAX; i++) {
		const struct sp_worker *worker = &quiescer->workers[i];

		if (__atomic_load_n(quiesce->drains ? &worker->pid : &worker->active,
				    __ATOMIC_ACQUIRE))
			list_worker(quiescer, i, quiesce);
	}
	quiesce->listed = true;
}

void table_quiesce_begin(struct quiescer *quiescer, uint64_t now_ns, struct quiesce *ret_quiesce)
{
	*ret_quiesce = (struct quiesce){.begun_ns = now_ns, .rounds = 1};
	list_workers(quiescer, ret_quiesce);
	ret_quiesce->grace = request_grace(quiescer);
}

void table_quiesce_drain(struct quiescer *quiescer, uint64_t now_ns, struct quiesce *ret_quiesce)
{
	*ret_quiesce =
		(struct quiesce){.begun_ns = now_ns, .rounds = SP_DRAIN_ROUNDS, .drains = true};
	ret_quiesce->grace = request_grace(quiescer);
}

/* Result: when that process began (CLOCK_BOOTTIME), or 0 if it cannot be told. */
static uint64_t process_start_ns(pid_t pid)
{
	char path[64], line[1024], *field;
	unsigned long long ticks;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	field = fgets(line, sizeof(line), file);
	fclose(file);
	field = field ? strrchr(line, ')') : NULL;
	/* proc(5): the name in brackets is field 2, the start time field 22. */
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	if (!field || sscanf(field, " %llu", &ticks) != 1)
		return 0;
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

void table_quiesce_set_lock(struct quiescer *quiescer, const char *path)
{
	free(quiescer->lock_path);
	quiescer->lock_path = strdup(path);
}

enum lock_state {
	LOCK_UNKNOWN,
	LOCK_FREE,
	LOCK_HELD,
};

/* Result: LOCK_HELD and the pid that the holder knows itself by, in whatever namespace. */
static enum lock_state look_at_lock(int fd, pid_t *ret_holder)
{
	char text[16] = "";

	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return LOCK_FREE;
	if (errno != EWOULDBLOCK || pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return LOCK_UNKNOWN;
	*ret_holder = (pid_t)strtol(text, NULL, 10);
	return LOCK_HELD;
}

static enum lock_state lock_state(const struct quiescer *quiescer, pid_t *ret_holder)
{
	int fd = quiescer->lock_path ? open(quiescer->lock_path, O_RDONLY | O_CLOEXEC) : -1;
	enum lock_state state;

	if (fd < 0)
		return LOCK_UNKNOWN;
	state = look_at_lock(fd, ret_holder);
	close(fd);
	return state;
}

/*
 * Whoever holds the lock is the only one there is, and knows itself by the pid that the worker has
 * written. Without a lock the pid is looked up, which may have been given to another process since:
 * one that began after the worker did.
 */
static bool process_gone(const struct quiescer *quiescer, const struct quiesce_worker *waiting)
{
	uint64_t start_ns;
	pid_t holder = 0;

	switch (lock_state(quiescer, &holder)) {
	case LOCK_FREE:
		return true;
	case LOCK_HELD:
		return holder != waiting->pid;
	case LOCK_UNKNOWN:
		break;
	}
	if (kill(waiting->pid, 0) < 0 && errno == ESRCH)
		return true;
	start_ns = process_start_ns(waiting->pid);
	return start_ns > waiting->started_ns;
}

static bool worker_passed(const struct quiescer *quiescer, const struct quiesce *quiesce,
			  const struct quiesce_worker *waiting)
{
	const struct sp_worker *worker = &quiescer->workers[waiting->index];

	return (!quiesce->drains && !__atomic_load_n(&worker->active, __ATOMIC_ACQUIRE)) ||
	       __atomic_load_n(&worker->rounds, __ATOMIC_ACQUIRE) - waiting->rounds >=
		       quiesce->rounds ||
	       __atomic_load_n(&worker->started_ns, __ATOMIC_ACQUIRE) != waiting->started_ns ||
	       process_gone(quiescer, waiting);
}

static void drop_passed(const struct quiescer *quiescer, struct quiesce *quiesce)
{
	uint32_t nr_waiting = 0;

	for (uint32_t i = 0; i < quiesce->nr_waiting; i++)
		if (!worker_passed(quiescer, quiesce, &quiesce->worker[i]))
			quiesce->worker[nr_waiting++] = quiesce->worker[i];
	quiesce->nr_waiting = nr_waiting;
}

int table_quiesce_poll(const struct quiescer *quiescer, struct quiesce *quiesce, uint64_t now_ns)
{
	bool granted = __atomic_load_n(&quiescer->completed, __ATOMIC_ACQUIRE) >= quiesce->grace;

	/* Until then a run of the XDP program may still put something into a socket. */
	if (granted && !quiesce->listed)
		list_workers(quiescer, quiesce);
	drop_passed(quiescer, quiesce);
	if (granted && quiesce->nr_waiting == 0)
		return 0;
	return now_ns - quiesce->begun_ns >= QUIESCE_LIMIT_NS ? -ETIMEDOUT : -EAGAIN;
}

static int wait_for(const struct quiescer *quiescer, struct quiesce *quiesce)
{
	const struct timespec pause = {.tv_nsec = 200000};
	int result;

	while ((result = table_quiesce_poll(quiescer, quiesce, boottime_now_ns())) == -EAGAIN)
		nanosleep(&pause, NULL);
	return result;
}

int table_quiesce_wait(struct quiescer *quiescer)
{
	struct quiesce quiesce;

	table_quiesce_begin(quiescer, boottime_now_ns(), &quiesce);
	return wait_for(quiescer, &quiesce);
}

int table_quiesce_wait_drained(struct quiescer *quiescer)
{
	struct quiesce quiesce;

	table_quiesce_drain(quiescer, boottime_now_ns(), &quiesce);
	return wait_for(quiescer, &quiesce);
}
