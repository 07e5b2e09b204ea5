/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyport-hooks is asked to do: see arguments.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arguments/arguments.h"

struct options {
	const char *socket;
	const char *cursor;
	const char *directory;
	bool may_lack_directory; /* the usual one is not there, and there is a webhook */
	const char *webhook;	 /* NULL: none */
	const char *headers;	 /* a file with headers for it; NULL: none */
	const char *keys;	 /* a file with keys to sign with; NULL: none */
	const char *dead_letters;
	bool redeliver;		/* these, once, instead of following events */
	const char *from;	/* "oldest" or "now": where to begin without a cursor */
	uint64_t tries;		/* of one hook with one event; 0: for as long as it takes */
	uint64_t time_limit_ns; /* of one hook, of one post */
	uint64_t retry_min_ns;
	uint64_t retry_max_ns;
};

/* Strings point into argv. What is wrong was said on stderr. */
enum arguments_action hooks_options_parse(char **argv, struct options *ret_options);
