// SPDX-License-Identifier: BSD-3-Clause
/* The interfaces of the configuration, and their addresses. */
#include <stdlib.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"
#include "kernel/netlink/addresses.h"
#include "kernel/netlink/netlink.h"

#define NAMES_SIZE 160
#define SCOPE_LINK 0x20 /* of /proc/net/if_inet6 */

/* Names those that there are, as far as there is room. */
static void name_links(const struct fact_look *look, char ret_names[NAMES_SIZE])
{
	size_t length = 0;

	strcpy(ret_names, "none");
	for (unsigned int i = 0; i < look->links.nr; i++) {
		const struct links_link *link = &look->links.link[i];

		if (link->loopback || length + sizeof(link->name) + 3 > NAMES_SIZE)
			continue;
		length += (size_t)snprintf(ret_names + length, NAMES_SIZE - length, "%s%s",
					   length ? ", " : "", link->name);
	}
}

void facts_interfaces_missing(struct fact_look *look)
{
	char names[NAMES_SIZE];

	name_links(look, names);
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		const struct links_link *other;

		if (interface->link)
			continue;
		other = netlink_links_also_named(&look->links, interface->name);
		if (other)
			facts_say(look, "%s: %s is another name of the interface %s: write that.",
				  interface->key, interface->name, other->name);
		else
			facts_say(look, "%s: there is no interface %s here; there are: %s.",
				  interface->key, interface->name, names);
		facts_say_cure_config(look);
	}
}

void facts_interfaces_down(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		if (!interface->link || interface->link->carrier)
			continue;
		if (interface->link->up && interface->port[0]) {
			facts_say(look,
				  "%s has no carrier: sallyport-dp is not there, or the port %s "
				  "has no link.",
				  interface->name, interface->port);
			continue;
		}
		if (interface->link->up) {
			facts_say(
				look,
				"%s is down or has no carrier: look at its cable, or at its other "
				"end.",
				interface->name);
			continue;
		}
		facts_say(look, "%s is down or has no carrier: it is set down.", interface->name);
		facts_say_cure(look, "ip link set dev %s up", interface->shell);
	}
}

static void look_at_dummy(struct fact_look *look, const char *key, const char *name)
{
	const struct links_link *link = netlink_links_named(&look->links, name);
	char shell[SAY_QUOTED_SIZE];

	if (!link)
		link = netlink_links_also_named(&look->links, name);
	if (!name[0] || (link && link->up))
		return;
	facts_say_quote(name, shell, sizeof(shell));
	if (link) {
		facts_say(look, "%s: %s is down, and what is there is not announced.", key, name);
		facts_say_cure(look, "ip link set dev %s up", shell);
	} else {
		facts_say(look, "%s: there is no interface %s here, so nothing is announced.", key,
			  name);
		facts_say_cure(look, "ip link add %s type dummy && ip link set dev %s up", shell,
			       shell);
	}
}

void facts_interfaces_announce(struct fact_look *look)
{
	look_at_dummy(look, "announce.interface", look->config->announce.interface);
	look_at_dummy(look, "announce.last_resort", look->config->announce.last_resort);
}

static void cure_address(struct fact_look *look, const struct sp_addr *bind, const char *text)
{
	const struct fact_interface *interface = &look->interface[0];
	char with_v6[SAY_COMMAND_SIZE] = "";
	bool v6 = addr_family(bind) == 6;

	if (v6)
		facts_say_with_v6(look, interface->host_name, interface->host_shell, with_v6);
	facts_say_cure(look, "%sip addr add %s/%u dev %s", with_v6, text, v6 ? 128 : 32,
		       interface->host_shell);
}

void facts_interfaces_addresses(struct fact_look *look)
{
	for (uint32_t i = 0; look->netlink && i < look->config->public.nr_addresses; i++) {
		const struct sp_addr *bind = &look->config->public.addresses[i].bind;
		char text[ADDR_TEXT_BYTES];

		if (config_is_prefix(&look->config->public.addresses[i])) {
			facts_routes_prefix(look, &look->config->public.addresses[i]);
			continue;
		}
		if (netlink_has_addr(look->netlink, bind))
			continue;
		addr_format(bind, text);
		facts_say(look, "%s is not this host's: nobody answers for it.", text);
		if (look->interface[0].link)
			cure_address(look, bind, text);
	}
}

/* As when two cards have changed places, or one is typed for the other. */
void facts_interfaces_swapped(struct fact_look *look)
{
	const struct fact_interface *builds = &look->interface[look->nr_interfaces - 1];

	for (uint32_t i = 0; !builds->public && i < look->config->public.nr_addresses; i++) {
		const struct config_public *address = &look->config->public.addresses[i];
		const struct sp_prefix own = config_prefix(address);
		char text[ADDR_TEXT_BYTES];

		if (config_is_prefix(address) || !netlink_addresses_has(builds->host_name, &own) ||
		    netlink_addresses_has(look->interface[0].host_name, &own))
			continue;
		facts_say(
			look,
			"%s, for clients, is on %s, which is builds.interface, and not on %s: what "
			"comes in there is not taken for a client's.",
			addr_format(&address->bind, text), builds->name, look->interface[0].name);
		facts_say_cure_config(look);
	}
}

static bool has_link_local(const struct fact_look *look, const char *name)
{
	FILE *in = facts_files_open(look, "/proc/net/if_inet6");
	unsigned int scope;
	bool found = false;
	char device[32];

	if (!in)
		return false;
	while (!found && fscanf(in, "%*s %*x %*x %x %*x %31s", &scope, device) == 2)
		found = scope == SCOPE_LINK && strcmp(device, name) == 0;
	fclose(in);
	return found;
}

/* Where IPv6 is turned on first the kernel makes the same address, which is no failure then. */
void facts_interfaces_link_local(struct fact_look *look)
{
	char with_v6[SAY_COMMAND_SIZE];

	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		const unsigned char *mac;

		if (!interface->link || !config_carries_v6(look->config) ||
		    has_link_local(look, interface->host_name))
			continue;
		mac = interface->link->mac;
		facts_say(look,
			  "%s has no link-local address of IPv6, without which the kernel keeps no "
			  "IPv6 neighbour resolved: VMs and gateways there are not found.",
			  interface->host_name);
		facts_say_cure(look,
			       "%sip addr replace fe80::%x:%xff:fe%02x:%x/64 dev %s scope link "
			       "nodad",
			       facts_say_with_v6(look, interface->host_name, interface->host_shell,
						 with_v6),
			       (mac[0] ^ 2) << 8 | mac[1], mac[2], mac[3], mac[4] << 8 | mac[5],
			       interface->host_shell);
	}
}
