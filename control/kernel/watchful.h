/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks whether packets still meet the programs that were put on the interfaces, whoever changed
 * that, and puts them back. What it finds it writes to settings.detached, where everybody sees it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/attach/attach.h"
#include "kernel/attach/desired.h"
#include "kernel/changes.h"

struct sp_settings;

/* What it looks at and acts on; all of it the owner's. */
struct watchful_site {
	struct attach_plan *plan;
	struct attach_outcome *outcomes; /* one a target */
	struct sp_settings *settings;
	struct changes *changes;
};

struct watchful {
	struct desired desired[ATTACH_MAX];
	bool made_anew[ATTACH_MAX];		       /* since its program was put there */
	char failed[ATTACH_MAX][KERNEL_SENTENCE_SIZE]; /* why the last attempt was in vain */
	uint64_t next_look_ns;			       /* 0: not begun */
	uint64_t lost, restored;		       /* how often */
};

/* The plan has been carried out: from now on it is to stay so. */
void kernel_watchful_begin(struct watchful *watchful, const struct watchful_site *site,
			   uint64_t now_ns);

/* The interface of a target was made anew: sockets of the old one are of no use. */
void kernel_watchful_made_anew(struct watchful *watchful, unsigned int target);

/* The kernel told something of a target's interface: look at once, and try again soon. */
void kernel_watchful_hurry(struct watchful *watchful, unsigned int target, uint64_t now_ns);

/* Puts what is wrong with a target's interface into words: empty if nothing is. */
void kernel_watchful_describe(const struct watchful *watchful, unsigned int target,
			      const char *name, char ret[KERNEL_SENTENCE_SIZE]);

/*
 * Looks if it is time to, and puts back what is missing. *ret_attached: a program was put
 * somewhere. Result: when to call again.
 */
uint64_t kernel_watchful_expire(struct watchful *watchful, const struct watchful_site *site,
				uint64_t now_ns, bool *ret_attached);
