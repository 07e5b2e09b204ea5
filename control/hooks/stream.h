/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream of events, line by line, over the daemon's UNIX socket. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct stop;
struct stream;

/* Begins a request for the events after since, or for all there are. Result: 0 or -ENOMEM. */
int hooks_stream_open(const char *socket, bool has_since, uint64_t since,
		      struct stream **ret_stream);
void hooks_stream_close(struct stream *stream); /* NULL is allowed */

/*
 * Waits for the next line. What is not asked for is not read, so a slow reader slows the writer.
 * Result: 1 and *ret_line, good until the next call; 0 if the stream ended; -ETIMEDOUT if nothing,
 * not even a heartbeat, came for 45 s; -EINTR asked to stop; -ENOMEM; -EIO and *ret_reason
 * (static) if the daemon cannot be reached.
 */
int hooks_stream_next(struct stream *stream, const struct stop *stop, const char **ret_line,
		      const char **ret_reason);

/* Result: the status of the answer, 0 if there is none yet. */
unsigned int hooks_stream_status(struct stream *stream);
