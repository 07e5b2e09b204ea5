/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's part of the config: public addresses, networks, limits, durations. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#define MODEL_RANGES_MAX 64

struct model_range {
	uint16_t first;
	uint16_t last;
};

struct model_public {
	struct sp_addr bind; /* what packets carry; of a prefix its first address */
	struct sp_addr mask; /* of a prefix */
	uint32_t sessions;   /* 0: an address; else a prefix, with so many addresses at once */
	char advertise[256]; /* what people are told */
	char pool[64];
	struct model_range ranges[MODEL_RANGES_MAX];
	unsigned int nr_ranges;
};

/* Result: the slot number of a port of it, at that address, which is one of it. */
uint16_t model_settings_slot_number(const struct model_public *of, const struct sp_addr *addr,
				    uint16_t port);

/* The model's part of the config. Durations in ns; a limit of 0 means none. */
struct model_settings {
	struct model_public publics[SP_PUBLICS_MAX];
	unsigned int nr_publics;
	struct sp_prefix networks[SP_NETWORKS_MAX]; /* builds.networks */
	unsigned int nr_networks;
	uint64_t linger_ns;
	uint64_t max_lifetime_ns; /* also the most a build may ask for */
	uint64_t max_extension_ns;
	uint64_t quarantine_ns;
	uint64_t connect_within_ns;	/* 0: for ever */
	uint64_t extend_step_ns;	/* extension while in use; 0: off */
	uint64_t extend_cap_ns;		/* the most that adds up to */
	unsigned int low_water_percent; /* of the pool in use: pool.low */
	unsigned int nodes_per_build;
	unsigned int builds;
	unsigned int builds_per_actor;
	unsigned int builds_per_organisation;
	unsigned int prefixes_per_build;
	uint64_t events_kept;
	uint64_t audit_kept_ns;
	uint64_t audit_budget_bytes; /* of connections */
	uint64_t receipts_kept;
	uint64_t receipts_kept_ns;
};

/* Defaults of design.md's example; no publics, no networks. */
void model_settings_init(struct model_settings *settings);

/* Result: which of the publics an address is, or is one of; NULL for none. */
const struct model_public *model_settings_find_public(const struct model_settings *settings,
						      const struct sp_addr *addr);

/* Result: whether an address is in one of the networks. */
bool model_settings_lead_to(const struct model_settings *settings, const struct sp_addr *addr);
