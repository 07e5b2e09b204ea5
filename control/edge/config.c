/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/config.h"

#include <stdio.h>
#include <string.h>

#include "edge/edge.h"
#include "host/config.h"

_Static_assert(MODEL_RANGES_MAX >= CONFIG_RANGES_MAX, "every range of the file has a place");

static void copy_public(const struct config_public *from, struct model_public *to)
{
	to->bind = from->bind;
	to->mask = from->mask;
	to->sessions = config_is_prefix(from) ? from->sessions : 0;
	snprintf(to->advertise, sizeof(to->advertise), "%s", from->advertise);
	snprintf(to->pool, sizeof(to->pool), "%s", from->pool);
	for (unsigned int i = 0; i < from->nr_ports; i++)
		to->ranges[i] = (struct model_range){from->ports[i].first, from->ports[i].last};
	to->nr_ranges = from->nr_ports;
}

static void copy_places(const struct config *config, struct model_settings *settings)
{
	for (unsigned int i = 0; i < config->public.nr_addresses; i++)
		copy_public(&config->public.addresses[i], &settings->publics[i]);
	settings->nr_publics = config->public.nr_addresses;
	memcpy(settings->networks, config->builds.networks, sizeof(settings->networks));
	settings->nr_networks = config->builds.nr_networks;
	settings->low_water_percent = config->public.low_water;
}

void edge_config_read(const struct config *config, struct model_settings *ret_settings)
{
	model_settings_init(ret_settings);
	copy_places(config, ret_settings);
	ret_settings->linger_ns = config->leases.linger_ns;
	ret_settings->max_lifetime_ns = config->leases.max_lifetime_ns;
	ret_settings->max_extension_ns = config->leases.max_extension_ns;
	ret_settings->quarantine_ns = config->leases.quarantine_ns;
	ret_settings->connect_within_ns = config->leases.connect_within_ns;
	ret_settings->extend_step_ns = config->leases.extend_while_used.step_ns;
	ret_settings->extend_cap_ns = config->leases.extend_while_used.cap_ns;
	ret_settings->nodes_per_build = config->limits.nodes_per_build;
	ret_settings->builds = config->limits.builds;
	ret_settings->builds_per_actor = config->limits.builds_per_actor;
	ret_settings->builds_per_organisation = config->limits.builds_per_organisation;
	ret_settings->prefixes_per_build = config->limits.prefixes_per_build;
	ret_settings->events_kept = config->events.kept;
	ret_settings->audit_budget_bytes = (uint64_t)config->audit.budget << 20;
	ret_settings->audit_kept_ns = config->audit.retention_ns;
	ret_settings->receipts_kept = config->receipts.kept;
	ret_settings->receipts_kept_ns = config->receipts.retention_ns;
}
