/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP over the daemon's UNIX socket. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct client;

struct client_answer {
	unsigned int status;
	char *content_type; /* owned, may be NULL */
	char *body;	    /* owned, NUL-terminated, never NULL after success */
	size_t body_bytes;
};

/* Result: 0 and *ret_client, to be closed, or -ENOMEM. */
int talk_client_open(const char *socket, struct client **ret_client);

/* NULL is allowed. */
void talk_client_close(struct client *client);

/* From now on another socket is called. Result: 0 or -ENOMEM. */
int talk_client_move(struct client *client, const char *socket);

/* From now on a call fails that takes longer. Without this it waits for as long as it takes. */
void talk_client_set_time_limit(struct client *client, long limit_ms);

/* From now on a call that waits ends with -ECANCELED once *stop is set, as by a signal's handler.
 */
void talk_client_stop_by(struct client *client, const volatile sig_atomic_t *stop);

/*
 * From now on a call that waits looks at an input besides, and gives it to hear: when there is
 * something to read, and each half second when there is not. Result of hear: whether to go on
 * waiting; else the call ends with -ECANCELED. hear makes no call itself.
 */
void talk_client_listen(struct client *client, int fd, bool (*hear)(void *context, bool input),
			void *context);

/*
 * Sends one request and waits for the whole answer. json is the body, NULL for none.
 * Result: 0 and *ret_answer to be cleared, whatever its status; -ENOMEM; -EPIPE when the daemon
 * goes away in the middle of its answer; -EACCES when the caller may not open the socket; or -EIO
 * when it cannot be reached otherwise; with talk_client_error() saying why.
 */
int talk_client_call(struct client *client, const char *method, const char *path, const char *json,
		     struct client_answer *ret_answer);

/*
 * GETs path and gives each line of a 200 to take as it arrives, without its newline, until the
 * stream ends. Another status is put in *ret_answer as by talk_client_call().
 * Result: as talk_client_call().
 */
int talk_client_lines(struct client *client, const char *path,
		      void (*take)(void *context, const char *line), void *context,
		      struct client_answer *ret_answer);

/*
 * GETs path and gives the body of a 200 to take as it arrives, until the stream ends or take says
 * no more by false. Another status is put in *ret_answer as by talk_client_call().
 * Result: as talk_client_call(), or -ECANCELED when take has said no more.
 */
int talk_client_bytes(struct client *client, const char *path,
		      bool (*take)(void *context, const char *data, size_t bytes), void *context,
		      struct client_answer *ret_answer);

/* Why the last call failed; as long as the client. */
const char *talk_client_error(const struct client *client);

/* Result: text percent-encoded for a path segment or a query value, to be freed, or NULL. */
char *talk_client_escape(struct client *client, const char *text);

void talk_client_answer_clear(struct client_answer *answer);
