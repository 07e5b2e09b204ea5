/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyport-runner is asked to do: see arguments.h. */
#pragma once

#include <stdint.h>

#include "arguments/arguments.h"

struct options {
	const char *config; /* sallyportd's: its socket and the builds' networks */
	const char *listen;
	const char *user;	      /* NULL: none */
	const char *allow;	      /* prefixes with commas; NULL: everybody */
	uint64_t max_lifetime_ns;     /* 0: the edge's */
	uint64_t linger_ns;	      /* 0: the edge's */
	uint64_t gone_ns;	      /* a VM whose port is silent for so long is gone */
	uint64_t look_ns;	      /* between two looks at all sessions */
	uint64_t max_sessions;	      /* at a time */
	uint64_t max_sessions_per_vm; /* new ones, in ten minutes */
};

/* Strings point into argv. What is wrong was said on stderr. */
enum arguments_action runner_options_parse(char **argv, struct options *ret_options);
