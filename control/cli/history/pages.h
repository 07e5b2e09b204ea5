/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers that come page by page, asked for by options of the verb. */
#pragma once

#include "cli/talk/talk.h"

/* Takes a page. Result: how many there were so far, of what the verb lists. */
typedef size_t history_pages_taker(const struct cli *cli, const json_t *page, void *context);

/*
 * GETs base, a path with a limit, with the query arguments of the options that are given, until
 * there is no further page. Each is given to take; with -o json it is printed as it is, one after
 * the other.
 */
enum cli_exit history_pages_each(struct cli *cli, const char *base, history_pages_taker *take,
				 void *context);
