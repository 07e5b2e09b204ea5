/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the XDP program redirected and the interface it was to leave by did not take: counted where
 * the kernel tells of it, for as long as this process lives.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/redirects.h>

#include "kernel/pins/names.h"

/* Of public.interface and of builds.interface; if they are one, all is the first's. */
struct kernel_redirects {
	bool counted; /* else the kernel cannot say, and all is 0 */
	uint64_t lost[2][SP_REDIRECT_LOSSES_NR];
};

struct mirror_interface;
struct redirects;

/*
 * Begins to count. Result: 0 and *ret_redirects, or -errno and *ret_reason, a sentence to be freed
 * by the caller.
 */
int kernel_redirects_open(struct redirects **ret_redirects, char **ret_reason);

/* NULL is allowed. */
void kernel_redirects_close(struct redirects *redirects);

/*
 * From now on these two interfaces of this network namespace are ours; their names are kept by
 * reference. NULL is allowed.
 */
void kernel_redirects_follow(struct redirects *redirects,
			     const struct mirror_interface *interfaces);

/*
 * Looks, once a second at most; NULL is allowed. Result: whether something is lost that was not
 * for a while: *ret_what, a sentence without its stop that begins with the interface's name.
 */
bool kernel_redirects_look(struct redirects *redirects, uint64_t now_ns,
			   char ret_what[KERNEL_SENTENCE_SIZE]);

/* Result: what was seen by the last look. NULL is allowed. */
struct kernel_redirects kernel_redirects_seen(const struct redirects *redirects);

/*
 * Writes a sentence as above for each interface and reason that something was lost for of late, at
 * most max; NULL is allowed. Result: how many.
 */
unsigned int kernel_redirects_warn(const struct redirects *redirects, uint64_t now_ns,
				   char (*ret_what)[KERNEL_SENTENCE_SIZE], unsigned int max);
