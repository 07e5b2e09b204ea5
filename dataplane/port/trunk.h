/* SPDX-License-Identifier: BSD-3-Clause */
/* The tag of a port that is a trunk: off as frames come in, on as they go. */
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#include <sallyport/link/vlan.h>

#include "port/port.h"

/*
 * Takes the tag off a frame. Result: 0, or -1 if it is not of the port's VLAN; the XDP program
 * steers no such frame.
 */
static inline int trunk_untag(const struct port *port, struct rte_mbuf *mbuf)
{
	char *data = rte_pktmbuf_mtod(mbuf, char *);
	__be16 tag_be;

	if (!sp_vlan_pop(data, data + rte_pktmbuf_data_len(mbuf), (__u16)port->vlan, &tag_be))
		return -1;
	return rte_pktmbuf_adj(mbuf, SP_VLAN_BYTES) ? 0 : -1;
}

/* Puts it on. Result: 0, or -1 if there is no room. */
static inline int trunk_tag(const struct port *port, struct rte_mbuf *mbuf)
{
	char *data = rte_pktmbuf_prepend(mbuf, SP_VLAN_BYTES);

	if (!data)
		return -1;
	return sp_vlan_push(data, data + rte_pktmbuf_data_len(mbuf), SP_BE16(port->vlan));
}

/*
 * The same of all that leave by a port, which have room: a frame that came in by a trunk had a tag,
 * and before one that came without lies a driver's headroom. Result: how many may be sent; at the
 * first that had none it ends, for a frame without its tag would be in another network.
 */
static inline uint32_t trunk_tag_all(const struct port *port, struct rte_mbuf **mbufs, uint32_t nr)
{
	if (likely(port->vlan == 0))
		return nr;
	for (uint32_t i = 0; i < nr; i++)
		if (unlikely(trunk_tag(port, mbufs[i])))
			return i;
	return nr;
}
