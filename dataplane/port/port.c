/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/port.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_bonding.h>
#include <linux/sockios.h>

#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_version.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>
#include <sallyport/link/hint.h>
#include <sallyport/link/vlan.h>

#include "port/device.h"
#include "port/losses.h"

#include "host/config.h"
#include "host/frames.h"

/* The driver fills a ring of 2048 for reception and may hold as many in transmission. */
#define BUFFERS_PER_QUEUE 8191u
#define BUFFER_CACHE	  256u

/*
 * A buffer, with what librte_mempool puts around it, must be no longer than a page; that library
 * may add a cache line to spread buffers over memory channels. The kernel keeps
 * XDP_PACKET_HEADROOM (256) of a buffer to itself, and a frame has its Ethernet header beside the
 * MTU.
 */
#define PAGE_BYTES	    (4096u - 64u)
#define KERNEL_HEADROOM	    256u
#define BUFFER_OVERHEAD	    (64u + sizeof(struct rte_mbuf) + sizeof(struct port_note))
#define FRAME_OVERHEAD	    (RTE_PKTMBUF_HEADROOM + KERNEL_HEADROOM + FRAMES_HEADER_BYTES)
#define SMALL_DATA_BYTES    2048u
#define LARGE_DATA_BYTES    ((uint32_t)(PAGE_BYTES - BUFFER_OVERHEAD))
#define BUFFER_BYTES(data)  ((uint64_t)BUFFER_OVERHEAD + (data))
#define NEEDS_LARGE(mtu)    ((mtu) > frame_room(SMALL_DATA_BYTES))
#define DATA_BYTES_FOR(mtu) (NEEDS_LARGE(mtu) ? LARGE_DATA_BYTES : SMALL_DATA_BYTES)

static_assert(LARGE_DATA_BYTES - FRAME_OVERHEAD == FRAMES_WORKER_MTU,
	      "bpf/host/frames.h says what a buffer holds");

static uint32_t frame_room(uint32_t data_bytes)
{
	return data_bytes - FRAME_OVERHEAD;
}

static int ask_interface(int fd, unsigned long request, const char *name, struct ifreq *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->ifr_name, sizeof(ret->ifr_name), "%s", name);
	return ioctl(fd, request, ret) < 0 ? -errno : 0;
}

/*
 * Result: the number of RX queues, 0 if the driver does not say. Asked by ethtool and not read from
 * /sys, which shows another network namespace than ours if we were started in one.
 */
static uint32_t ask_queues(int fd, const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		return 0;
	return channels.combined_count + channels.rx_count;
}

/* A bond has not said: what comes by a queue of one of its ports comes by that queue of it. */
static uint32_t count_queues_below(int fd, const char *bond)
{
	struct ifbond info = {0};
	struct ifreq request = {.ifr_data = (void *)&info};
	uint32_t most = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", bond);
	if (ioctl(fd, SIOCBONDINFOQUERY, &request) < 0)
		return 0;
	for (int i = 0; i < info.num_slaves; i++) {
		struct ifslave port = {.slave_id = i};
		uint32_t nr;

		request.ifr_data = (void *)&port;
		if (ioctl(fd, SIOCBONDSLAVEINFOQUERY, &request) < 0)
			continue;
		nr = ask_queues(fd, port.slave_name);
		most = nr > most ? nr : most;
	}
	return most;
}

static uint32_t count_queues(int fd, const char *name)
{
	uint32_t nr = ask_queues(fd, name);

	if (nr == 0)
		nr = count_queues_below(fd, name);
	return nr ? nr : 1;
}

static int probe_over(int fd, struct port *port)
{
	struct ifreq answer;
	uint64_t link_addr = 0;
	uint32_t mtu;
	int r;

	r = ask_interface(fd, SIOCGIFINDEX, port->name, &answer);
	if (r < 0)
		return r;
	port->ifindex = port->hop_ifindex = (uint32_t)answer.ifr_ifindex;
	r = ask_interface(fd, SIOCGIFMTU, port->name, &answer);
	if (r < 0)
		return r;
	mtu = (uint32_t)answer.ifr_mtu;
	atomic_store(&port->mtu, mtu);
	r = ask_interface(fd, SIOCGIFHWADDR, port->name, &answer);
	if (r < 0)
		return r;
	memcpy(&link_addr, answer.ifr_hwaddr.sa_data, RTE_ETHER_ADDR_LEN);
	atomic_store(&port->link_addr, link_addr);
	port->frame_bytes = port_frame_bytes(mtu);
	port->nr_queues = count_queues(fd, port->name);
	return port->nr_queues > SP_QUEUES_MAX ? -ERANGE : 0;
}

int port_probe(struct port *port, const char *name, uint32_t role)
{
	int fd, r;

	memset(port, 0, sizeof(*port));
	memset(port->eth_ids, 0xff, sizeof(port->eth_ids));
	memset(port->sockets, 0xff, sizeof(port->sockets));
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->role = role;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = probe_over(fd, port);
	close(fd);
	return r;
}

bool port_find_hop(struct port *port, const struct config *config,
		   const struct sp_settings *settings)
{
	uint32_t before = port->hop_ifindex;

	port->vlan = port->role == SP_ROLE_BUILDS ? config->builds.vlan : config->public.vlan;
	if (port->vlan == 0)
		return false;
	port->hop_ifindex = port->role == SP_ROLE_BUILDS ? SP_LOAD(settings->builds_ifindex)
							 : SP_LOAD(settings->public_ifindex);
	return port->hop_ifindex != before;
}

