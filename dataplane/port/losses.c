/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/losses.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/if_xdp.h>

#include <rte_ethdev.h>

#include <sallyport/compiler.h>

#include "port/port.h"

static bool is_socket(int fd)
{
	int domain = 0;
	socklen_t bytes = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_XDP;
}

void losses_sockets_list(struct losses_sockets *ret)
{
	for (uint32_t fd = 0; fd < LOSSES_FDS; fd++)
		ret->is_one[fd] = is_socket((int)fd);
}

int losses_sockets_new(const struct losses_sockets *before, const struct losses_sockets *now)
{
	for (uint32_t fd = 0; fd < LOSSES_FDS; fd++)
		if (now->is_one[fd] && !before->is_one[fd])
			return (int)fd;
	return -1;
}

/* Result: what a counter grew by; one that fell began anew. */
static uint64_t add(uint64_t now, uint64_t *last, __u64 *counter)
{
	uint64_t grown = now >= *last ? now - *last : now;

	*last = now;
	if (grown)
		SP_STORE(*counter, *counter + grown);
	return grown;
}

/* A device counts for all its queues: told of the first. What it had no buffer for it has dropped.
 */
static uint64_t count_device(struct port *port, struct sp_queue *record)
{
	struct rte_eth_stats now;
	uint64_t *last = port->lost[0];

	if (rte_eth_stats_get(port->eth_ids[0], &now) < 0)
		return 0;
	add(now.rx_nombuf, &last[SP_LOST_NO_BUFFERS], &record->lost[SP_LOST_NO_BUFFERS]);
	return add(now.imissed, &last[SP_LOST_RING_FULL], &record->lost[SP_LOST_RING_FULL]) +
	       add(now.rx_nombuf + now.ierrors, &last[SP_LOST_DROPPED],
		   &record->lost[SP_LOST_DROPPED]);
}

uint64_t losses_count(struct port *port, struct sp_queue *records)
{
	uint64_t lost = 0;

	if (port->devargs)
		return count_device(port, records);

	for (uint32_t queue = 0; queue < port->nr_queues; queue++) {
		struct xdp_statistics now;
		socklen_t bytes = sizeof(now);
		uint64_t *last = port->lost[queue];
		__u64 *counters = records[queue].lost;

		memset(&now, 0, sizeof(now));
		if (port->sockets[queue] < 0 ||
		    getsockopt(port->sockets[queue], SOL_XDP, XDP_STATISTICS, &now, &bytes) < 0)
			continue;
		lost += add(now.rx_dropped, &last[SP_LOST_DROPPED], &counters[SP_LOST_DROPPED]);
		lost += add(now.rx_ring_full, &last[SP_LOST_RING_FULL],
			    &counters[SP_LOST_RING_FULL]);
		/* These are among the first. */
		add(now.rx_fill_ring_empty_descs, &last[SP_LOST_NO_BUFFERS],
		    &counters[SP_LOST_NO_BUFFERS]);
	}
	return lost;
}
