/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A grace period of the kernel: the wait until every run of a BPF program that has begun is over.
 *
 * membarrier(2) grants one by MEMBARRIER_CMD_GLOBAL, but not on a host with CPUs set apart by
 * nohz_full. There, and where a sandbox refuses the call, a map is put into a map of maps: the
 * kernel does not come back from that before all programs have left the one it replaces.
 */
#pragma once

#include <stdbool.h>

struct grace {
	bool membarrier; /* the kernel says it has it */
	int outer_fd;	 /* -1: neither privilege nor need */
	int inner_fd;
};

/* Result: 0, or -EOPNOTSUPP where neither way is open. */
int table_grace_open(struct grace *ret_grace);
void table_grace_close(struct grace *grace);

/* Blocks for some milliseconds. Any thread, one at a time. Result: 0 or -errno. */
int table_grace_wait(const struct grace *grace);

/* All of the above in one, for what happens rarely. Result: 0 or -errno. */
int table_grace_once(void);
