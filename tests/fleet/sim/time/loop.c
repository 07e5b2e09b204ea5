/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "agenda.h"
#include "clock.h"
#include "host/boottime.h"
#include "quiet.h"

struct sd_event {
	struct sim_process process;
	unsigned int nr_sources;
};

enum kind {
	KIND_TIME,
	KIND_DEFER,
	KIND_IO, /* of a file that can always be read */
};

struct sd_event_source {
	sd_event *event;
	struct sim_task task;
	enum kind kind;
	int enabled;
	unsigned int refs;
	uint64_t usec;
	int fd;
	sd_event_time_handler_t on_time;
	sd_event_handler_t on_defer;
	sd_event_io_handler_t on_io;
	void *context;
};

sd_event *sim_loop_new(const struct sim_process *process)
{
	sd_event *event = calloc(1, sizeof(*event));

	assert(event);
	event->process = *process;
	return event;
}

void sim_loop_free(sd_event *event)
{
	assert(!event || !event->nr_sources);
	free(event);
}

const struct sim_process *sim_loop_process(const sd_event *event)
{
	return &event->process;
}

void sim_loop_enter(sd_event *event)
{
	sim_clock_enter(event->process.clock);
	sim_quiet_enter(event->process.host);
}

void sim_loop_leave(sd_event *event)
{
	if (event->process.post)
		event->process.post(event->process.context);
	sim_clock_enter(NULL);
}

static void release(sd_event_source *source)
{
	if (--source->refs)
		return;
	sim_agenda_cancel(&source->task);
	source->event->nr_sources--;
	free(source);
}

static void set(sd_event_source *source)
{
	if (source->enabled == SD_EVENT_OFF ||
	    (source->kind == KIND_TIME && source->usec >= UINT64_MAX / 2000))
		sim_agenda_cancel(&source->task);
	else if (source->kind == KIND_TIME)
		sim_agenda_set(&source->task, sim_clock_true_ns(source->event->process.clock,
								source->usec * NS_PER_US));
	else
		sim_agenda_set(&source->task, sim_agenda_now_ns());
}

static void run(void *context)
{
	sd_event_source *source = context;
	sd_event *event = source->event;

	source->refs++;
	if (source->enabled == SD_EVENT_ONESHOT)
		source->enabled = SD_EVENT_OFF;
	sim_loop_enter(event);
	if (source->kind == KIND_TIME)
		source->on_time(source, source->usec, source->context);
	else if (source->kind == KIND_DEFER)
		source->on_defer(source, source->context);
	else
		source->on_io(source, source->fd, EPOLLIN, source->context);
	if (source->enabled == SD_EVENT_ON)
		set(source);
	sim_loop_leave(event);
	release(source);
}

static sd_event_source *add(sd_event *event, enum kind kind, int enabled, void *context)
{
	sd_event_source *source = calloc(1, sizeof(*source));

	assert(source);
	source->event = event;
	source->task = (struct sim_task){.run = run, .context = source};
	source->kind = kind;
	source->enabled = enabled;
	source->refs = 1;
	source->context = context;
	event->nr_sources++;
	return source;
}

int sd_event_add_time(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t usec,
		      uint64_t accuracy, sd_event_time_handler_t handler, void *context)
{
	*ret = add(event, KIND_TIME, SD_EVENT_ONESHOT, context);
	(*ret)->on_time = handler;
	(*ret)->usec = usec;
	set(*ret);
	return 0;
}

static uint64_t now_us(const sd_event *event)
{
	return sim_clock_boot_ns(event->process.clock) / NS_PER_US;
}

int sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
			       uint64_t usec, uint64_t accuracy, sd_event_time_handler_t handler,
			       void *context)
{
	return sd_event_add_time(event, ret, clock, now_us(event) + usec, accuracy, handler,
				 context);
}

int sd_event_add_defer(sd_event *event, sd_event_source **ret, sd_event_handler_t handler,
		       void *context)
{
	*ret = add(event, KIND_DEFER, SD_EVENT_ONESHOT, context);
	(*ret)->on_defer = handler;
	set(*ret);
	return 0;
}

int sd_event_add_io(sd_event *event, sd_event_source **ret, int fd, uint32_t events,
		    sd_event_io_handler_t handler, void *context)
{
	*ret = add(event, KIND_IO, SD_EVENT_ON, context);
	(*ret)->on_io = handler;
	(*ret)->fd = fd;
	set(*ret);
	return 0;
}

int sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	source->usec = usec;
	set(source);
	return 0;
}

int sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	return sd_event_source_set_time(source, now_us(source->event) + usec);
}

int sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	source->enabled = enabled;
	set(source);
	return 0;
}

/* Everything has its turn at its time. */
int sd_event_source_set_priority(sd_event_source *source, int64_t priority)
{
	return 0;
}

sd_event_source *sd_event_source_unref(sd_event_source *source)
{
	if (source) {
		source->enabled = SD_EVENT_OFF;
		set(source);
		release(source);
	}
	return NULL;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *source)
{
	return sd_event_source_unref(source);
}
