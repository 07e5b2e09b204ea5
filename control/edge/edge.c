/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/edge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/compiler.h>

#include "edge/state/state.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "model/pools.h"

static int check_sizes(const struct edge *edge)
{
	const struct table_map *table = edge->table;

	if (edge->settings.nr_publics > table->nr_publics ||
	    model_ports_count(edge->ports) > table->nr_usage)
		return -ENOSPC;
	return 0;
}

static int make_parts(struct edge *edge, uint64_t seed)
{
	int result = model_ports_new(&edge->settings, seed, &edge->ports);

	if (result == 0)
		result = check_sizes(edge);
	if (result == 0)
		result = table_publish_new(edge->table, edge->settings.quarantine_ns,
					   &edge->publish);
	if (result == 0)
		result = state_registry_new(edge->table->nr_slots, &edge->registry);
	if (result == 0)
		result = state_holders_new(&edge->holders);
	if (result == 0)
		result = state_tally_new(&edge->tally);
	if (result == 0) {
		edge->guests = state_guests_new(seed);
		result = edge->guests ? 0 : -ENOMEM;
	}
	/* Two cuts a build at most, and it has a port. Without the file, cuts are made all the
	 * same. */
	if (result == 0)
		journal_cuts_open(edge->journal, 2 * model_ports_count(edge->ports));
	return result;
}

int edge_new(const struct model_settings *settings, struct journal *journal,
	     struct table_map *table, uint64_t seed, struct edge **ret_edge)
{
	struct edge *edge = calloc(1, sizeof(*edge));
	int result;

	if (!edge)
		return -ENOMEM;
	edge->settings = *settings;
	edge->journal = journal;
	edge->table = table;
	result = make_parts(edge, seed);
	if (result < 0) {
		edge_free(edge);
		return result;
	}
	*ret_edge = edge;
	return 0;
}

void edge_free(struct edge *edge)
{
	if (!edge)
		return;
	edge_expire_stop(edge);
	state_addresses_close(&edge->addresses);
	state_guests_free(edge->guests);
	state_debts_free(&edge->debts);
	state_tally_free(edge->tally);
	state_holders_free(edge->holders);
	state_registry_free(edge->registry);
	table_publish_free(edge->publish);
	model_ports_free(edge->ports);
	free(edge);
}

static bool same_public(const struct model_public *a, const struct model_public *b)
{
	return memcmp(&a->bind, &b->bind, sizeof(a->bind)) == 0 &&
	       memcmp(&a->mask, &b->mask, sizeof(a->mask)) == 0 && a->sessions == b->sessions &&
	       strcmp(a->pool, b->pool) == 0 && a->nr_ranges == b->nr_ranges &&
	       memcmp(a->ranges, b->ranges, a->nr_ranges * sizeof(a->ranges[0])) == 0;
}

/* Ports go by which addresses share a name (ports.h). */
static bool same_names(const struct model_settings *a, const struct model_settings *b)
{
	for (unsigned int i = 1; i < a->nr_publics; i++)
		for (unsigned int j = 0; j < i; j++)
			if (addr_same_host(a->publics[i].advertise, a->publics[j].advertise) !=
			    addr_same_host(b->publics[i].advertise, b->publics[j].advertise))
				return false;
	return true;
}

int edge_reload(struct edge *edge, const struct model_settings *settings, struct problem *problem)
{
	bool same = edge->settings.nr_publics == settings->nr_publics;

	for (unsigned int i = 0; same && i < settings->nr_publics; i++)
		same = same_public(&edge->settings.publics[i], &settings->publics[i]);
	if (!same || !same_names(&edge->settings, settings)) {
		json_problem_set(problem, PROBLEM_INVALID,
				 "Public addresses and ports, and which addresses share a name, "
				 "change by a restart of sallyportd.");
		return -EINVAL;
	}
	edge->settings = *settings;
	table_publish_set_quarantine(edge->publish, settings->quarantine_ns);
	return 0;
}

bool edge_is_busy(const struct edge *edge)
{
	return edge->busy;
}

