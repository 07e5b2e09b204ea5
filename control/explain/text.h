/* SPDX-License-Identifier: BSD-3-Clause */
/* What a dead, pending or refused port says to the one who dialled it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sallyport/table.h>

struct build;
struct forward;
struct instant;
struct node;

enum explain_mode {
	EXPLAIN_OFF,
	EXPLAIN_BRIEF, /* nothing about the build */
	EXPLAIN_FULL,
};

/* One who dials, and what was dialled. build, node and forward are NULL for a port forgotten since.
 */
struct explain_call {
	const struct build *build;
	const struct node *node;
	const struct forward *forward;
	struct sp_addr client;
	bool guest;	  /* the client has been connected to this build */
	bool vm;	  /* the client is one of the builds' own machines */
	bool own_address; /* one of a prefix of which each session has its own */
	enum explain_mode mode;
	const struct instant *now;
};

/*
 * Writes one sentence or two, without a line break. Whatever the mode, strangers are told nothing
 * of a build: that is all but its guests and those whom its allow-list names, by a prefix that is
 * not everybody; and every VM. Result: 0, or -ENOENT if there is nothing to say (EXPLAIN_OFF, or a
 * forward that does not speak SSH).
 */
int explain_text(const struct explain_call *call, char *ret_text, size_t size_bytes);
