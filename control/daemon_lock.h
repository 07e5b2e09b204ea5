/* SPDX-License-Identifier: BSD-3-Clause */
/* One sallyportd for each state directory: a lock file that names who holds it. */
#pragma once

#include <sys/types.h>

/*
 * Takes state_dir/lock, making both if need be, and writes our pid into it. The lock goes with the
 * process. Result: a descriptor to close, or -errno; -EEXIST with *ret_holder set (0 if unknown)
 * when another process has it.
 */
int daemon_lock(const char *state_dir, pid_t *ret_holder);
