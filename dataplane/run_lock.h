/* SPDX-License-Identifier: BSD-3-Clause */
/* One sallyport-dp for each edge: a lock file that names who holds it. */
#pragma once

#include <sys/types.h>

/*
 * Takes run_dir/dp.lock, making both if need be, and writes our pid into it. The lock goes with the
 * process. Result: a descriptor to close, or -errno; -EEXIST with *ret_holder set (0 if unknown)
 * when another process has it.
 */
int run_lock_take(const char *run_dir, pid_t *ret_holder);
