/* SPDX-License-Identifier: BSD-3-Clause */
/* The executables of the hooks' directory, and running one of them for an event. */
#pragma once

#include <stdint.h>

struct notice;

/* Owned names, in the order of bytes. */
struct script_list {
	char **name;
	unsigned int nr;
};

/*
 * Lists the executable files whose names begin with a letter or a digit and end with neither "~"
 * nor a package manager's suffix. Result: 0 or -errno.
 */
int hooks_script_list(const char *directory, struct script_list *ret_list);
void hooks_script_list_clear(struct script_list *list);

/*
 * Runs DIRECTORY/NAME TYPE BUILD with the event's JSON as its standard input and SALLYPORT_… in its
 * environment, and waits for it. It is killed, with its process group, after limit_ns; it dies with
 * us. Result: 0 if it exited with 0; its exit status or 128 + the signal that ended it;
 * -ETIMEDOUT; or -errno if it could not be run.
 */
int hooks_script_run(const char *directory, const char *name, const struct notice *notice,
		     uint64_t limit_ns);
