/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP requests that others answer, many at a time, by libcurl on an sd-event loop. Everything here
 * runs on the loop's thread; callbacks come from the loop, never from within a call of these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

struct transfer;
struct transfers;

#define TRANSFER_HEADERS_MAX 3

/* How an answer came to be, or why there is none. */
struct transfer_end {
	int error; /* 0: an answer, whatever its status; -ENOTCONN: it was never sent; -ETIMEDOUT or
		      -EIO: it may have been; -EMSGSIZE: the answer is too long */
	const char *reason; /* of the error, static */
	unsigned int status;
	const char *content_type; /* "" if it is not said */
	const char *body;	  /* ends with a NUL that is not counted; not of a stream */
	size_t body_bytes;
};

/* What is asked for. All of it is copied but the callbacks' context. */
struct transfer_request {
	const char *method; /* to HEAD no body comes, whatever the answer's head says */
	const char *url;
	const char *socket; /* a UNIX socket to connect to; NULL: the URL's host */
	const char *header[TRANSFER_HEADERS_MAX]; /* "Name: value"; NULLs are passed over */
	const void *body;			  /* NULL: none */
	size_t body_bytes;
	size_t answer_bytes;	 /* the longest answer that is kept, and the most of a stream that
				    comes before its lines are told */
	unsigned int connect_ms; /* 0: libcurl's own limit */
	unsigned int limit_ms;	 /* until the whole answer is there; 0: none */
	const char *ca_file;	 /* of those that may certify a server; NULL: the system's */
	/*
	 * Called for each line of a stream as it comes, without its end; empty ones are passed
	 * over. It may cancel the transfer. NULL: the body is collected.
	 */
	void (*line)(void *context, const char *line, size_t bytes);
	/*
	 * Called with each part of an answer of 200 as it comes, first with none, once its head is
	 * there. It may cancel the transfer. Not together with line(). NULL: the body is collected,
	 * as that of any other status.
	 */
	void (*part)(void *context, const struct transfer_end *part);
	/* Called once, unless cancelled; the transfer is gone with it. */
	void (*end)(void *context, const struct transfer_end *end);
	void *context;
};

/* Result: 0, -ENOMEM, or what sd-event says. */
int transfer_open(sd_event *event, struct transfers **ret_transfers);

/* No more connections than these at a time: other transfers wait for one, and their time goes on.
 */
void transfer_limit(struct transfers *transfers, unsigned int nr_connections);

/* Cancels all that are left. Not from a callback. NULL is allowed. */
void transfer_close(struct transfers *transfers);

/* Result: 0 and a transfer that lives until its end or transfer_cancel(); or -ENOMEM. */
int transfer_start(struct transfers *transfers, const struct transfer_request *request,
		   struct transfer **ret_transfer);

/* Nothing is heard of it any more. What was asked may have been done. NULL is allowed. */
void transfer_cancel(struct transfer *transfer);
