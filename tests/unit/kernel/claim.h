/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A directory of the BPF file system for one run of a test. It is a lock that says whether the run
 * is alive, not a process id: another run may have its process ids, or not see this one's.
 */
#pragma once

#define CLAIM_DIR_BYTES 64

struct claim {
	char dir[CLAIM_DIR_BYTES];
	int lock_fd;
};

/* Makes a directory of its own and holds it while the process lives. Result: 0 or -errno. */
int claim_make(struct claim *ret_claim);

/* Removes it with all that is in it. */
void claim_remove(struct claim *claim);

/* Removes what runs that were killed have left, and nothing of one that is alive. */
void claim_sweep(void);
