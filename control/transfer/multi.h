/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many transfers of libcurl on one sd-event loop. Nobody but transfer.c includes this. Everything
 * runs on the loop's thread.
 */
#pragma once

#include <curl/curl.h>
#include <systemd/sd-event.h>

struct transfer_multi;

struct transfer_multi_events {
	/* A transfer is over; its handle is no longer in the multi. */
	void (*over)(void *context, CURL *curl, CURLcode result);
	/* libcurl has done all that it can for now, and may be called again. */
	void (*settled)(void *context);
	void *context;
};

/* Result: 0, -ENOMEM, or what sd-event says. */
int transfer_multi_new(sd_event *event, const struct transfer_multi_events *events,
		       struct transfer_multi **ret_multi);

/* All handles must have been removed. NULL is allowed. */
void transfer_multi_free(struct transfer_multi *multi);

/* Result: 0 or -ENOMEM. It begins in a later turn of the loop. */
int transfer_multi_add(struct transfer_multi *multi, CURL *curl);
void transfer_multi_remove(struct transfer_multi *multi, CURL *curl);

/* No more connections than these at a time: other transfers wait for one. */
void transfer_multi_limit(struct transfer_multi *multi, unsigned int nr_connections);
