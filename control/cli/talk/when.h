/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of the API, which are UTC, as people read them. */
#pragma once

#include "cli/talk/talk.h"

#define WHEN_SIZE 48

/*
 * Writes a string member that is a time: local with its distance from UTC, or as it is with --utc.
 * Result: ret_text, "-" if there is none, and any other text as it is.
 */
const char *talk_when(const struct cli *cli, const json_t *object, const char *name,
		      char ret_text[WHEN_SIZE]);

/* The same for narrow columns: "18:30", or with its day if that is not today's. */
const char *talk_when_short(const struct cli *cli, const json_t *object, const char *name,
			    char ret_text[WHEN_SIZE]);
