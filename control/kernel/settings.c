// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/settings.h"

#include <stdbool.h>
#include <string.h>

#include <sallyport/compiler.h>
#include <sallyport/table_host.h>

#include <sallyport/limit.h>
#include <sallyport/near.h>

#include "host/config.h"
#include "kernel/mirror.h"

static bool holds(const struct sp_settings *settings, uint32_t set, const struct config *config)
{
	uint32_t nr = config->builds.nr_networks;

	return settings->nr_networks[set] == nr &&
	       memcmp(settings->networks[set], config->builds.networks,
		      nr * sizeof(struct sp_prefix)) == 0;
}

bool kernel_settings_rewrite_networks(const struct sp_settings *settings,
				      const struct config *config)
{
	return !holds(settings, 0, config) && !holds(settings, 1, config);
}

/* Before readers meet them, and for good: see near.h. */
static void note_networks(struct sp_settings *settings, const struct config *config)
{
	sp_near_begin(settings);
	for (uint32_t i = 0; i < config->builds.nr_networks; i++)
		sp_near_add_network(settings, &config->builds.networks[i]);
	sp_near_ready(settings);
}

/* Readers go from one whole set to the other. What is undone is still there: they go back. */
static void write_networks(struct sp_settings *settings, const struct config *config)
{
	uint32_t now = settings->networks_now & 1, next = !now;

	if (holds(settings, now, config))
		return;
	if (!holds(settings, next, config)) {
		memcpy(settings->networks[next], config->builds.networks,
		       sizeof(settings->networks[next]));
		settings->nr_networks[next] = config->builds.nr_networks;
	}
	__atomic_store_n(&settings->networks_now, next, __ATOMIC_SEQ_CST);
}

uint64_t kernel_settings_limit(const struct config_rate *rate)
{
	const uint64_t most = 1ull << 15; /* a word of limits counts to twice that */
	uint32_t shift = SP_LIMIT_SHIFT_MIN;
	uint64_t fits;

	if (rate->count == 0)
		return 0;
	while (shift < SP_LIMIT_SHIFT_MAX && 1ull << shift < rate->period_ns)
		shift++;
	while (shift > SP_LIMIT_SHIFT_MIN && (double)rate->count * (double)(1ull << shift) >
						     (double)most * (double)rate->period_ns)
		shift--;
	fits = (uint64_t)((double)rate->count * SP_LIMIT_ONE * (double)(1ull << shift) /
			  (double)rate->period_ns);
	if (fits > most * SP_LIMIT_ONE)
		fits = most * SP_LIMIT_ONE;
	return (uint64_t)shift << 32 | (fits < SP_LIMIT_ONE ? SP_LIMIT_ONE : fits);
}

void kernel_settings_write(struct sp_settings *settings, const struct config *config,
			   const struct mirror_interface *interfaces)
{
	note_networks(settings, config);
	write_networks(settings, config);
	/* Where a side's wire is DPDK's, the XDP program cannot carry in its place. */
	SP_STORE(settings->fallback,
		 config->dataplane.fallback == CONFIG_FALLBACK_XDP && !config_has_port(config));
	SP_STORE(settings->failover_ns, config->dataplane.failover_ns);
	SP_STORE(settings->explain, config->leases.explain != CONFIG_EXPLAIN_OFF);
	SP_STORE(settings->public_ifindex, interfaces[0].hop_ifindex);
	SP_STORE(settings->builds_ifindex, interfaces[1].hop_ifindex);
	SP_STORE(settings->public_trunk, interfaces[0].ifindex);
	SP_STORE(settings->builds_trunk, interfaces[1].ifindex);
	SP_STORE(settings->syn_per_source, kernel_settings_limit(&config->limits.syn_per_source));
	SP_STORE(settings->syn_per_lease, kernel_settings_limit(&config->limits.syn_per_lease));
	SP_STORE(settings->engine_mode, config->dataplane.engine);
}