uint32_t port_frame_bytes(uint32_t mtu)
{
	return frame_room(DATA_BYTES_FOR(mtu)) + FRAMES_HEADER_BYTES;
}

uint64_t port_memory_bytes(const struct port *port)
{
	uint32_t mtu = port->frame_bytes - FRAMES_HEADER_BYTES;

	if (port->devargs)
		return device_memory_bytes(port);
	return port->nr_queues * (BUFFERS_PER_QUEUE + 1ull) *
	       (BUFFER_BYTES(DATA_BYTES_FOR(mtu)) + 64);
}

static int fill_pool(struct rte_mempool *pool, uint16_t data_bytes)
{
	struct rte_pktmbuf_pool_private layout = {
		.mbuf_data_room_size = data_bytes,
		.mbuf_priv_size = sizeof(struct port_note),
	};
	int r = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);

	if (r < 0)
		return r;
	rte_pktmbuf_pool_init(pool, &layout);
	r = rte_mempool_populate_default(pool);
	if (r < 0)
		return r;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return 0;
}

/*
 * The driver of DPDK 22.11 registers as many bytes with the kernel as the buffers have, not as they
 * span. Left to itself librte_mempool begins a page with a buffer, so that without hugepages four
 * in ten would lie outside, and each packet sent from one would be gone: hence NO_IOVA_CONTIG, by
 * which they lie side by side.
 */
struct rte_mempool *port_pool_make(const char *name, uint32_t nr_buffers, uint32_t mtu)
{
	const uint32_t data_bytes = DATA_BYTES_FOR(mtu);
	const uint32_t buffer_bytes =
		(uint32_t)(sizeof(struct rte_mbuf) + sizeof(struct port_note)) + data_bytes;
	struct rte_mempool *pool =
		rte_mempool_create_empty(name, nr_buffers, buffer_bytes, BUFFER_CACHE,
					 sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY,
					 RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	int r;

	if (!pool)
		return NULL;
	r = fill_pool(pool, (uint16_t)data_bytes);
	if (r == 0)
		return pool;
	rte_mempool_free(pool);
	rte_errno = -r;
	return NULL;
}

static int make_buffers(struct port *port, uint32_t queue)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "%.15s_%u", port->name, queue);
	/* Not the MTU of now: what was told to the XDP program holds. */
	pool = port_pool_make(name, BUFFERS_PER_QUEUE, port->frame_bytes - FRAMES_HEADER_BYTES);
	if (!pool)
		return -rte_errno;
	port->pools[queue] = pool;
	/* The driver registers one range of memory. */
	return pool->nb_mem_chunks == 1 ? 0 : -ENOMEM;
}

bool port_finds_map_by_id(void)
{
	return RTE_VERSION < RTE_VERSION_NUM(24, 7, 0, 0);
}

static int make_device(struct port *port, uint32_t queue, const char *map)
{
	char name[64], args[PATH_MAX + 256];
	int r;

	snprintf(name, sizeof(name), "net_af_xdp_%u_%u", port->role, queue);
	/* A NIC that reads buffers itself takes none across pages that are not neighbours. */
	r = snprintf(args, sizeof(args), "iface=%s,start_queue=%u,queue_count=1,force_copy=%d",
		     port->name, queue, !rte_eal_has_hugepages());
	if (!port_finds_map_by_id())
		snprintf(args + r, sizeof(args) - (size_t)r, ",use_pinned_map=1,dp_path=%s", map);
	r = rte_vdev_init(name, args);
	if (r < 0)
		return r;
	return rte_eth_dev_get_port_by_name(name, &port->eth_ids[queue]);
}

/* The driver makes its socket here. */
static int set_up_rx(struct port *port, uint32_t queue)
{
	struct losses_sockets before, now;
	int r;

	losses_sockets_list(&before);
	r = rte_eth_rx_queue_setup(port->eth_ids[queue], 0, PORT_RING_FRAMES,
				   (unsigned int)rte_socket_id(), NULL, port->pools[queue]);
	losses_sockets_list(&now);
	port->sockets[queue] = losses_sockets_new(&before, &now);
	return r;
}

/*
 * The driver's buffers are those that the kernel copies into, metadata and all. A tag is taken off
 * behind the hint.
 */
uint32_t port_hint_bytes(const struct port *port)
{
	return (uint32_t)sizeof(struct sp_hint) + (port->vlan ? SP_VLAN_BYTES : 0);
}

int port_start_queue(struct port *port, uint32_t queue, const char *map)
{
	struct rte_eth_conf plain = {0};
	uint16_t eth_id;
	int r;

	port->hint_bytes = port_hint_bytes(port);
	r = make_buffers(port, queue);
	if (r < 0)
		return r;
	r = make_device(port, queue, map);
	if (r < 0)
		return r;
	eth_id = port->eth_ids[queue];
	r = rte_eth_dev_configure(eth_id, 1, 1, &plain);
	if (r < 0)
		return r;
	r = set_up_rx(port, queue);
	if (r < 0)
		return r;
	r = rte_eth_tx_queue_setup(eth_id, 0, PORT_RING_FRAMES, (unsigned int)rte_socket_id(),
				   NULL);
	return r < 0 ? r : rte_eth_dev_start(eth_id);
}

void port_close(struct port *port)
{
	/* All queues of a device are one ethdev, whose id is free once it is closed. */
	for (uint32_t queue = 0; queue < (port->devargs ? 1 : port->nr_queues); queue++) {
		uint16_t eth_id = port->eth_ids[queue];

		if (!rte_eth_dev_is_valid_port(eth_id))
			continue;
		rte_eth_dev_stop(eth_id);
		rte_eth_dev_close(eth_id);
	}
}
