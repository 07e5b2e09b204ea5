/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a hook for an event. */
#pragma once

#include <stdint.h>

struct notice;

/*
 * Runs DIRECTORY/NAME TYPE BUILD with the event's JSON as its standard input and SALLYPORT_… in its
 * environment, and waits for it. It is killed, with its process group, after limit_ns; it dies with
 * us. Result: 0 if it exited with 0; its exit status or 128 + the signal that ended it;
 * -ETIMEDOUT; or -errno if it could not be run.
 */
int hooks_script_run(const char *directory, const char *name, const struct notice *notice,
		     uint64_t limit_ns);
