// SPDX-License-Identifier: BSD-3-Clause
/* Which ways there are to builds.networks. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"
#include "kernel/netlink/netlink.h"

#define FLAG_REJECT 0x200 /* of a route that leads nowhere */
#define LINE_SIZE   512

struct route {
	struct sp_prefix to;
	char device[LINKS_NAME_SIZE];
};

/* Reads a line of /proc/net/route, whose numbers are those of the network's order. */
static bool read_v4(const char *line, struct route *ret)
{
	uint32_t to_be, mask_be;
	unsigned int flags;
	struct sp_addr addr;

	if (sscanf(line, "%15s %8" SCNx32 " %*x %x %*d %*d %*d %8" SCNx32, ret->device, &to_be,
		   &flags, &mask_be) != 4 ||
	    flags & FLAG_REJECT)
		return false;
	addr_parse("0.0.0.0", &addr);
	addr.word_be[3] = to_be;
	ret->to = addr_prefix_make(&addr, (unsigned int)__builtin_popcount(mask_be));
	return true;
}

static bool read_v6(const char *line, struct route *ret)
{
	struct sp_addr addr;
	uint32_t word[4];
	unsigned int length, flags;

	if (sscanf(line,
		   "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32
		   " %x %*s %*x %*s %*x %*x %*x %x %15s",
		   &word[0], &word[1], &word[2], &word[3], &length, &flags, ret->device) != 7 ||
	    flags & FLAG_REJECT)
		return false;
	for (unsigned int i = 0; i < 4; i++)
		addr.word_be[i] = htonl(word[i]);
	ret->to = addr_prefix_make(&addr, length);
	return true;
}

/*
 * Result: whether some route by that device leads to the network or to a part of it; so if it
 * cannot be known. Whether one that leads to more is taken depends on all others.
 */
static bool leads_into(const struct fact_look *look, const char *device,
		       const struct sp_prefix *network)
{
	bool v6 = addr_family(&network->addr) == 6, found = false;
	FILE *in = facts_files_open(look, v6 ? "/proc/net/ipv6_route" : "/proc/net/route");
	struct route route;
	char line[LINE_SIZE];

	if (!in)
		return true;
	while (!found && fgets(line, sizeof(line), in))
		found = (v6 ? read_v6 : read_v4)(line, &route) &&
			strcmp(route.device, device) == 0 &&
			addr_prefix_length(&route.to) >= addr_prefix_length(network) &&
			addr_prefix_overlaps(&route.to, network);
	fclose(in);
	return found;
}

/*
 * By which device the kernel itself says that the network's first host is reached: it knows rules
 * and further tables. Result: NULL if by none.
 */
static const struct links_link *ask_way(const struct fact_look *look,
					const struct sp_prefix *network)
{
	struct sp_addr addr = network->addr;
	struct netlink_route route;

	addr.word_be[3] |= htonl(1);
	if (!look->netlink || netlink_ask_route(look->netlink, &addr, &route))
		return NULL;
	return netlink_links_at(&look->links, route.ifindex);
}

/* Reads of a line whether it is a route by which packets are this host's own. */
static bool is_local(const char *line, const struct sp_prefix *prefix)
{
	struct route route;

	return read_v6(line, &route) && strcmp(route.device, "lo") == 0 &&
	       addr_prefix_length(&route.to) > 0 && sp_prefix_contains(&route.to, &prefix->addr) &&
	       addr_prefix_length(&route.to) <= addr_prefix_length(prefix);
}

void facts_routes_prefix(struct fact_look *look, const struct config_public *address)
{
	const struct sp_prefix prefix = config_prefix(address);
	FILE *in = facts_files_open(look, "/proc/net/ipv6_route");
	char line[LINE_SIZE], text[ADDR_PREFIX_BYTES], with_v6[SAY_COMMAND_SIZE];
	bool found = false;

	if (!in)
		return;
	while (!found && fgets(line, sizeof(line), in))
		found = is_local(line, &prefix);
	fclose(in);
	if (found)
		return;
	addr_prefix_format(&prefix, text);
	facts_say(look,
		  "%s is not this host's: nobody answers for addresses of ended sessions. The "
		  "kernel has to take all of it for local, and routers have to send it here.",
		  text);
	facts_say_cure(look, "%sip -6 route add local %s dev lo",
		       facts_say_with_v6(look, "lo", "lo", with_v6), text);
}

/* One that is down has no routes: that it is down is a fact of its own. */
void facts_routes_networks(struct fact_look *look)
{
	const struct fact_interface *interface = &look->interface[look->nr_interfaces - 1];
	const char *device = interface->host_name;

	if (interface->link && !interface->link->carrier)
		return;
	for (uint32_t i = 0; i < look->config->builds.nr_networks; i++) {
		const struct sp_prefix *network = &look->config->builds.networks[i];
		const struct links_link *way = ask_way(look, network);
		char text[ADDR_PREFIX_BYTES];

		if (leads_into(look, device, network) || (way && strcmp(way->name, device) == 0))
			continue;
		addr_prefix_format(network, text);
		facts_say(look,
			  "builds.networks: no route leads to %s by %s%s%s: leases to VMs there "
			  "are given, and no packet finds its way. Add the route (ip route add %s "
			  "via GATEWAY dev %s), or take the network out%s.",
			  text, device, way ? ", the way there is " : "", way ? way->name : "",
			  text, interface->host_shell, way ? ", or correct builds.interface" : "");
	}
}
