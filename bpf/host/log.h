/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemons' log: sentences, with key=value behind them. To the journal where standard error
 * leads there, else to standard error. Only those who decide log; libraries return results.
 */
#pragma once

#include <syslog.h>

/*
 * Writes one message of a syslog level (LOG_ERR …), printf-like. Control characters are escaped, so
 * that nothing a peer said can begin a line of its own. Any thread.
 */
void log_write(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Messages above this level are left out; LOG_INFO at first. */
void log_set_level(int level);

#define log_error(...)	 log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)
