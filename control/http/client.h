/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections to an http_server: who has how many, and until when the next thing must have come.
 * Nobody but the server includes this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <microhttpd.h>

#include <sallyport/addr.h>

/* Connections beside the limit, held for a moment to be told that they are too many. */
#define HTTP_CLIENT_LOBBY 16

struct http_client {
	LIST_ENTRY(http_client) link;
	int fd;
	uid_t uid;	     /* (uid_t)-1 on a socket that cannot tell */
	struct sp_addr addr; /* of a TCP socket, else :: */
	int refused;	     /* 0; -EUSERS: too many of its user; -EBUSY: too many in all */
	bool answering;	     /* a word on top would be taken for a part of the answer */
	uint64_t until_ns;   /* the next request, or the rest of it, must have come by then */
};

LIST_HEAD(http_clients, http_client);

/* MHD's callback for connections; context is the server. */
void http_client_notify(void *server, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode code);

/* Result: the connection's client, NULL when there was no memory for one. */
struct http_client *http_client_of(struct MHD_Connection *connection);

/*
 * A request has begun, is complete, its answer is on its way (answer_s 0: for as long as it takes),
 * and taken. client may be NULL.
 */
void http_client_begun(struct http_client *client, unsigned int request_s);
void http_client_complete(struct http_client *client);
void http_client_answering(struct http_client *client, unsigned int answer_s);
void http_client_answered(struct http_client *client, unsigned int within_s);

/* Sends a last word to those that are late, and ends them. */
void http_client_end_late(struct http_clients *clients, const char *last_word);