const struct model_settings *edge_settings(const struct edge *edge)
{
	return &edge->settings;
}

int edge_thread_fd(const struct edge *edge)
{
	return journal_thread_fd(edge->journal);
}

struct events *edge_events(struct edge *edge)
{
	return &edge->events;
}

struct journal *edge_journal(struct edge *edge)
{
	return edge->journal;
}

const struct build *edge_get(const struct edge *edge, const char *id)
{
	return state_registry_find(edge->registry, id);
}

const struct build *edge_after(const struct edge *edge, uint64_t serial)
{
	return state_registry_after(edge->registry, serial);
}

uint64_t edge_slot_serial(const struct edge *edge, uint32_t slot_index)
{
	return state_registry_slot_owner(edge->registry, slot_index);
}

const struct build *edge_by_slot(const struct edge *edge, uint32_t slot_index,
				 const struct node **ret_node, const struct forward **ret_forward)
{
	uint64_t serial = state_registry_slot_owner(edge->registry, slot_index);
	const struct build *build =
		serial ? state_registry_find_serial(edge->registry, serial) : NULL;

	for (unsigned int i = 0; build && i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++)
			if (build->nodes[i].forwards[j].slot_index == slot_index) {
				*ret_node = &build->nodes[i];
				*ret_forward = &build->nodes[i].forwards[j];
				return build;
			}
	return NULL;
}

static bool leads_outside(const struct edge *edge, const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		if (build->nodes[i].has_address &&
		    !model_settings_lead_to(&edge->settings, &build->nodes[i].address))
			return true;
	return false;
}

unsigned int edge_count_outside(const struct edge *edge, const struct build **ret_one)
{
	const struct build *build = NULL;
	unsigned int nr = 0;

	*ret_one = NULL;
	while ((build = state_registry_after(edge->registry, build ? build->serial : 0)))
		if (build_is_open(build) && leads_outside(edge, build)) {
			*ret_one = build;
			nr++;
		}
	return nr;
}

/* Result: how many leases this build must have live. */
static unsigned int count_leases(const struct build *build)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++)
			nr += build->nodes[i].has_address &&
			      forward_has_slot(&build->nodes[i].forwards[j]);
	return nr;
}

void edge_figures(const struct edge *edge, struct edge_figures *ret_figures)
{
	struct edge_figures figures = {0};
	struct publish_figures published;
	const struct build *build = NULL;

	while ((build = state_registry_after(edge->registry, build ? build->serial : 0))) {
		figures.builds[build->state]++;
		if (build_is_open(build)) {
			figures.nodes += build->nr_nodes;
			figures.leases_expected += count_leases(build);
		}
	}
	table_publish_figures(edge->publish, &published);
	figures.leases_live = published.live;
	figures.endpoints = published.endpoints;
	figures.endpoints_max = published.endpoints_max;
	figures.allow_lists = published.allow_lists;
	figures.allow_lists_max = published.allow_lists_max;
	figures.oldest_seq = edge->events.oldest_seq;
	figures.newest_seq = edge->events.newest_seq;
	memcpy(figures.told, edge->events.told, sizeof(figures.told));
	figures.sync_generation = edge->sync_generation;
	figures.journal_errors = edge->journal_errors;
	figures.failing_since_ns = edge->failing_since_ns;
	figures.cuts = edge->debts.cuts;
	figures.cuts_owed = edge->debts.nr;
	figures.cuts_loose = edge->debts.nr_loose;
	figures.cuts_room = journal_cuts_room(edge->journal);
	*ret_figures = figures;
}

uint64_t edge_failing_since_ns(const struct edge *edge)
{
	return edge->failing_since_ns;
}

int edge_pool_figures(const struct edge *edge, unsigned int public_index,
		      struct ports_figures *ret_figures)
{
	if (public_index >= edge->settings.nr_publics)
		return -ENOENT;
	model_ports_figures(edge->ports, public_index, ret_figures);
	return 0;
}

uint32_t edge_count_strangers(const struct edge *edge)
{
	return edge->nr_strangers;
}
