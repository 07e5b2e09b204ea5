/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "port/memif.h"

#include "host/boottime.h"
#include "host/config_questions.h"
#include "host/frames.h"

/* As for AF_XDP: a ring of reception, those of transmission of both ports, and what waits. Each
 * member of a bond has such rings. */
#define BUFFERS_PER_MEMBER 8192u
#define BUFFER_CACHE	   256u
#define TAG_BYTES	   4u
#define DIAL_STEP_NS	   (2 * NS_PER_S) /* a call that is under way is left alone */
#define GREETING_MS	   1000		  /* at a start; later only so long that one look does */
#define GREETING_LATER_MS  10
#define RSS_TYPES	   (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

static uint32_t data_bytes_for(uint32_t frame_bytes)
{
	uint32_t bytes = RTE_ALIGN_CEIL(frame_bytes, 64u) + RTE_PKTMBUF_HEADROOM;

	return bytes > RTE_MBUF_DEFAULT_BUF_SIZE ? bytes : RTE_MBUF_DEFAULT_BUF_SIZE;
}

struct rte_mempool *device_pool_make(const char *name, uint32_t nr_buffers, uint32_t frame_bytes)
{
	return rte_pktmbuf_pool_create_by_ops(
		name, nr_buffers, BUFFER_CACHE, sizeof(struct port_note),
		(uint16_t)data_bytes_for(frame_bytes), SOCKET_ID_ANY, "ring_mt_rts");
}

uint32_t device_members(const char *devargs)
{
	static const char *const words[] = {",slave=", ",member="};
	uint32_t nr = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *at = devargs; (at = strstr(at, words[i])); at++)
			nr++;
	return nr ? nr : 1;
}

void device_take(struct port *port, const char *devargs, uint32_t nr_workers, uint32_t nr_members)
{
	port->devargs = devargs;
	port->call_fd = -1;
	port->nr_buffers = BUFFERS_PER_MEMBER * nr_members - 1;
	port->nr_queues = nr_workers;
	port->frame_bytes = atomic_load(&port->mtu) + FRAMES_HEADER_BYTES + TAG_BYTES;
}

uint64_t device_memory_bytes(const struct port *port)
{
	const uint64_t buffer_bytes = sizeof(struct rte_mbuf) + sizeof(struct port_note) +
				      data_bytes_for(port->frame_bytes) + 128;

	return (port->nr_queues + 1) * (port->nr_buffers + 1ull) * buffer_bytes;
}

/* A PCI device is there since EAL's start. */
static int find_device(struct port *port, const char **ret_why)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	uint16_t eth_id;
	int r;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(port->devargs, ","), port->devargs);
	if (!config_question_is_pci(port->devargs)) {
		r = rte_dev_probe(port->devargs);
		if (r < 0)
			*ret_why = "DPDK does not take the device: its driver is not installed "
				   "(package librte-net-...), or refuses the arguments.";
		if (r < 0)
			return r;
	}
	r = rte_eth_dev_get_port_by_name(name, &eth_id);
	if (r < 0) {
		*ret_why = "DPDK does not take the device: its driver is not installed (package "
			   "librte-net-...), or may not open it (VFIO takes all devices of an "
			   "IOMMU group, uio takes rights).";
		return -ENODEV;
	}
	for (uint32_t queue = 0; queue < port->nr_queues; queue++)
		port->eth_ids[queue] = eth_id;
	return 0;
}

static int check_server(const struct port *port, const char **ret_why)
{
	enum memif_answer answer = MEMIF_GONE;
	int fd;

	if (!memif_is_client(port->devargs))
		return 0;
	fd = memif_call(port->devargs, GREETING_MS);
	if (fd >= 0) {
		answer = memif_hear(fd, GREETING_MS);
		close(fd);
	}
	if (answer == MEMIF_GREETED)
		return 0;
	*ret_why = "Nobody serves this memif yet: the other process is to be started first.";
	return -ECONNREFUSED;
}

/* It has its members tell it of their links only if it is to tell of its own. */
static bool is_bond(const struct port *port)
{
	return strncmp(port->devargs, "net_bonding", strlen("net_bonding")) == 0;
}

