// SPDX-License-Identifier: BSD-3-Clause
#include "explain/callers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "explain/ssh.h"

/* Beyond half of them there is no time to wait for anybody: each is told all at once. */
#define CALLERS_MAX 256 /* open at once */
/* ssh-keyscan says nothing before it has read; the others are sooner than this. */
#define SILENT_US	 (250 * 1000ULL)
#define PACKET_US	 (1 * 1000000ULL) /* for the first packet, from the other end of the world */
#define CALLER_TIME_US	 (3 * 1000000ULL) /* to hang up, once told */
#define LATE_US		 10000		  /* a place is held no longer than that beyond it */
#define CALLER_BYTES_MAX 16384 /* read and thrown away: a client's banner and key exchange */

enum caller_state {
	CALLER_FREE,
	CALLER_ACCEPTED,
	CALLER_IDENTIFIED, /* ours is sent */
	CALLER_TOLD,
};

struct caller {
	struct explain_callers *callers;
	enum caller_state state;
	int fd;
	uint64_t number; /* counted as they come */
	struct explain_words words;
	char text[EXPLAIN_TEXT_MAX + 1];
	sd_event_source *readable;
	sd_event_source *timeout;
};

struct explain_callers {
	sd_event *event;
	uint64_t nr_ever;
	unsigned int nr_open;
	struct caller callers[CALLERS_MAX];
};

static void caller_close(struct caller *caller)
{
	sd_event_source_disable_unref(caller->readable);
	sd_event_source_disable_unref(caller->timeout);
	close(caller->fd);
	caller->callers->nr_open--;
	*caller = (struct caller){.callers = caller->callers, .fd = -1};
}

/* What is sent fits into an empty socket; where it does not, there is nobody to be told. */
static void say(struct caller *caller, const uint8_t *bytes, size_t len_bytes)
{
	if (send(caller->fd, bytes, len_bytes, MSG_NOSIGNAL) != (ssize_t)len_bytes)
		shutdown(caller->fd, SHUT_RDWR);
}

/* Gives the next step its time. Without a timer the caller is not kept. */
static void wait_for(struct caller *caller, enum caller_state state, uint64_t most_us)
{
	caller->state = state;
	if (sd_event_source_set_time_relative(caller->timeout, most_us) < 0 ||
	    sd_event_source_set_enabled(caller->timeout, SD_EVENT_ONESHOT) < 0)
		shutdown(caller->fd, SHUT_RDWR);
}

static void identify(struct caller *caller)
{
	uint8_t bytes[EXPLAIN_SSH_MAX];

	if (explain_ssh_is_dropbear(&caller->words)) {
		say(caller, bytes, explain_ssh_outdated(caller->text, bytes));
		shutdown(caller->fd, SHUT_WR);
		wait_for(caller, CALLER_TOLD, CALLER_TIME_US);
	} else {
		say(caller, bytes, explain_ssh_identify(bytes));
		wait_for(caller, CALLER_IDENTIFIED, PACKET_US);
	}
}

static void disconnect(struct caller *caller)
{
	uint8_t bytes[EXPLAIN_SSH_MAX];

	say(caller, bytes, explain_ssh_disconnect(caller->text, bytes));
	shutdown(caller->fd, SHUT_WR);
	wait_for(caller, CALLER_TOLD, CALLER_TIME_US);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *context)
{
	struct caller *caller = context;

	switch (caller->state) {
	case CALLER_ACCEPTED:
		identify(caller);
		break;
	case CALLER_IDENTIFIED:
		disconnect(caller);
		break;
	case CALLER_TOLD:
	case CALLER_FREE:
		caller_close(caller);
		break;
	}
	return 0;
}

static void on_words(struct caller *caller, const uint8_t *bytes, size_t len_bytes)
{
	enum explain_heard heard = explain_ssh_hear(&caller->words, bytes, len_bytes);

	if (caller->state == CALLER_ACCEPTED && heard >= EXPLAIN_HEARD_LINE)
		identify(caller);
	if (caller->state == CALLER_IDENTIFIED && heard >= EXPLAIN_HEARD_PACKET)
		disconnect(caller);
	if (caller->words.len_bytes > CALLER_BYTES_MAX)
		caller_close(caller);
}

/* One who is not told yet is told all that is left, at once. */
static void tell_rest(struct caller *caller)
{
	if (caller->state == CALLER_ACCEPTED)
		identify(caller);
	if (caller->state == CALLER_IDENTIFIED)
		disconnect(caller);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct caller *caller = context;
	uint8_t bytes[2048];
	ssize_t len_bytes = recv(fd, bytes, sizeof(bytes), 0);

	if (len_bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len_bytes > 0) {
		on_words(caller, bytes, (size_t)len_bytes);
		return 0;
	}
	if (len_bytes == 0) /* it has said all; it may still be reading */
		tell_rest(caller);
	caller_close(caller);
	return 0;
}

/* A free place, or that of the one who has had most time: who stays on keeps nobody else out. */
static struct caller *place_for_one(struct explain_callers *callers)
{
	struct caller *oldest = &callers->callers[0];

	for (unsigned int i = 0; i < CALLERS_MAX; i++) {
		struct caller *caller = &callers->callers[i];

		if (caller->state == CALLER_FREE)
			return caller;
		if (caller->number < oldest->number)
			oldest = caller;
	}
	tell_rest(oldest);
	caller_close(oldest);
	return oldest;
}

/* After everybody else: strangers decide how many these are. */
static int watch_caller(struct caller *caller, int fd)
{
	sd_event *event = caller->callers->event;
	int result;

	result = sd_event_add_io(event, &caller->readable, fd, EPOLLIN, on_readable, caller);
	if (result >= 0)
		result = sd_event_source_set_priority(caller->readable, SD_EVENT_PRIORITY_IDLE);
	if (result >= 0)
		result = sd_event_add_time_relative(event, &caller->timeout, CLOCK_BOOTTIME,
						    SILENT_US, LATE_US, on_timeout, caller);
	if (result >= 0)
		result = sd_event_source_set_priority(caller->timeout, SD_EVENT_PRIORITY_IDLE);
	return result;
}

int explain_callers_take(struct explain_callers *callers, int fd, const char *text)
{
	struct caller *caller = place_for_one(callers);
	int result = watch_caller(caller, fd);

	if (result < 0) {
		caller->readable = sd_event_source_disable_unref(caller->readable);
		caller->timeout = sd_event_source_disable_unref(caller->timeout);
		return result;
	}
	caller->fd = fd;
	caller->state = CALLER_ACCEPTED;
	caller->number = ++callers->nr_ever;
	snprintf(caller->text, sizeof(caller->text), "%s", text);
	if (++callers->nr_open > CALLERS_MAX / 2)
		tell_rest(caller);
	return 0;
}

struct explain_callers *explain_callers_new(sd_event *event)
{
	struct explain_callers *callers = calloc(1, sizeof(*callers));

	if (!callers)
		return NULL;
	callers->event = sd_event_ref(event);
	for (unsigned int i = 0; i < CALLERS_MAX; i++)
		callers->callers[i] = (struct caller){.callers = callers, .fd = -1};
	return callers;
}

void explain_callers_free(struct explain_callers *callers)
{
	if (!callers)
		return;
	for (unsigned int i = 0; i < CALLERS_MAX; i++)
		if (callers->callers[i].state != CALLER_FREE) {
			tell_rest(&callers->callers[i]);
			caller_close(&callers->callers[i]);
		}
	sd_event_unref(callers->event);
	free(callers);
}
