// SPDX-License-Identifier: BSD-3-Clause
/* The kernel's forwarding, and what it keeps of neighbours. */
#include <stdio.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"

#define FLAG_REJECT	 0x200 /* of a route that leads nowhere */
#define NEIGHBOURS_LEAST 512   /* twice what packets wait for */

static const struct family {
	const char *proc, *family;
	bool v6;
} families[] = {{"ipv4", "IPv4", false}, {"ipv6", "IPv6", true}};

static bool carries(const struct fact_look *look, const struct family *family)
{
	return !family->v6 || config_carries_v6(look->config);
}

/* A start sets it: it is missed only where a program is at work. */
void facts_routing_loopback(struct fact_look *look)
{
	for (unsigned int i = 0; i < 2 && netlink_links_has_program(look->interface[0].link); i++) {
		if (!carries(look, &families[i]) ||
		    facts_files_number(look, "/proc/sys/net/%s/conf/lo/forwarding",
				       families[i].proc) != 0)
			continue;
		facts_say(look,
			  "/proc/sys/net/%s/conf/lo/forwarding is 0: the XDP program is given no "
			  "next hop. sallyportd sets it, while it runs.",
			  families[i].proc);
		facts_say_cure(look, "sysctl -w net.%s.conf.lo.forwarding=1", families[i].proc);
	}
}

/* The kernel looks at "all" alone: what an interface has says whether it is a router's. */
static void look_at_forwarding_v6(struct fact_look *look)
{
	if (!config_carries_v6(look->config) ||
	    facts_files_number(look, "/proc/sys/net/ipv6/conf/all/forwarding") != 1)
		return;
	facts_say(look, "This host forwards IPv6: it routes between its interfaces by itself, past "
			"every lease. sallyport needs that of the loopback alone, which sallyportd "
			"turns on again.");
	facts_say_cure(look, "sysctl -w net.ipv6.conf.all.forwarding=0");
}

void facts_routing_forwarding(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		if (facts_files_number(look, "/proc/sys/net/ipv4/conf/%s/forwarding",
				       interface->host_name) != 1)
			continue;
		facts_say(look,
			  "%s forwards: this host routes between its interfaces by itself, past "
			  "every lease. sallyport needs no forwarding of it.",
			  interface->host_name);
		facts_say_cure(look, "echo 0 >/proc/sys/net/ipv4/conf/%s/forwarding",
			       interface->host_shell);
	}
	look_at_forwarding_v6(look);
}

/* Result: by which device the IPv4 default route leads that is taken, "" if there is none. */
static void default_route(const struct fact_look *look, char ret_device[LINKS_NAME_SIZE])
{
	FILE *in = facts_files_open(look, "/proc/net/route");
	char device[LINKS_NAME_SIZE], line[512];
	unsigned int target, flags, metric, mask, best = 0;

	*ret_device = '\0';
	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%15s %x %*x %x %*d %*d %u %x", device, &target, &flags, &metric,
			   &mask) != 5 ||
		    target || mask || flags & FLAG_REJECT || (*ret_device && metric >= best))
			continue;
		memcpy(ret_device, device, sizeof(device));
		best = metric;
	}
	if (in)
		fclose(in);
}

/* The host itself answers callers of closed ports, and so drops them if they seem to come astray.
 */
void facts_routing_rp_filter(struct fact_look *look)
{
	const char *name = look->interface[0].host_name;
	long all = facts_files_number(look, "/proc/sys/net/ipv4/conf/all/rp_filter");
	long own = facts_files_number(look, "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	char device[LINKS_NAME_SIZE];

	if ((all > own ? all : own) != 1)
		return;
	default_route(look, device);
	if (!*device || strcmp(device, name) == 0)
		return;
	facts_say(look,
		  "rp_filter of %s is 1, and the default route leads by %s: callers of closed "
		  "ports are dropped and told nothing. Leases are not concerned.",
		  name, device);
	facts_say_cure(look, "echo 2 >/proc/sys/net/ipv4/conf/%s/rp_filter",
		       look->interface[0].host_shell);
}

/*
 * Those of VMs and gateways, which we have the kernel keep, do not count there: 1,200 of them were
 * made at once where gc_thresh3 was 1024. Clients of this link do, and whom packets wait for.
 */
void facts_routing_neighbours(struct fact_look *look)
{
	for (unsigned int i = 0; i < 2; i++) {
		long most = facts_files_number(look, "/proc/sys/net/%s/neigh/default/gc_thresh3",
					       families[i].proc);

		if (!carries(look, &families[i]) || most < 0 || most >= NEIGHBOURS_LEAST)
			continue;
		facts_say(look,
			  "This host keeps at most %ld %s neighbours beside those of leases: up to "
			  "256 packets wait for others at once, and then clients of this link are "
			  "not found.",
			  most, families[i].family);
		facts_say_cure(look,
			       "sysctl -w net.%s.neigh.default.gc_thresh3=1024 "
			       "net.%s.neigh.default.gc_thresh2=512 "
			       "net.%s.neigh.default.gc_thresh1=128",
			       families[i].proc, families[i].proc, families[i].proc);
	}
}