static int configure(const struct port *port, const char **ret_why)
{
	struct rte_eth_conf conf = {.rxmode.mtu = atomic_load(&port->mtu)};
	struct rte_eth_dev_info info;
	uint32_t nr = port->nr_queues;
	int r = rte_eth_dev_info_get(port->eth_ids[0], &info);

	if (r < 0)
		return r;
	if (nr > info.max_rx_queues || nr > info.max_tx_queues) {
		*ret_why = "The device has fewer queues than dataplane.workers: lower that, or "
			   "give it more by its arguments.";
		return -ERANGE;
	}
	if (conf.rxmode.mtu > info.max_mtu) {
		*ret_why = "The MTU of the interface is above what the device takes: lower it.";
		return -EMSGSIZE;
	}
	if (nr > 1 && (info.flow_type_rss_offloads & RSS_TYPES)) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & RSS_TYPES;
	}
	conf.intr_conf.lsc = is_bond(port) && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC);
	r = rte_eth_dev_configure(port->eth_ids[0], (uint16_t)nr, (uint16_t)nr, &conf);
	if (r < 0)
		*ret_why = "The device does not take its settings, such as the interface's MTU.";
	return r;
}

static int set_up_queues(struct port *port)
{
	uint16_t rx_frames = PORT_RING_FRAMES, tx_frames = PORT_RING_FRAMES;
	uint16_t eth_id = port->eth_ids[0];
	int r = rte_eth_dev_adjust_nb_rx_tx_desc(eth_id, &rx_frames, &tx_frames);

	for (uint16_t queue = 0; queue < port->nr_queues && r == 0; queue++) {
		char name[RTE_MEMPOOL_NAMESIZE];

		snprintf(name, sizeof(name), "%.15s_%u", port->name, queue);
		port->pools[queue] = device_pool_make(name, port->nr_buffers, port->frame_bytes);
		if (!port->pools[queue])
			return -rte_errno;
		r = rte_eth_rx_queue_setup(eth_id, queue, rx_frames,
					   (unsigned int)rte_eth_dev_socket_id(eth_id), NULL,
					   port->pools[queue]);
		if (r == 0)
			r = rte_eth_tx_queue_setup(eth_id, queue, tx_frames,
						   (unsigned int)rte_eth_dev_socket_id(eth_id),
						   NULL);
	}
	return r;
}

/* Neighbour discovery goes to groups, which the kernel has joined on another interface. */
static void hear_groups(uint16_t eth_id)
{
	if (rte_eth_allmulticast_enable(eth_id) < 0)
		rte_eth_promiscuous_enable(eth_id);
}

static int learn_address(struct port *port)
{
	struct rte_ether_addr addr;
	uint64_t link_addr = 0;
	int r = rte_eth_macaddr_get(port->eth_ids[0], &addr);

	if (r < 0)
		return r;
	memcpy(&link_addr, addr.addr_bytes, sizeof(addr.addr_bytes));
	atomic_store(&port->link_addr, link_addr);
	return 0;
}

int device_start(struct port *port, const char **ret_why)
{
	int r = check_server(port, ret_why);

	if (r == 0)
		r = find_device(port, ret_why);
	if (r == 0)
		r = configure(port, ret_why);
	if (r == 0)
		r = set_up_queues(port);
	if (r == 0)
		r = rte_eth_dev_start(port->eth_ids[0]);
	if (r < 0)
		return r;
	port->dialled_ns = boottime_now_ns();
	port->has_link = true;
	hear_groups(port->eth_ids[0]);
	return learn_address(port);
}

bool device_has_link(const struct port *port)
{
	struct rte_eth_link link = {0};

	return rte_eth_link_get_nowait(port->eth_ids[0], &link) < 0 ||
	       link.link_status == RTE_ETH_LINK_UP;
}

bool device_dials(struct port *port)
{
	enum memif_answer answer;

	if (!memif_is_client(port->devargs) || device_has_link(port) ||
	    boottime_now_ns() - port->dialled_ns < DIAL_STEP_NS)
		return false;
	if (port->call_fd < 0)
		port->call_fd = memif_call(port->devargs, 0);
	if (port->call_fd < 0)
		return false;
	answer = memif_hear(port->call_fd, GREETING_LATER_MS);
	if (answer == MEMIF_SILENT)
		return false;
	close(port->call_fd);
	port->call_fd = -1;
	return answer == MEMIF_GREETED;
}

void device_redial(struct port *port)
{
	rte_eth_dev_stop(port->eth_ids[0]);
	port->dialled_ns = boottime_now_ns();
	rte_eth_dev_start(port->eth_ids[0]);
}

const char *device_driver_name(const struct port *port)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(port->eth_ids[0], &info) < 0 ? "unknown" : info.driver_name;
}
