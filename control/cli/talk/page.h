/* SPDX-License-Identifier: BSD-3-Clause */
/* One page of a list of the API, asked for by options of the verb. */
#pragma once

#include "cli/talk/talk.h"

/* An option, and what it is in the query. */
struct page_argument {
	const char *option; /* NULL ends them */
	const char *name;
	const char *flag; /* what is sent of one without a value, else NULL */
};

/*
 * GETs the page behind number after of base, a path with a limit, with the arguments that are
 * given. Result: CLI_EXIT_OK and *ret_answer, to be cleared; or it was told what went wrong.
 */
enum cli_exit talk_page_get(struct cli *cli, const char *base,
			    const struct page_argument *arguments, json_int_t after,
			    struct client_answer *ret_answer);
