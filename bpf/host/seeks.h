/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients on link that the kernel was asked to look for and has not found. A VM can name whatever
 * address it likes as its client's, and each that the kernel looks for is an entry in its table of
 * neighbours, which all of this host share: so a lease has a few such at a time, and all leases
 * together have as many as leave the table below the size at which the kernel drops others' entries
 * (SEEKS_MAX begin a second, and each is there for some 18: 3 s it is looked for, and the kernel
 * collects what it has not found every 15 s. net.ipv4.neigh.default.gc_thresh2 is 512). One that is
 * found gives its place back at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#define SEEKS_MAX	24u
#define SEEKS_PER_LEASE 4u
#define SEEKS_NS	1000000000ull

struct seek {
	struct sp_addr addr;
	uint32_t interface;  /* as the user counts them */
	uint32_t generation; /* of the lease whose packet asked first */
	uint64_t until_ns;   /* its place is free then; 0: it is free */
};

/* All zero is an empty one. */
struct seeks {
	struct seek seek[SEEKS_MAX];
};

/*
 * A lease's packet needs that client's link address. Result: whether the kernel may be asked for
 * it. If not, the packet is one of those that are counted as no_neighbour.
 */
bool seeks_may(struct seeks *seeks, const struct sp_addr *addr, uint32_t interface,
	       uint32_t generation, uint64_t now_ns);

/* It has been found. */
void seeks_found(struct seeks *seeks, const struct sp_addr *addr, uint32_t interface);
