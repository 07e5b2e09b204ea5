/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way between a port that DPDK drives and the kernel. A thread of its own moves frames between
 * workers and the TAPs that are the kernel's faces of such ports: system calls cost what a worker
 * has not. Rings of fixed size lie between, so that a flood of frames for the kernel costs a worker
 * a few stores a burst, and leases nothing. What finds no room is dropped by whoever has it.
 *
 * Frames from the wire may be of any worker; those for it all go to worker 0.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "port/port.h"

#define EXCEPTION_RING 1024u /* frames in each ring; a power of two */

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

struct exceptions;

/* Of one port. */
struct exception {
	struct exceptions *all;
	struct rte_ring *to_kernel;
	struct rte_ring *to_wire;
	struct rte_mempool *pool; /* of what the kernel sends */
	int tap_fd;
};

struct exceptions {
	struct exception of[PORTS_MAX];
	uint32_t nr;
	int wake_fd; /* an eventfd: frames for the kernel, or the end */
	pthread_t thread;
	bool runs;
	_Atomic bool asleep; /* the thread is, or is about to be: it wants to be woken */
	_Atomic bool stop;
};

/* Result: 0, or -errno. Undone by exceptions_close(), which takes one that is all zero too. */
int exceptions_open(struct exceptions *exceptions);

/*
 * Takes the TAP of a port for it, whose MTU frames must fit. Before exceptions_start(). Result: 0
 * with port->exception set, or -errno as tap_open().
 */
int exceptions_add(struct exceptions *exceptions, struct port *port);

/* Starts the thread, on the CPUs of the caller, if there is a port. Result: 0 or -errno. */
int exceptions_start(struct exceptions *exceptions);

/* Ends the thread and frees what waits. After the workers have ended. */
void exceptions_close(struct exceptions *exceptions);

/* Result: how many frames find room beside what is urgent, for which a quarter is kept. */
uint32_t exception_room(const struct exception *exception);

/* A worker's: hands frames to the kernel. Result: how many; the rest stays the caller's. */
uint32_t exception_give(struct exception *exception, struct rte_mbuf **mbufs, uint32_t nr);

/* Worker 0's: takes what the kernel has sent. Result: how many. */
uint32_t exception_take(struct exception *exception, struct rte_mbuf **mbufs, uint32_t nr);
