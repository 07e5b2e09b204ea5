/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that DPDK itself drives: a NIC, or a virtual device, one ethdev with a queue for each
 * worker. The kernel sees of it what is given to its exception interface (exception.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/port.h"

struct rte_mempool;

/*
 * Makes buffers with room for frames so long. Their pool holds up nobody while a thread that
 * shares its CPU is put off inside of it. Result: NULL with rte_errno set. After EAL's start.
 */
struct rte_mempool *device_pool_make(const char *name, uint32_t nr_buffers, uint32_t frame_bytes);

/* Result: how many members a bond's arguments name, 1 for any other device. */
uint32_t device_members(const char *devargs);

/*
 * Takes a device for a port whose interface has been probed: port->frame_bytes, nr_queues, one for
 * each worker, and nr_buffers, for the members of the larger bond of both ports, are set for it.
 * Before EAL's start.
 */
void device_take(struct port *port, const char *devargs, uint32_t nr_workers, uint32_t nr_members);

/*
 * Starts the device: port->link_addr is its link address then. Main thread, after EAL's start.
 * Result: 0, or -errno with *ret_why set to a sentence (static) where more is known. Undone by
 * port_close().
 */
int device_start(struct port *port, const char **ret_why);

/* Result: whether the device has a link; up to a second old. */
bool device_has_link(const struct port *port);

/* Result: whether it has no link, and has to dial a peer that is there (memif.h); one that takes
 * its time is asked again by the next call. */
bool device_dials(struct port *port);

/* Dials again. No worker may poll meanwhile. */
void device_redial(struct port *port);

/* Result: the bytes of EAL memory that buffers of it and of its exception interface take. */
uint64_t device_memory_bytes(const struct port *port);

/* Result: the driver's name. */
const char *device_driver_name(const struct port *port);
