// SPDX-License-Identifier: BSD-3-Clause
/* How long packets may be, and for whom. */
#include <string.h>

#include <sallyport/table_host.h>

#include "facts/fact.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/config.h"
#include "host/frames.h"
#include "kernel/device/device.h"
#include "kernel/device/xdp.h"

/*
 * The largest MTU that a driver takes with a native program that is not made for frames in pieces:
 * a page, less what driver and kernel keep of it. veth: measured. ena: ENA_XDP_MAX_MTU of its
 * source. virtio_net: virtnet_xdp_set() of its source, Linux 6.3 and later.
 */
static const struct {
	const char *driver;
	unsigned int mtu;
} xdp_mtus[] = {
	{"veth", 3506},
	{"ena", 3498},
	{"virtio_net", 3506},
};

static unsigned int xdp_mtu(const char *driver)
{
	for (unsigned int i = 0; i < sizeof(xdp_mtus) / sizeof(xdp_mtus[0]); i++)
		if (strcmp(xdp_mtus[i].driver, driver) == 0)
			return xdp_mtus[i].mtu;
	return 0;
}

/* Whose MTU counts: a veth sends no longer frames than its peer, which may be out of sight. */
static const struct links_link *sender(const struct fact_look *look, const struct links_link *link)
{
	if (strcmp(link->kind, "veth") != 0)
		return link;
	return link->lower_elsewhere ? NULL : netlink_links_at(&look->links, link->lower);
}

/* A start takes it natively all the same where all drivers give frames in pieces. */
static bool pieces_everywhere(const struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct links_link *link = look->interface[i].link;
		struct device_xdp xdp;

		if (!link || link->generic_prog || !device_xdp(link->ifindex, &xdp) || !xdp.pieces)
			return false;
	}
	return true;
}

void facts_mtu_driver(struct fact_look *look)
{
	bool pieces = pieces_everywhere(look);

	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		char driver[DEVICE_DRIVER_SIZE], shell[SAY_QUOTED_SIZE];
		const struct links_link *link;
		unsigned int most;

		if (!interface->link || pieces || interface->link->native_prog ||
		    !device_driver(interface->name, driver))
			continue;
		link = sender(look, interface->link);
		most = xdp_mtu(driver);
		if (!link || !most || link->mtu <= most)
			continue;
		facts_say(look,
			  "%s has an MTU of %u, and the driver of %s, %s, runs XDP programs "
			  "natively up to %u: both interfaces are in generic mode.",
			  link->name, link->mtu, interface->name, driver, most);
		facts_say_cure(look, "ip link set dev %s mtu %u",
			       facts_say_quote(link->name, shell, sizeof(shell)), most);
	}
}

/* What no worker takes is either the XDP program's, or nobody's. */
static void say_long(struct fact_look *look, const char *whose)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		/* Buffers of a port are made for its MTU. */
		if (!interface->link || interface->port[0] ||
		    interface->link->mtu <= FRAMES_WORKER_MTU)
			continue;
		facts_say(look,
			  "%s has an MTU of %u, and the buffers of sallyport-dp hold packets of up "
			  "to %u bytes: %s",
			  interface->name, interface->link->mtu, FRAMES_WORKER_MTU, whose);
		facts_say_cure(look, "ip link set dev %s mtu %u", interface->shell,
			       FRAMES_WORKER_MTU);
	}
}

void facts_mtu_carried(struct fact_look *look)
{
	if (look->config->dataplane.engine == SP_ENGINE_DPDK &&
	    look->config->dataplane.fallback != CONFIG_FALLBACK_NONE)
		say_long(look, "longer ones are carried by the XDP program.");
}

void facts_mtu_refused(struct fact_look *look)
{
	if (look->config->dataplane.engine == SP_ENGINE_DPDK &&
	    look->config->dataplane.fallback == CONFIG_FALLBACK_NONE)
		say_long(look, "dataplane.fallback is none, so nobody would carry longer ones.");
}
