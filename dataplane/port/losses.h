/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What AF_XDP sockets lose before a worker sees it. The driver tells of one of the kernel's
 * counters only, so the kernel is asked itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct port;

#define LOSSES_FDS 4096u

/* The AF_XDP sockets that this process has. */
struct losses_sockets {
	bool is_one[LOSSES_FDS]; /* by descriptor */
};

void losses_sockets_list(struct losses_sockets *ret);

/* Result: a socket that is in now but not in before, -1 if there is none. */
int losses_sockets_new(const struct losses_sockets *before, const struct losses_sockets *now);

/*
 * Adds what a port's sockets, or its device, have lost since the last call to their queues'
 * records. Result: how many frames that is.
 */
uint64_t losses_count(struct port *port, struct sp_queue *records);
