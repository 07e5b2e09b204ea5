/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/side.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "host/addr.h"
#include "host/config.h"

static bool is_in_networks(const struct config *config, const struct sp_addr *addr)
{
	for (uint32_t i = 0; i < config->builds.nr_networks; i++)
		if (sp_prefix_contains(&config->builds.networks[i], addr))
			return true;
	return false;
}

static bool is_of_builds(const struct config *config, const struct ifaddrs *one)
{
	if (!config->builds.vlan)
		return strcmp(one->ifa_name, config->builds.interface) == 0;
	return !(one->ifa_flags & IFF_LOOPBACK) &&
	       strcmp(one->ifa_name, config->public.interface) != 0;
}

bool runner_side_has(const struct config *config, const struct sp_addr *addr)
{
	struct ifaddrs *all;
	struct sp_addr own;
	bool has = is_in_networks(config, addr);

	if (has || getifaddrs(&all))
		return has;
	for (const struct ifaddrs *one = all; one && !has; one = one->ifa_next)
		has = one->ifa_addr && addr_from_sockaddr(one->ifa_addr, &own) == 0 &&
		      sp_addr_equal(&own, addr) && is_of_builds(config, one);
	freeifaddrs(all);
	return has;
}
