/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams of this edge's sallyportd, passed on to who asked the fleet. */
#pragma once

#include <sys/queue.h>

struct http_request;
struct talk_local;
struct talk_stream;

LIST_HEAD(talk_streams, talk_stream);

/* Answers the request, a GET or a HEAD, with what sallyportd answers to the same of path, bit by
 * bit; with 429 if there are as many streams as there may be. */
void talk_stream_start(struct talk_streams *streams, const struct talk_local *local,
		       const char *path, struct http_request *request);

/* Before the server is closed, which ends those that have begun. */
void talk_stream_cancel_all(struct talk_streams *streams);
