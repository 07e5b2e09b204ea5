// SPDX-License-Identifier: BSD-3-Clause
#include "kernel_settings.h"

#include <string.h>

#include <sallyport/compiler.h>

#include "host/config.h"

/*
 * The list is first cut to what it has in common with the new one, so that no reader is led by a
 * prefix while its words are written. What lies beyond is not of the builds for that moment: no
 * live lease leads there that did not before, and replies are found by their endpoint.
 */
static void write_networks(struct sp_settings *settings, const struct config *config)
{
	uint32_t nr = config->builds.nr_networks, same = 0;

	while (same < nr && same < settings->nr_networks &&
	       memcmp(&settings->networks[same], &config->builds.networks[same],
		      sizeof(struct sp_prefix)) == 0)
		same++;
	if (same == nr && same == settings->nr_networks)
		return;
	__atomic_store_n(&settings->nr_networks, same, __ATOMIC_SEQ_CST);
	for (uint32_t i = same; i < nr; i++)
		settings->networks[i] = config->builds.networks[i];
	__atomic_store_n(&settings->nr_networks, nr, __ATOMIC_RELEASE);
}

void settings_write(struct sp_settings *settings, const struct config *config,
		    uint32_t public_ifindex, uint32_t builds_ifindex)
{
	write_networks(settings, config);
	SP_STORE(settings->fallback, config->dataplane.fallback == CONFIG_FALLBACK_XDP);
	SP_STORE(settings->failover_ns, config->dataplane.failover_ns);
	SP_STORE(settings->explain, config->leases.explain != CONFIG_EXPLAIN_OFF);
	SP_STORE(settings->public_ifindex, public_ifindex);
	SP_STORE(settings->builds_ifindex, builds_ifindex);
	SP_STORE(settings->engine_mode, config->dataplane.engine);
}
