/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "api/server.h"
#include "daemon/daemon.h"
#include "daemon/follow.h"
#include "daemon/reload.h"
#include "daemon/tell.h"
#include "edge/edge.h"
#include "host/boottime.h"
#include "host/log.h"
#include "kernel/kernel.h"
#include "model/clock.h"
#include "watch/watch.h"

#define RELOAD_AGAIN_US 1000

static void reload_again(struct daemon *daemon)
{
	sd_event_source_set_time(daemon->again, boottime_now_ns() / NS_PER_US + RELOAD_AGAIN_US);
	sd_event_source_set_enabled(daemon->again, SD_EVENT_ONESHOT);
}

static void reload(struct daemon *daemon)
{
	if (daemon_reload_now(daemon) == -EAGAIN)
		reload_again(daemon);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	reload(context);
	return 0;
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

/* Without a handler a signal ends the loop; heard before all that is there at the same moment. */
static int end_by(sd_event *event, int number)
{
	sd_event_source *source;
	int r = sd_event_add_signal(event, &source, number, NULL, NULL);

	if (r < 0)
		return r;
	r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r;
}

int daemon_loop_new(struct daemon *daemon)
{
	int r = block_signals();

	if (r < 0)
		return r;
	r = sd_event_new(&daemon->event);
	if (r < 0)
		return r;
	r = end_by(daemon->event, SIGTERM);
	if (r >= 0)
		r = end_by(daemon->event, SIGINT);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_reload, daemon);
	if (r < 0) {
		daemon_loop_free(daemon);
		return r;
	}
	return 0;
}

void daemon_loop_free(struct daemon *daemon)
{
	daemon->event = sd_event_unref(daemon->event);
}

/* on_post() does it all: what is due, and the time of the next. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *context)
{
	return 0;
}

static int on_netlink(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct daemon *daemon = context;
	int r = kernel_netlink_dispatch(daemon->kernel);

	if (r < 0)
		log_write(LOG_WARNING, "Netlink failed: it is opened anew, and all is read again.",
			  log_error("error", r));
	return 0;
}

/* After a failure netlink has another descriptor, or none for now. */
static int watch_netlink(struct daemon *daemon)
{
	int fd = kernel_netlink_fd(daemon->kernel);

	if (daemon->netlink && sd_event_source_get_io_fd(daemon->netlink) == fd)
		return 0;
	daemon->netlink = sd_event_source_disable_unref(daemon->netlink);
	if (fd < 0)
		return 0;
	return sd_event_add_io(daemon->event, &daemon->netlink, fd, EPOLLIN, on_netlink, daemon);
}

/* Nothing: on_post() comes after it. */
static int on_soon(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	return 0;
}

/* At once is no time: a timer costs system calls each time. */
static void arm_deadline(struct daemon *daemon, uint64_t next_ns, uint64_t now_ns)
{
	if (next_ns <= now_ns) {
		sd_event_source_set_enabled(daemon->soon, SD_EVENT_ONESHOT);
		return;
	}
	if (next_ns == UINT64_MAX) {
		sd_event_source_set_enabled(daemon->deadline, SD_EVENT_OFF);
		return;
	}
	/* Rounded up: not a moment too early, or it would find nothing to do. */
	sd_event_source_set_time(daemon->deadline, next_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(daemon->deadline, SD_EVENT_ONESHOT);
}

/* Result: whether there is more to be done at once. */
static bool follow(struct daemon *daemon)
{
	int r = daemon_follow_run(daemon->followers);
	bool more = daemon->watch && watch_follow(daemon->watch);

	if (r < 0)
		log_write(LOG_WARNING, "A VM could not be followed.", log_error("error", r));
	return more || r > 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *context)
{
	reload(context);
	return 0;
}

/* After each turn of the loop: whatever happened, deadlines may have moved. */
static int on_post(sd_event_source *source, void *context)
{
	struct daemon *daemon = context;
	uint64_t next_ns, kernel_ns;
	bool removed = false, more;
	struct instant now;

	model_clock_read(&now);
	/* Nothing more ends before who follows the ends knows of the last ones. */
	more = follow(daemon);
	next_ns = more && !edge_is_busy(daemon->edge) ? now.boot_ns
						      : edge_expire(daemon->edge, &now, &removed);
	daemon_say_journal(&daemon->said, edge_failing_since_ns(daemon->edge), now.boot_ns);
	if (removed)
		api_server_confirm_removal(daemon->api);
	kernel_ns = kernel_expire(daemon->kernel, now.boot_ns);
	if (watch_netlink(daemon) < 0)
		log_write(LOG_ERR, "Netlink cannot be watched.");
	daemon_tell_changes(daemon);
	if (more || follow(daemon))
		next_ns = now.boot_ns;
	api_server_notify(daemon->api);
	arm_deadline(daemon, kernel_ns < next_ns ? kernel_ns : next_ns, now.boot_ns);
	return 0;
}

int daemon_loop_begin(struct daemon *daemon)
{
	int r = sd_event_add_time(daemon->event, &daemon->deadline, CLOCK_BOOTTIME, 0, 1,
				  on_deadline, daemon);

	if (r >= 0)
		r = sd_event_add_time(daemon->event, &daemon->again, CLOCK_BOOTTIME, UINT64_MAX, 1,
				      on_again, daemon);
	daemon->soon_fd = eventfd(1, EFD_CLOEXEC);
	if (r >= 0 && daemon->soon_fd < 0)
		r = -errno;
	if (r >= 0)
		r = sd_event_add_io(daemon->event, &daemon->soon, daemon->soon_fd, EPOLLIN, on_soon,
				    daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->soon, SD_EVENT_ONESHOT);
	if (r >= 0)
		r = watch_netlink(daemon);
	if (r >= 0)
		r = sd_event_add_post(daemon->event, &daemon->post, on_post, daemon);
	return r < 0 ? r : 0;
}

void daemon_loop_end(struct daemon *daemon)
{
	daemon->post = sd_event_source_unref(daemon->post);
	daemon->netlink = sd_event_source_unref(daemon->netlink);
	daemon->again = sd_event_source_unref(daemon->again);
	daemon->deadline = sd_event_source_unref(daemon->deadline);
	daemon->soon = sd_event_source_unref(daemon->soon);
	if (daemon->soon_fd > 0)
		close(daemon->soon_fd);
	daemon->soon_fd = -1;
}
