/* SPDX-License-Identifier: BSD-3-Clause */
/* What this process uses, under the names that client libraries of Prometheus give it. */
#pragma once

#include <stdint.h>

/* What could not be read is 0. */
struct metrics_process {
	double started_s; /* since 1970 */
	double cpu_s;	  /* in user and kernel */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t fds;
	uint64_t fds_max;
};

/* Reads getrusage(2), getrlimit(2) and proc_pid_stat(5). */
void metrics_process_read(struct metrics_process *ret_process);
