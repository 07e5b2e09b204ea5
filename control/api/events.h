/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams of events: one JSON object a line, resumable by sequence number. */
#pragma once

#include <stdint.h>

#include <systemd/sd-event.h>

struct api_streams;
struct edge;

/* At most max streams at once. Result: 0 and *ret_streams to be closed, or -errno. */
int api_events_streams_open(sd_event *event, struct edge *edge, unsigned int max,
			    struct api_streams **ret_streams);

/* The streams themselves are the HTTP server's and must have ended. NULL is allowed. */
void api_events_streams_close(struct api_streams *streams);

/* Wakes those who wait, if there are events that they have not seen. */
void api_events_streams_notify(struct api_streams *streams);
