/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon_settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "edge.h"
#include "host/config.h"

static_assert(EDGE_RANGES_MAX >= CONFIG_RANGES_MAX, "every configured range fits");

static void fill_public(const struct config_public *from, struct edge_public *to)
{
	to->bind = from->bind;
	snprintf(to->advertise, sizeof(to->advertise), "%s", from->advertise);
	to->nr_ranges = from->nr_ports;
	for (unsigned int i = 0; i < from->nr_ports; i++)
		to->ranges[i] = (struct edge_range){from->ports[i].first, from->ports[i].last};
}

static void fill_limits(const struct config *config, struct edge_settings *settings)
{
	settings->low_water_percent = config->public.low_water;
	settings->nodes_per_build = config->limits.nodes_per_build;
	settings->builds = config->limits.builds;
	settings->builds_per_actor = config->limits.builds_per_actor;
	settings->builds_per_organisation = config->limits.builds_per_organisation;
	settings->prefixes_per_build = config->limits.prefixes_per_build;
	settings->events_kept = config->events.kept;
	settings->audit_kept_ns = config->audit.retention_ns;
}

static void fill_times(const struct config *config, struct edge_settings *settings)
{
	settings->linger_ns = config->leases.linger_ns;
	settings->max_lifetime_ns = config->leases.max_lifetime_ns;
	settings->max_extension_ns = config->leases.max_extension_ns;
	settings->quarantine_ns = config->leases.quarantine_ns;
	settings->connect_within_ns = config->leases.connect_within_ns;
	settings->extend_step_ns = config->leases.extend_while_used.step_ns;
	settings->extend_cap_ns = config->leases.extend_while_used.cap_ns;
}

void daemon_settings(const struct config *config, struct edge_settings *ret_settings)
{
	edge_settings_init(ret_settings);
	ret_settings->nr_publics = config->public.nr_addresses;
	for (unsigned int i = 0; i < config->public.nr_addresses; i++)
		fill_public(&config->public.addresses[i], &ret_settings->publics[i]);
	ret_settings->nr_networks = config->builds.nr_networks;
	memcpy(ret_settings->networks, config->builds.networks,
	       config->builds.nr_networks * sizeof(ret_settings->networks[0]));
	fill_times(config, ret_settings);
	fill_limits(config, ret_settings);
}

enum explain_mode daemon_explain_mode(const struct config *config)
{
	switch (config->leases.explain) {
	case CONFIG_EXPLAIN_OFF:
		return EXPLAIN_OFF;
	case CONFIG_EXPLAIN_BRIEF:
		return EXPLAIN_BRIEF;
	case CONFIG_EXPLAIN_FULL:
		break;
	}
	return EXPLAIN_FULL;
}
