/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/addr.h"

#define SWEEP_US      500000
#define SWEEP_LATE_US 100000
#define LAST_RUNS     8

static int run(struct http_server *server)
{
	server->resumed = false;
	MHD_run(server->mhd);
	return 0;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	return run(context);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *context)
{
	return run(context);
}

static int on_soon(sd_event_source *source, void *context)
{
	return run(context);
}

/* Before each wait of the loop: until when libmicrohttpd can do without us. At once is no time: a
 * timer costs system calls. */
static int arm_timer(sd_event_source *source, void *context)
{
	struct http_server *server = context;
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;

	if (!server->resumed && MHD_get_timeout(server->mhd, &timeout_ms) != MHD_YES)
		return sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	if (timeout_ms == 0)
		return sd_event_source_set_enabled(server->soon, SD_EVENT_ONESHOT);
	if (sd_event_source_set_time_relative(server->timer, timeout_ms * 1000) < 0)
		return sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	return sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

static int on_sweep(sd_event_source *source, uint64_t usec, void *context)
{
	struct http_server *server = context;

	http_client_end_late(&server->clients, server->options.late);
	sd_event_source_set_time_relative(source, SWEEP_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static enum MHD_Result admit(void *context, const struct sockaddr *peer, socklen_t len)
{
	const struct http_server *server = context;
	struct sp_addr addr;

	if (!server->options.admits)
		return MHD_YES;
	return addr_from_sockaddr(peer, &addr) == 0 &&
			       server->options.admits(server->options.context, &addr)
		       ? MHD_YES
		       : MHD_NO;
}

static struct MHD_Daemon *start(struct http_server *server)
{
	const struct http_server_options *options = &server->options;

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, admit, server, http_request_advance,
		server, MHD_OPTION_LISTEN_SOCKET, options->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		options->nr_connections + HTTP_CLIENT_LOBBY, MHD_OPTION_NOTIFY_CONNECTION,
		http_client_notify, server, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s,
		MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, server,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_end, server,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static int add_sources(struct http_server *server, sd_event *event)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(event, &server->io, info->epoll_fd, EPOLLIN, on_ready, server);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &server->timer, CLOCK_MONOTONIC, 0, 1, on_timeout,
				       server);
	if (r < 0)
		return r;
	r = sd_event_add_defer(event, &server->soon, on_soon, server);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(server->soon, SD_EVENT_OFF);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &server->sweep, CLOCK_MONOTONIC, SWEEP_US,
				       SWEEP_LATE_US, on_sweep, server);
	if (r < 0)
		return r;
	return sd_event_source_set_prepare(server->io, arm_timer);
}

int http_server_open(sd_event *event, const struct http_server_options *options,
		     struct http_server **ret_server)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		close(options->listen_fd);
		return -ENOMEM;
	}
	server->options = *options;
	LIST_INIT(&server->requests);
	LIST_INIT(&server->clients);
	server->mhd = start(server);
	if (!server->mhd) {
		close(options->listen_fd);
		free(server);
		return -ENOMEM;
	}
	r = add_sources(server, event);
	if (r < 0) {
		http_server_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

/* As far as the sockets take what is left to be said: one that does not is no reason to wait. */
static void run_out(struct http_server *server)
{
	for (unsigned int i = 0; i < LAST_RUNS; i++)
		run(server);
}

void http_server_close(struct http_server *server)
{
	struct http_request *request;

	if (!server)
		return;
	server->closing = true;
	for (request = LIST_FIRST(&server->requests); request; request = LIST_NEXT(request, link))
		http_request_dismiss(request);
	sd_event_source_unref(server->sweep);
	sd_event_source_disable_unref(server->soon);
	sd_event_source_unref(server->timer);
	sd_event_source_unref(server->io);
	run_out(server);
	MHD_stop_daemon(server->mhd);
	free(server);
}
