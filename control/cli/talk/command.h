/* SPDX-License-Identifier: BSD-3-Clause */
/* What another program prints. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct command {
	const char *const *argv; /* the program is looked for in PATH; ends with NULL */
	uint64_t limit_ns;	 /* it is killed when it takes longer */
	size_t max_bytes;	 /* or prints more */
};

/*
 * Runs a program, without input and with our stderr, and waits for it. Result: 0 and *ret_text, its
 * output, to be freed; or with *ret_reason (a text to be freed, NULL without memory)
 * -ETIMEDOUT, -EFBIG, -EIO: it failed, or -errno: it cannot be run. What it printed is let go then.
 */
int talk_command_run(const struct command *command, char **ret_text, char **ret_reason);
