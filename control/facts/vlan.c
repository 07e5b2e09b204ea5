// SPDX-License-Identifier: BSD-3-Clause
/* Trunks: public.vlan and builds.vlan. */
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/config.h"
#include "kernel/device/xdp.h"

static uint32_t vlan_of(const struct fact_look *look, const struct fact_interface *interface)
{
	return interface->public ? look->config->public.vlan : look->config->builds.vlan;
}

void facts_vlan_absent(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		uint32_t vlan = vlan_of(look, interface);

		if (!interface->link || !vlan ||
		    netlink_links_vlan(&look->links, interface->link->ifindex, vlan))
			continue;
		facts_say(look,
			  "The kernel has no interface of VLAN %u on %s, so that nobody here has "
			  "addresses, routes or neighbours there.",
			  vlan, interface->name);
		facts_say_cure(look, "ip link add link %s name %s.%u up type vlan id %u",
			       interface->shell, interface->shell, vlan, vlan);
	}
}

/*
 * The kernel takes tags off as frames leave the port that they came by, so that a program on what
 * is above meets none; a bond alone may run its program natively, and so on its ports.
 */
static bool meets_no_tags(const struct links_link *link)
{
	static const char *const above[] = {"bridge", "team", "macvlan", "vlan"};
	struct device_xdp xdp;

	for (unsigned int i = 0; i < sizeof(above) / sizeof(above[0]); i++)
		if (strcmp(link->kind, above[i]) == 0)
			return true;
	if (strcmp(link->kind, "bond") != 0 || link->native_prog)
		return false;
	return link->generic_prog || (device_xdp(link->ifindex, &xdp) && !xdp.native);
}

static void say_no_tags(struct fact_look *look, const struct fact_interface *interface)
{

	facts_say(look,
		  "%s is a %s, and the kernel takes tags off before a program sees a frame there: "
		  "no frame is of VLAN %u. Put the kernel's interface of that VLAN into %s and "
		  "leave the key vlan out; or name the NIC below it.",
		  interface->name, interface->link->kind, vlan_of(look, interface), interface->key);
	facts_say_cure_config(look);
}

void facts_vlan_unmet(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		if (interface->link && vlan_of(look, interface) && meets_no_tags(interface->link))
			say_no_tags(look, interface);
	}
}

/* A bridge that filters lets in what its ports are members of: by default, no tags. */
void facts_vlan_mixed(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		if (!interface->link || vlan_of(look, interface) ||
		    strcmp(interface->link->kind, "bridge") != 0 ||
		    facts_files_number(look, "/sys/class/net/%s/bridge/vlan_filtering",
				       interface->name) != 0)
			continue;
		facts_say(
			look,
			"%s is a bridge that takes frames of any VLAN, and the kernel takes their "
			"tags off before a program sees them: if such come in by a port, they "
			"pass for its own.",
			interface->name);
		facts_say_cure(look, "ip link set dev %s type bridge vlan_filtering 1",
			       interface->shell);
	}
}
