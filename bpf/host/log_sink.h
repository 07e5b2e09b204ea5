/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where lines of the log go. No call waits for whoever reads them: what the journal of the system
 * or the stream does not take at once is dropped and counted. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Which socket the journal listens on: that of this host unless a test says so. Static storage. */
void log_sink_set_journal(const char *path);

/* One record of "KEY=value" entries, values without newlines. Result: whether it was taken. */
bool log_sink_journal(const struct iovec *entries, unsigned int nr_entries);

/* One line to stderr, of at most PIPE_BUF with its newline. Result: whether it was taken. */
bool log_sink_stderr(const char *line, size_t length);

/* Result: how many of both were not, ever. */
uint64_t log_sink_dropped(void);
