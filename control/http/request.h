/* SPDX-License-Identifier: BSD-3-Clause */
/* What server.c and request.c share; nobody else includes this. */
#pragma once

#include <sys/queue.h>

#include <microhttpd.h>

#include "http/client.h"
#include "http/server.h"

enum http_phase {
	HTTP_PHASE_HEADERS,  /* nothing but the URI is known */
	HTTP_PHASE_BODY,     /* reading the body */
	HTTP_PHASE_HANDLING, /* inside options.handle */
	HTTP_PHASE_WAITING,  /* suspended until there is an answer */
	HTTP_PHASE_ANSWERED, /* an answer is ready to be queued */
	HTTP_PHASE_SENDING,  /* queued; a stream may be read */
};

struct http_request {
	struct http_server *server;
	struct MHD_Connection *connection;
	struct http_client *client;    /* may be NULL */
	LIST_ENTRY(http_request) link; /* of server->requests */
	enum http_phase phase;
	bool head;
	bool stream_idle; /* suspended because the stream had nothing */
	int error;
	int fd;
	uint64_t began_ns;
	const void *tag;    /* the handler's */
	const char *method; /* MHD's, as long as the request */
	const char *wrong;  /* about the form of its head: a static sentence, or NULL */
	char *path;
	char *body;
	size_t body_bytes;
	size_t body_space;
	size_t body_limit;
	size_t dropped_bytes;
	struct ucred peer;
	struct http_answer answer;
	struct http_stream stream; /* read is NULL without one */
	bool finishing;		   /* the stream was told that the server closes */
};

struct http_server {
	struct MHD_Daemon *mhd;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event_source *soon;	/* at the next turn of the loop */
	sd_event_source *sweep; /* looks for clients that are late */
	bool closing;
	bool resumed; /* a connection was: libmicrohttpd has work that it does not tell of */
	struct http_server_options options;
	LIST_HEAD(http_requests, http_request) requests;
	struct http_clients clients;
	size_t bodies_space; /* of all requests */
};

/* MHD's callbacks for one request, in the order of its life. */
void *http_request_begin(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_request_advance(void *server, struct MHD_Connection *connection,
				     const char *url, const char *method, const char *version,
				     const char *upload, size_t *upload_bytes, void **request);
void http_request_end(void *server, struct MHD_Connection *connection, void **request,
		      enum MHD_RequestTerminationCode reason);

/* Lets go of a request that waits, because the server closes. */
void http_request_dismiss(struct http_request *request);
