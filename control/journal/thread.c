/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/sql.h"

#define LATER 5 /* nice(2) */

enum step {
	IDLE,
	WORKING,
	DONE, /* the result is to be fetched */
};

struct journal_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum step step;
	bool stop;
	journal_work *work;
	void *context;
	int result;
	int event_fd;
};

static void tell(const struct journal_thread *thread)
{
	const uint64_t one = 1;

	if (write(thread->event_fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

static void *run(void *argument)
{
	struct journal_thread *thread = argument;
	int result;

	/* Whoever is to be answered comes first. */
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + LATER);
	pthread_mutex_lock(&thread->lock);
	for (;;) {
		while (thread->step != WORKING && !thread->stop)
			pthread_cond_wait(&thread->changed, &thread->lock);
		if (thread->step != WORKING)
			break;
		pthread_mutex_unlock(&thread->lock);
		result = thread->work(thread->context);
		pthread_mutex_lock(&thread->lock);
		thread->result = result;
		thread->step = DONE;
		pthread_cond_broadcast(&thread->changed);
		tell(thread);
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

/* Signals are the event loop's. */
static int start(struct journal_thread *thread)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	result = -pthread_create(&thread->thread, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

int journal_thread_start(struct journal *journal)
{
	struct journal_thread *thread = calloc(1, sizeof(*thread));
	int result;

	if (!thread)
		return -ENOMEM;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	thread->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	result = thread->event_fd < 0 ? -errno : start(thread);
	if (result < 0) {
		if (thread->event_fd >= 0)
			close(thread->event_fd);
		free(thread);
		return result;
	}
	journal->thread = thread;
	return 0;
}

void journal_thread_close(struct journal *journal)
{
	struct journal_thread *thread = journal->thread;

	if (!thread)
		return;
	pthread_mutex_lock(&thread->lock);
	thread->stop = true;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
	pthread_join(thread->thread, NULL);
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
	close(thread->event_fd);
	free(thread);
	journal->thread = NULL;
}

void journal_thread_begin(struct journal *journal, journal_work *work, void *context)
{
	struct journal_thread *thread = journal->thread;

	if (!thread) {
		journal->worked = work(context);
		return;
	}
	pthread_mutex_lock(&thread->lock);
	assert(thread->step == IDLE);
	thread->work = work;
	thread->context = context;
	thread->step = WORKING;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
}

/* The lock is held. */
static int fetch(struct journal_thread *thread)
{
	uint64_t count;

	if (thread->step != DONE)
		return -EINPROGRESS;
	if (read(thread->event_fd, &count, sizeof(count)) < 0)
		assert(errno == EAGAIN);
	thread->step = IDLE;
	return thread->result;
}

int journal_thread_poll(struct journal *journal)
{
	struct journal_thread *thread = journal->thread;
	int result;

	if (!thread)
		return journal->worked;
	pthread_mutex_lock(&thread->lock);
	result = fetch(thread);
	pthread_mutex_unlock(&thread->lock);
	return result;
}

int journal_thread_wait(struct journal *journal)
{
	struct journal_thread *thread = journal->thread;
	int result;

	if (!thread)
		return journal->worked;
	pthread_mutex_lock(&thread->lock);
	while (thread->step == WORKING)
		pthread_cond_wait(&thread->changed, &thread->lock);
	result = fetch(thread);
	pthread_mutex_unlock(&thread->lock);
	return result;
}

int journal_thread_fd(const struct journal *journal)
{
	return journal->thread ? journal->thread->event_fd : -1;
}
