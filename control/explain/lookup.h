/* SPDX-License-Identifier: BSD-3-Clause */
/* The sk_lookup program of bpf/explain.bpf.c, held by this process. */
#pragma once

struct explain_lookup;

/*
 * Loads the program on the table pinned below bpf_dir, gives it the two listening sockets (-1: that
 * family is off) and attaches it to this network namespace. Result: 0 or -errno, with *ret_reason
 * (to be freed) saying what failed.
 */
int explain_lookup_open(const char *bpf_dir, const int listen_fd[2],
			struct explain_lookup **ret_lookup, char **ret_reason);

/* Detaches. NULL is allowed. */
void explain_lookup_close(struct explain_lookup *lookup);
