// SPDX-License-Identifier: BSD-3-Clause
/* What devices do to packets before our programs see them. */
#include <string.h>

#include "facts/fact.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "kernel/device/device.h"

static void look_for_gro_hw(struct fact_look *look, const char *device, const char *above)
{
	if (device_feature(device, "rx-gro-hw") != DEVICE_ON_FIXED)
		return;
	facts_say(look,
		  "%s%s%s has rx-gro-hw on, and it cannot be turned off: its hypervisor hands over "
		  "merged packets with half a checksum, which no program can carry. Give the VM a "
		  "NIC with ctrl_guest_offloads (qemu: leave out ctrl_guest_offloads=off), or of "
		  "another model.",
		  device, above ? ", below " : "", above ? above : "");
}

void facts_offloads_gro_hw(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		look_for_gro_hw(look, interface->name, NULL);
		for (unsigned int j = 0; interface->link && j < look->links.nr; j++)
			if (netlink_links_is_below(&look->links, &look->links.link[j],
						   interface->link))
				look_for_gro_hw(look, look->links.link[j].name, interface->name);
	}
}

static void look_below(struct fact_look *look, const struct fact_interface *interface,
		       const struct links_link *lower)
{
	char shell[SAY_QUOTED_SIZE];

	for (const struct device_merge *merge = device_merges; merge->feature; merge++) {
		if (device_feature(lower->name, merge->feature) != DEVICE_ON)
			continue;
		facts_say(look,
			  "%s is below %s and merges packets (%s): the program on %s meets them "
			  "longer than its MTU, and they come to a halt.",
			  lower->name, interface->name, merge->option, interface->name);
		facts_say_cure(look, "ethtool -K %s %s off",
			       facts_say_quote(lower->name, shell, sizeof(shell)), merge->option);
	}
}

void facts_offloads_merging(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		/* A start turns it off: it is wrong where a program is at work. */
		if (!interface->link || !interface->link->generic_prog)
			continue;
		for (unsigned int j = 0; j < look->links.nr; j++)
			if (netlink_links_is_below(&look->links, &look->links.link[j],
						   interface->link))
				look_below(look, interface, &look->links.link[j]);
	}
}

static bool is_of_vms(const struct links_link *link)
{
	return strcmp(link->kind, "veth") == 0 || strcmp(link->kind, "tun") == 0;
}

/* A bridge has its program in generic mode, before which nothing has completed or cut anything. */
static void say_bridge(struct fact_look *look, const char *name)
{
	facts_say(look,
		  "%s is a bridge of VMs or namespaces: packets that they do not cut themselves "
		  "(TSO) are longer than its MTU. In there: ethtool -K DEV tso off. Better: give "
		  "this edge a veth whose peer is a port of the bridge.",
		  name);
}

static void say_port(struct fact_look *look, const char *name, const char *kind)
{
	facts_say(
		look,
		"%s is a %s: checksums that are left to a NIC are completed here, but not those of "
		"frames in pieces (an MTU above one page), and a veth's peer needs GRO (ethtool -K "
		"PEER gro on).",
		name, strcmp(kind, "tun") == 0 ? "tap" : kind);
}

/*
 * What is at the other end is another namespace or another machine, or sallyport-dp, to which the
 * kernel gives whole checksums.
 */
void facts_offloads_partial(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		bool found = false;

		if (!interface->link || interface->port[0])
			continue;
		if (is_of_vms(interface->link)) {
			say_port(look, interface->name, interface->link->kind);
			continue;
		}
		for (unsigned int j = 0; j < look->links.nr && !found; j++)
			found = is_of_vms(&look->links.link[j]) &&
				look->links.link[j].master == interface->link->ifindex;
		if (found)
			say_bridge(look, interface->name);
	}
}

/* What is said of a device that takes tags off. */
typedef void say_tags(struct fact_look *look, const char *device, const char *option);

static void say_taken(struct fact_look *look, const char *device, const char *option)
{
	char shell[SAY_QUOTED_SIZE];

	facts_say(look,
		  "%s takes VLAN tags off (%s), so that frames of other VLANs look like its own: "
		  "somebody turned that on after the start.",
		  device, option);
	facts_say_cure(look, "ethtool -K %s %s off", facts_say_quote(device, shell, sizeof(shell)),
		       option);
}

static void say_fixed(struct fact_look *look, const char *device, const char *option)
{
	facts_say(look,
		  "%s takes VLAN tags off (%s), and that cannot be turned off: frames of other "
		  "VLANs would look like its own. Take another NIC.",
		  device, option);
}

static void look_at_tags(struct fact_look *look, const char *device, enum device_state state,
			 say_tags *say)
{
	if (device_feature(device, "rx-vlan-hw-parse") == state)
		say(look, device, "rxvlan");
	if (device_feature(device, "rx-vlan-stag-hw-parse") == state)
		say(look, device, "rx-vlan-stag-hw-parse");
}

/* A bond that runs its program natively has it on its ports. */
static void look_for_tags(struct fact_look *look, const struct fact_interface *interface,
			  enum device_state state, say_tags *say)
{
	look_at_tags(look, interface->name, state, say);
	if (!interface->link || strcmp(interface->link->kind, "bond") != 0)
		return;
	for (unsigned int i = 0; i < look->links.nr; i++)
		if (netlink_links_is_below(&look->links, &look->links.link[i], interface->link))
			look_at_tags(look, look->links.link[i].name, state, say);
}

/* A start turns it off: it is wrong where a program is at work. */
void facts_offloads_tags(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++)
		if (netlink_links_has_program(look->interface[i].link))
			look_for_tags(look, &look->interface[i], DEVICE_ON, say_taken);
}

void facts_offloads_tags_fixed(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++)
		look_for_tags(look, &look->interface[i], DEVICE_ON_FIXED, say_fixed);
}
