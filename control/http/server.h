/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An HTTP/1.1 server inside an sd-event loop. Everything here runs on the loop's thread. The server
 * knows nothing of what it serves: it hands each complete request to one handler, which answers at
 * once, later, or with a stream.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "http/answer.h"

struct http_server;
struct sp_addr;
struct http_request;

/* What became of a request. */
struct http_answered {
	const void *tag; /* what http_request_tag() was given last, NULL without */
	unsigned int status;
	uint64_t took_ns;  /* from the request's first line */
	size_t body_bytes; /* of the answer; of a stream 0 */
};

struct http_server_options {
	int listen_fd;			      /* listening and non-blocking; taken over */
	unsigned int nr_connections;	      /* more are handed to the handler as an error */
	unsigned int nr_connections_per_user; /* 0: no such limit */
	unsigned int nr_connections_per_addr; /* the same, of one address on a TCP socket */
	unsigned int idle_s;		      /* a connection silent for so long is closed */
	unsigned int request_s;		      /* a request must have come within so long */
	unsigned int answer_s; /* and its answer, unless a stream, been taken; 0: for ever */
	const char *late;      /* sent as it is to those who take longer; outlives the server */
	/* Result: whether one on a TCP socket is heard at all. NULL: everybody. */
	bool (*admits)(void *context, const struct sp_addr *peer);
	/* The longest body that is kept for a path as it came. */
	size_t (*body_limit)(void *context, const char *path);
	/* How much memory all bodies may take at a time; NULL: no such limit. */
	size_t (*bodies_limit)(void *context);
	/*
	 * Called once for each request, its body read. It may call http_request_answer() or
	 * http_request_stream() before it returns; otherwise the client waits until it does.
	 */
	void (*handle)(void *context, struct http_request *request);
	/* Told of each answer as it is made, that of a stream when it begins; may be NULL. */
	void (*answered)(void *context, const struct http_request *request,
			 const struct http_answered *answered);
	void *context;
};

#define HTTP_STREAM_END	  (-1)
#define HTTP_STREAM_BREAK (-2)

/* A body made while it is sent. */
struct http_stream {
	const char *content_type; /* static */
	/*
	 * Result: bytes put in buffer, 0 for none now (asked again after http_request_wake()),
	 * HTTP_STREAM_END, or HTTP_STREAM_BREAK: the client is not to take it for the whole.
	 */
	ssize_t (*read)(void *context, char *buffer, size_t size_bytes);
	/*
	 * The server closes: read() gives last words, and then HTTP_STREAM_END. NULL for one that
	 * breaks off then, so that nobody takes a part for the whole.
	 */
	void (*finish)(void *context);
	/* Called once, when the client has gone or at the end; may be NULL. */
	void (*release)(void *context);
	void *context;
};

/*
 * Starts serving on options->listen_fd, which belongs to the server from here on, also on failure.
 * Result: 0, -ENOMEM, or what sd-event says.
 */
int http_server_open(sd_event *event, const struct http_server_options *options,
		     struct http_server **ret_server);

/*
 * Ends all streams, answers those who still wait with 503, closes all connections. Answers that are
 * ready are sent as far as the sockets take them. The handler is not called any more: what arrives
 * meanwhile is answered with 503, too. NULL is allowed.
 */
void http_server_close(struct http_server *server);

/* The method; a HEAD request says GET, and its body is not sent. */
const char *http_request_method(const struct http_request *request);

/* Whether it is a HEAD request: a handler need not make a body then. */
bool http_request_is_head(const struct http_request *request);

/* The path as it came, still percent-encoded, without the query. */
const char *http_request_path(const struct http_request *request);

/* The body and its length; terminated by a NUL that is not counted. Never NULL. */
const char *http_request_body(const struct http_request *request, size_t *ret_bytes);

/* Result: 0, -EUSERS or -EBUSY for too many connections of the user or address, or in all, -EBADMSG
 * for a head of wrong form, -E2BIG for a body over the limit (not kept), -ENOBUFS when those that
 * are kept leave no room for it, -ENOMEM when it could not be kept. */
int http_request_error(const struct http_request *request);

/* Result: the longest body that is kept of it. */
size_t http_request_body_limit(const struct http_request *request);

/* Result: with -EBADMSG, a static sentence that says what is wrong. */
const char *http_request_wrong(const struct http_request *request);

/* Who connected, as the kernel saw it then; uid is (uid_t)-1 on a socket that cannot tell. */
struct ucred http_request_peer(const struct http_request *request);

/* The connection's socket, for further questions about the peer. */
int http_request_fd(const struct http_request *request);

/* The decoded value of a query argument, "" if it has none, NULL if it is absent. */
const char *http_request_query(const struct http_request *request, const char *name);

/* Calls visit for each query argument until it returns false. */
void http_request_each_query(const struct http_request *request,
			     bool (*visit)(void *context, const char *name), void *context);

/* The value of a request header, of one that is repeated any; NULL if absent. */
const char *http_request_header(const struct http_request *request, const char *name);

/* Result: how often a request header is there. */
unsigned int http_request_count_headers(const struct http_request *request, const char *name);

/* Keeps a word of the handler's with a request, for answered(); tag outlives the request. */
void http_request_tag(struct http_request *request, const void *tag);

/*
 * Answers, and takes over what the answer owns: *answer is empty afterwards. May be called once,
 * within the handler or later; the request is not to be touched after.
 */
void http_request_answer(struct http_request *request, struct http_answer *answer);

/*
 * Answers 200 with a stream. Result: 0 and the stream will be released by the server, or -ENOMEM
 * and nothing has happened.
 */
int http_request_stream(struct http_request *request, const struct http_stream *stream);

/* Says that the stream of this request has something to read again. */
void http_request_wake(struct http_request *request);
