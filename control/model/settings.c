/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/settings.h"

#include <string.h>

#include <sallyport/addr.h>

#include "model/clock.h"
#include "model/pools.h"

#define MINUTE_NS (60 * CLOCK_SECOND_NS)
#define HOUR_NS	  (60 * MINUTE_NS)

void model_settings_init(struct model_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (unsigned int i = 0; i < SP_PUBLICS_MAX; i++)
		strcpy(settings->publics[i].pool, POOL_DEFAULT);
	settings->linger_ns = 30 * MINUTE_NS;
	settings->max_lifetime_ns = 24 * HOUR_NS;
	settings->max_extension_ns = 4 * HOUR_NS;
	settings->quarantine_ns = 10 * MINUTE_NS;
	settings->low_water_percent = 80;
	settings->nodes_per_build = 64;
	settings->prefixes_per_build = SP_ALLOW_PREFIXES;
	settings->events_kept = 100000;
	settings->audit_budget_bytes = (uint64_t)1 << 30;
	settings->audit_kept_ns = 90 * 24 * HOUR_NS;
	settings->receipts_kept = 10000;
	settings->receipts_kept_ns = 24 * HOUR_NS;
}

static bool is_of(const struct model_public *of, const struct sp_addr *addr)
{
	const struct sp_prefix prefix = {of->bind, of->mask};

	return of->sessions ? sp_prefix_contains(&prefix, addr) : sp_addr_equal(&of->bind, addr);
}

const struct model_public *model_settings_find_public(const struct model_settings *settings,
						      const struct sp_addr *addr)
{
	for (unsigned int i = 0; i < settings->nr_publics; i++)
		if (is_of(&settings->publics[i], addr))
			return &settings->publics[i];
	return NULL;
}

uint16_t model_settings_slot_number(const struct model_public *of, const struct sp_addr *addr,
				    uint16_t port)
{
	return of->sessions ? port ^ sp_own_bits(addr) : port;
}

bool model_settings_lead_to(const struct model_settings *settings, const struct sp_addr *addr)
{
	for (unsigned int i = 0; i < settings->nr_networks; i++)
		if (sp_prefix_contains(&settings->networks[i], addr))
			return true;
	return false;
}
