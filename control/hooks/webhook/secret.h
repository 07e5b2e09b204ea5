/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of secrets, read line by line. */
#pragma once

#include <stddef.h>

#define WEBHOOK_REASON_BYTES 256

/* Given a line that is neither empty nor a comment, without its end. Result: NULL, or what is wrong
 * with it: a static string. */
typedef const char *webhook_secret_taker(void *context, const char *line);

/*
 * Gives each line of a file, which nobody but its owner and group may read, to take. Empty lines
 * and those that begin with # are passed over. What was read is wiped from memory here. Result: 0,
 * or -errno with ret_reason saying "FILE: why" or "FILE:LINE: why".
 */
int webhook_secret_read(const char *path, webhook_secret_taker *take, void *context,
			char ret_reason[WEBHOOK_REASON_BYTES]);
