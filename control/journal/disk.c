/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/disk.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "host/boottime.h"

/* What was written takes longer to sync, but never so long that the watchdog would miss us. */
#define NS_A_BYTE   60 /* 16 MB/s */
#define WAIT_MAX_NS (6 * NS_PER_S)

/* The thread's work, one at a time. */
struct job {
	journal_disk_sync_file *sync;
	void *file;
	int flags;
};

static struct {
	pthread_mutex_t turn; /* held by who asks: one at a time */
	pthread_mutex_t lock; /* of those up to rest_until_ns */
	pthread_cond_t changed;
	bool started;
	bool busy; /* with this: */
	struct job job;
	int result; /* of the last one */
	bool late;  /* who has asked for what it is busy with no longer waits */
	uint64_t rest_until_ns;
	uint64_t patience_ns;
	uint64_t unsynced_bytes; /* by atomic operations */
} disk = {.turn = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

/* The clock of pthread_cond_timedwait(), too. */
static uint64_t now_ns(void)
{
	return boottime_clock_ns(CLOCK_MONOTONIC);
}

static void *work(void *context)
{
	struct job job;
	int result;

	pthread_mutex_lock(&disk.lock);
	for (;;) {
		while (!disk.busy)
			pthread_cond_wait(&disk.changed, &disk.lock);
		job = disk.job;
		pthread_mutex_unlock(&disk.lock);
		result = job.sync(job.file, job.flags);
		pthread_mutex_lock(&disk.lock);
		disk.result = result;
		disk.busy = disk.late = false;
		pthread_cond_broadcast(&disk.changed);
	}
	return NULL;
}

/* Signals are the event loop's. Result: whether there is a thread. */
static bool start(void)
{
	pthread_condattr_t clock;
	sigset_t all, before;
	pthread_t thread;

	if (disk.started)
		return true;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&disk.changed, &clock);
	pthread_condattr_destroy(&clock);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	disk.started = pthread_create(&thread, NULL, work, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (disk.started)
		pthread_detach(thread);
	return disk.started;
}

static uint64_t patience_ns(void)
{
	uint64_t bytes = __atomic_load_n(&disk.unsynced_bytes, __ATOMIC_RELAXED);
	uint64_t wait_ns = disk.patience_ns + bytes * NS_A_BYTE;

	return wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS;
}

/* Result: whether the thread was done by then. */
static bool wait_until(uint64_t until_ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / NS_PER_S),
		.tv_nsec = (long)(until_ns % NS_PER_S),
	};

	while (disk.busy && pthread_cond_timedwait(&disk.changed, &disk.lock, &until) != ETIMEDOUT)
		;
	return !disk.busy;
}

/* Late: it has failed, and what it comes to is nobody's any more. */
static int hand_over(const struct job *job)
{
	uint64_t wait_ns = patience_ns();
	int result = -ETIMEDOUT;

	pthread_mutex_lock(&disk.lock);
	disk.job = *job;
	disk.busy = true;
	pthread_cond_broadcast(&disk.changed);
	if (wait_until(now_ns() + wait_ns)) {
		result = disk.result;
	} else {
		disk.late = true;
		disk.rest_until_ns = now_ns() + wait_ns;
	}
	pthread_mutex_unlock(&disk.lock);
	return result;
}

void journal_disk_set_patience(uint64_t patience_ns)
{
	disk.patience_ns = patience_ns;
}

bool journal_disk_hangs(void)
{
	bool hangs;

	if (!disk.patience_ns)
		return false;
	pthread_mutex_lock(&disk.lock);
	hangs = disk.late || now_ns() < disk.rest_until_ns;
	pthread_mutex_unlock(&disk.lock);
	return hangs;
}

void journal_disk_wrote(uint64_t bytes)
{
	__atomic_add_fetch(&disk.unsynced_bytes, bytes, __ATOMIC_RELAXED);
}

/* Without patience, one that hangs is waited for all the same: there is but one file each. */
static void wait_idle(void)
{
	pthread_mutex_lock(&disk.lock);
	while (disk.busy)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
}

void journal_disk_forget(const void *file)
{
	if (disk.started && disk.job.file == file)
		wait_idle();
}

static int sync_in_turn(const struct job *job)
{
	if (journal_disk_hangs())
		return -ETIMEDOUT;
	if (disk.started && !disk.patience_ns)
		wait_idle();
	return disk.patience_ns && start() ? hand_over(job) : job->sync(job->file, job->flags);
}

int journal_disk_sync_by(journal_disk_sync_file *sync, void *file, int flags)
{
	const struct job job = {.sync = sync, .file = file, .flags = flags};
	int result;

	pthread_mutex_lock(&disk.turn);
	result = sync_in_turn(&job);
	if (result == 0)
		__atomic_store_n(&disk.unsynced_bytes, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&disk.turn);
	return result;
}
