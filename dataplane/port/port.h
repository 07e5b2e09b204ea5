/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interfaces that packets come from and go to. By AF_XDP each RX queue of one is an ethdev of
 * its own, with one RX and one TX queue and its own buffers (the driver wants it so). A port that
 * DPDK itself drives is one ethdev (device.h), and its interface the kernel's face of it.
 */
#pragma once

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct exception;
struct rte_mempool;

#define PORTS_MAX	 2u
#define PORT_RING_FRAMES 2048u /* that wait for a worker in one queue, at most */

/*
 * What travels with a packet between the lcores, in its buffer's private area. A whole cache line,
 * so that the frame behind it begins one too: a 64-byte frame across two lines costs a third more
 * in the pipeline benchmark.
 */
struct port_note {
	struct sp_addr via; /* the neighbour it waits for */
	uint32_t out_port;  /* and the port that it is behind */
	uint32_t in_port;   /* where the packet came in */
	uint32_t seeks;	    /* it is a client on link, whose address a VM chose */
	uint64_t life;	    /* of its slot, when it began to wait */
} __attribute__((__aligned__(64)));

struct port {
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	uint32_t vlan;	      /* on that interface, 0: untagged */
	uint32_t hop_ifindex; /* that the kernel has routes and neighbours by */
	uint32_t role;	      /* enum sp_role */
	uint32_t nr_queues;
	const char *devargs;	     /* of a device that DPDK drives, NULL: AF_XDP */
	struct exception *exception; /* what has the kernel's share of it, NULL: the kernel has */
	uint16_t eth_ids[SP_QUEUES_MAX]; /* by queue */
	struct rte_mempool *pools[SP_QUEUES_MAX];
	int sockets[SP_QUEUES_MAX];			  /* the driver's, -1: not found */
	uint64_t lost[SP_QUEUES_MAX][SP_QUEUE_LOSSES_NR]; /* of each, as last looked at */
	uint32_t nr_buffers;				  /* of a device, for each queue */
	uint32_t hint_bytes;  /* how far before a frame the XDP program's hint is; 0: none */
	uint32_t frame_bytes; /* the longest frame that the buffers hold; the MTU may grow */
	bool outgrown;	      /* it has, and that was logged */
	bool has_link;	      /* of a device, as last looked at */
	uint64_t dialled_ns;  /* when a memif's client last did */
	int call_fd;	      /* of one that asks whether its server is back; -1: none */
	/* Written by the main lcore as the kernel says, read by workers. */
	_Atomic uint32_t mtu;
	_Atomic uint64_t link_addr; /* in the low 48 bits, as it lies in a frame */
};

struct ports {
	uint32_t nr;
	struct port port[PORTS_MAX];
};

/*
 * Learns an interface: its index, MTU, link address and number of RX queues. Result: 0 with *port
 * filled but for its ethdevs, or -errno: -ENODEV if there is no such interface, -ERANGE if it has
 * more than SP_QUEUES_MAX queues.
 */
int port_probe(struct port *port, const char *name, uint32_t role);

struct config;
struct sp_settings;

/*
 * Takes the port's VLAN from config. On a trunk sallyportd says behind which of the kernel's
 * interfaces the next hops are. Result: whether that is another one than before; port->hop_ifindex
 * is it now.
 */
bool port_find_hop(struct port *port, const struct config *config,
		   const struct sp_settings *settings);

/* Result: the bytes of EAL memory that the buffers of a port's queues take. */
uint64_t port_memory_bytes(const struct port *port);

/* Result: the longest frame that buffers made for that MTU take from the kernel. */
uint32_t port_frame_bytes(uint32_t mtu);

/*
 * Makes buffers with room for frames of that MTU, a struct port_note each. Result: the pool, or
 * NULL with rte_errno set. After EAL's start, main thread.
 */
struct rte_mempool *port_pool_make(const char *name, uint32_t nr_buffers, uint32_t mtu);

/* Result: whether the driver finds the XDP program and its map by their ids, for which it needs
 * CAP_SYS_ADMIN: that of DPDK before 24.07, which is not told where the map is pinned. */
bool port_finds_map_by_id(void);

/* Result: how far before a frame that came by AF_XDP, its tag taken off, the hint lies. */
uint32_t port_hint_bytes(const struct port *port);

/*
 * Makes and starts the AF_XDP ethdev of one queue, which puts its socket in the XDP program's map,
 * whose pin that is. Main thread, after EAL's start. Result: 0 or -errno. Undone by
 * port_close().
 */
int port_start_queue(struct port *port, uint32_t queue, const char *map);

/*
 * Stops and closes every ethdev of a port. It cannot be started again: that is broken in DPDK 22.11
 * for more than one queue.
 */
void port_close(struct port *port);
