/* SPDX-License-Identifier: BSD-3-Clause */
#include "transfer/multi.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "host/boottime.h"

struct transfer_multi {
	sd_event *event;
	sd_event_source *timer;
	CURLM *curl;
	struct transfer_multi_events events;
};

static void tell(struct transfer_multi *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi->curl, &left))) {
		CURL *curl = message->easy_handle;
		CURLcode result = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(multi->curl, curl); /* the message goes with it */
		multi->events.over(multi->events.context, curl, result);
	}
	multi->events.settled(multi->events.context);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct transfer_multi *multi = context;
	int running;

	curl_multi_socket_action(multi->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	tell(multi);
	return 0;
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct transfer_multi *multi = context;
	int running, mask = 0;

	if (revents & (EPOLLIN | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (revents & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (revents & EPOLLERR)
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(multi->curl, fd, mask, &running);
	tell(multi);
	return 0;
}

/* libcurl: call me again then; -1: need not. It calls this within its own calls. */
static int arm_timer(CURLM *curl, long after_ms, void *context)
{
	struct transfer_multi *multi = context;

	if (after_ms < 0)
		return sd_event_source_set_enabled(multi->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
	if (sd_event_source_set_time(
		    multi->timer, (boottime_now_ns() / NS_PER_MS + (uint64_t)after_ms) * 1000) < 0)
		return -1;
	return sd_event_source_set_enabled(multi->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

/* libcurl: this is what I wait for of a socket. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *of_socket)
{
	struct transfer_multi *multi = context;
	sd_event_source *source = of_socket;
	uint32_t events =
		(what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		curl_multi_assign(multi->curl, fd, NULL);
		return 0;
	}
	if (source)
		return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
	if (sd_event_add_io(multi->event, &source, fd, events, on_socket, multi) < 0)
		return -1;
	curl_multi_assign(multi->curl, fd, source);
	return 0;
}

int transfer_multi_new(sd_event *event, const struct transfer_multi_events *events,
		       struct transfer_multi **ret_multi)
{
	struct transfer_multi *multi = calloc(1, sizeof(*multi));
	int r = -ENOMEM;

	if (!multi)
		return r;
	multi->event = sd_event_ref(event);
	multi->events = *events;
	multi->curl = curl_multi_init();
	if (multi->curl)
		r = sd_event_add_time(event, &multi->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
				      multi);
	if (r < 0) {
		transfer_multi_free(multi);
		return r;
	}
	curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
	curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, arm_timer);
	curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
	*ret_multi = multi;
	return 0;
}

void transfer_multi_free(struct transfer_multi *multi)
{
	if (!multi)
		return;
	curl_multi_cleanup(multi->curl);
	sd_event_source_disable_unref(multi->timer);
	sd_event_unref(multi->event);
	free(multi);
}

int transfer_multi_add(struct transfer_multi *multi, CURL *curl)
{
	return curl_multi_add_handle(multi->curl, curl) == CURLM_OK ? 0 : -ENOMEM;
}

void transfer_multi_remove(struct transfer_multi *multi, CURL *curl)
{
	curl_multi_remove_handle(multi->curl, curl);
}

void transfer_multi_limit(struct transfer_multi *multi, unsigned int nr_connections)
{
	curl_multi_setopt(multi->curl, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)nr_connections);
}
