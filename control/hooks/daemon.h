/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyportd is asked for, beside its stream of events. */
#pragma once

#include <stdint.h>

#define HOOKS_EDGE_BYTES 256

struct hooks_daemon {
	char edge[HOOKS_EDGE_BYTES]; /* its name */
	uint64_t newest;	     /* the number of the newest event */
};

/* Asks for some seconds at most. Result: 0, -ENOMEM, or -EIO if there is no answer. */
int hooks_daemon_ask(const char *socket, struct hooks_daemon *ret_daemon);
