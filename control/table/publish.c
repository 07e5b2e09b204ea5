/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/publish.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>

#include "host/addr.h"
#include "host/table_map.h"
#include "table/allow_lists.h"
#include "table/endpoints.h"

struct publish {
	struct table_map *table;
	struct sp_slot *leases;
	uint32_t nr_slots;
	struct endpoints endpoints;
	struct allow_lists allow;
	uint8_t *adopted;     /* by slot; only until table_publish_settle() */
	uint8_t *usage_taken; /* by usage index; likewise */
	uint32_t *usage_free; /* a stack of usage indexes */
	uint32_t nr_usage, nr_usage_free;
	uint32_t nr_live;
};

/* In a table of a sallyportd that did not count them edge-wide, or in a new one. */
static void count_lives(const struct publish *publish)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < publish->nr_slots && publish->table->meta->lives == 0; i++)
		if (publish->leases[i].generation > most)
			most = publish->leases[i].generation;
	if (most)
		publish->table->meta->lives = most;
}

int table_publish_new(struct table_map *table, uint64_t quarantine_ns, struct publish **ret_publish)
{
	struct publish *publish = calloc(1, sizeof(*publish));

	if (!publish)
		return -ENOMEM;
	publish->table = table;
	publish->leases = table->leases;
	publish->nr_slots = table->nr_slots;
	publish->endpoints =
		(struct endpoints){table->endpoints, table->nr_buckets, table->hash_seed, 0};
	publish->nr_usage = table->nr_usage;
	publish->adopted = calloc(publish->nr_slots, 1);
	publish->usage_taken = calloc(table->nr_usage + 1, 1);
	publish->usage_free = calloc(table->nr_usage + 1, sizeof(*publish->usage_free));
	if (!publish->adopted || !publish->usage_taken || !publish->usage_free ||
	    table_allow_lists_init(&publish->allow, table->allow, table->nr_allow) < 0) {
		table_publish_free(publish);
		return -ENOMEM;
	}
	publish->allow.quarantine_ns = quarantine_ns;
	count_lives(publish);
	*ret_publish = publish;
	return 0;
}

void table_publish_free(struct publish *publish)
{
	if (!publish)
		return;
	table_allow_lists_release(&publish->allow);
	free(publish->adopted);
	free(publish->usage_taken);
	free(publish->usage_free);
	free(publish);
}

uint64_t table_publish_lives(const struct publish *publish)
{
	return publish->table->meta->lives;
}

void table_publish_continue(struct publish *publish, uint64_t lives)
{
	publish->table->meta->lives = lives;
}

void table_publish_set_quarantine(struct publish *publish, uint64_t quarantine_ns)
{
	publish->allow.quarantine_ns = quarantine_ns;
}

static struct sp_slot *slot_at(const struct publish *publish, uint32_t slot_index)
{
	assert(slot_index < publish->nr_slots);
	return &publish->leases[slot_index];
}

static enum sp_slot_state state_of(const struct sp_slot *slot)
{
	return (enum sp_slot_state)__atomic_load_n(&slot->state, __ATOMIC_RELAXED);
}

static void store_state(struct sp_slot *slot, enum sp_slot_state state)
{
	__atomic_store_n(&slot->life, sp_life_of(state, slot->generation), __ATOMIC_RELEASE);
}

static struct endpoint lease_endpoint(const struct lease *lease)
{
	return (struct endpoint){lease->vm_addr, SP_BE16(lease->vm_port), lease->protocol_mask};
}

static struct endpoint slot_endpoint(const struct sp_slot *slot)
{
	return (struct endpoint){slot->vm_addr, slot->vm_port_be, slot->protocol_mask};
}

/* A slot that never had a VM is all zeroes there. */
static bool slot_bound(const struct sp_slot *slot)
{
	return slot->vm_port_be != 0;
}

static bool same_place(const struct sp_slot *slot, const struct lease *lease)
{
	return sp_addr_equal(&slot->public_addr, &lease->public_addr) &&
	       slot->public_port_be == SP_BE16(lease->public_port) &&
	       slot->family == addr_family(&lease->public_addr) &&
	       slot->protocol_mask == lease->protocol_mask;
}

static bool same_vm(const struct sp_slot *slot, const struct lease *lease)
{
	/* After a reboot an ended slot is written without its VM. */
	if (state_of(slot) == SP_SLOT_ENDED && !slot_bound(slot))
		return true;
	return slot_bound(slot) == lease->bound &&
	       (!lease->bound || (sp_addr_equal(&slot->vm_addr, &lease->vm_addr) &&
				  slot->vm_port_be == SP_BE16(lease->vm_port)));
}

void table_publish_capture(struct publish *publish, uint32_t slot_index, uint32_t until_s)
{
	SP_STORE(slot_at(publish, slot_index)->capture_until_s, until_s);
}

bool table_publish_adopt(struct publish *publish, struct lease *lease, enum sp_slot_state state)
{
	const struct sp_slot *slot = slot_at(publish, lease->slot_index);

	if (state_of(slot) != state || !same_place(slot, lease) || !same_vm(slot, lease))
		return false;
	if (slot->usage_index >= publish->nr_usage || publish->usage_taken[slot->usage_index])
		return false;
	publish->adopted[lease->slot_index] = 1;
	publish->usage_taken[slot->usage_index] = 1;
	publish->nr_live += state == SP_SLOT_LIVE;
	table_publish_capture(publish, lease->slot_index,
			      0); /* nobody is there to take it any more */
	lease->usage_index = slot->usage_index;
	lease->allow_index = slot->allow_index;
	lease->deadline_ns = slot->deadline_ns;
	return true;
}

int table_publish_adopt_allow(struct publish *publish, uint16_t allow_index,
			      const struct sp_prefix *prefixes, unsigned int nr_prefixes)
{
	return table_allow_lists_adopt(&publish->allow, allow_index, prefixes, nr_prefixes);
}

void table_publish_disown(struct publish *publish, const struct lease *lease)
{
	const struct sp_slot *slot = slot_at(publish, lease->slot_index);

	assert(publish->adopted[lease->slot_index]);
	publish->adopted[lease->slot_index] = 0;
	publish->usage_taken[slot->usage_index] = 0;
	publish->nr_live -= state_of(slot) == SP_SLOT_LIVE;
}

unsigned int table_publish_count_strangers(const struct publish *publish)
{
	unsigned int nr = 0;

	for (uint32_t i = 0; i < publish->nr_slots; i++)
		nr += !publish->adopted[i] && state_of(&publish->leases[i]) == SP_SLOT_LIVE;
	return nr;
}

unsigned int table_publish_sweep(struct publish *publish)
{
	unsigned int nr_ended = 0;

	for (uint32_t i = 0; i < publish->nr_slots; i++) {
		struct sp_slot *slot = &publish->leases[i];

		if (publish->adopted[i] || state_of(slot) == SP_SLOT_FREE)
			continue;
		nr_ended++;
		store_state(slot, SP_SLOT_ENDED);
	}
	return nr_ended;
}

static int adopted_key(uint32_t slot_index, struct endpoint *ret_key, void *context)
{
	const struct publish *publish = context;

	if (slot_index >= publish->nr_slots || !publish->adopted[slot_index] ||
	    !slot_bound(&publish->leases[slot_index]))
		return 0;
	*ret_key = slot_endpoint(&publish->leases[slot_index]);
	return 1;
}

/* An adopted live slot whose entry is missing gets it back. */
static void restore_entry(struct publish *publish, uint32_t slot_index)
{
	const struct sp_slot *slot = &publish->leases[slot_index];
	struct endpoint key = slot_endpoint(slot);

	if (publish->adopted[slot_index] && state_of(slot) == SP_SLOT_LIVE)
		table_endpoints_add(&publish->endpoints, &key, slot_index);
}

static void settle_usage(struct publish *publish)
{
	for (uint32_t i = publish->nr_usage; i-- > 0;)
		if (!publish->usage_taken[i])
			publish->usage_free[publish->nr_usage_free++] = i;
}

void table_publish_settle(struct publish *publish)
{
	for (uint32_t i = 0; i < publish->nr_slots; i++)
		if (!publish->adopted[i] && state_of(&publish->leases[i]) != SP_SLOT_FREE)
			store_state(&publish->leases[i], SP_SLOT_FREE);
	table_endpoints_filter(&publish->endpoints, adopted_key, publish);
	for (uint32_t i = 0; i < publish->nr_slots; i++)
		restore_entry(publish, i);
	settle_usage(publish);
	table_allow_lists_settle(&publish->allow);
	free(publish->adopted);
	free(publish->usage_taken);
	publish->adopted = publish->usage_taken = NULL;
}

static int prepare_usage(struct publish *publish, struct lease *lease)
{
	const struct sp_slot *slot = slot_at(publish, lease->slot_index);

	if (state_of(slot) != SP_SLOT_FREE) {
		lease->usage_index = slot->usage_index;
		return 0;
	}
	if (publish->nr_usage_free == 0)
		return -ENOSPC;
	lease->usage_index = publish->usage_free[--publish->nr_usage_free];
	return 0;
}

static void return_usage(struct publish *publish, uint32_t usage_index)
{
	assert(publish->nr_usage_free < publish->nr_usage);
	publish->usage_free[publish->nr_usage_free++] = usage_index;
}

int table_publish_prepare(struct publish *publish, struct lease *lease)
{
	struct endpoint key = lease_endpoint(lease);
	enum sp_slot_state state = state_of(slot_at(publish, lease->slot_index));
	int result;

	assert(state == SP_SLOT_FREE || state == SP_SLOT_RESERVED);
	result = prepare_usage(publish, lease);
	if (result < 0 || !lease->bound)
		return result;
	result = table_endpoints_add(&publish->endpoints, &key, lease->slot_index);
	if (result < 0 && state == SP_SLOT_FREE)
		return_usage(publish, lease->usage_index);
	return result;
}

void table_publish_unprepare(struct publish *publish, const struct lease *lease)
{
	struct endpoint key = lease_endpoint(lease);

	if (lease->bound)
		table_endpoints_remove(&publish->endpoints, &key, lease->slot_index);
	if (state_of(slot_at(publish, lease->slot_index)) == SP_SLOT_FREE)
		return_usage(publish, lease->usage_index);
}

struct rival {
	const struct publish *publish;
	struct endpoint key;
	uint32_t slot_index;
};

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port_be == b->port_be && a->protocol == b->protocol &&
	       sp_addr_equal(&a->addr, &b->addr);
}

/* Another slot with this endpoint: ended, or the caller has let two builds have one VM port. */
static int is_rival(uint32_t slot_index, void *context)
{
	const struct rival *rival = context;
	const struct sp_slot *slot = slot_at(rival->publish, slot_index);
	struct endpoint key = slot_endpoint(slot);

	if (slot_index == rival->slot_index || state_of(slot) < SP_SLOT_LIVE ||
	    !same_endpoint(&key, &rival->key))
		return 0;
	assert(state_of(slot) == SP_SLOT_ENDED);
	return 1;
}

static void remove_rivals(struct publish *publish, const struct lease *lease)
{
	struct rival rival = {publish, lease_endpoint(lease), lease->slot_index};

	table_endpoints_remove_if(&publish->endpoints, &rival.key, is_rival, &rival);
}

static void fill_slot(struct sp_slot *slot, const struct lease *lease)
{
	slot->deadline_ns = lease->deadline_ns;
	slot->vm_addr = lease->bound ? lease->vm_addr : (struct sp_addr){0};
	slot->public_addr = lease->public_addr;
	slot->vm_port_be = lease->bound ? SP_BE16(lease->vm_port) : 0;
	slot->public_port_be = SP_BE16(lease->public_port);
	slot->family = (__u8)addr_family(&lease->public_addr);
	slot->protocol_mask = lease->protocol_mask;
	slot->allow_index = lease->allow_index;
	slot->usage_index = lease->usage_index;
	slot->capture_until_s = 0;
}

/* Was this usage record last written for a lease of that generation, 2^32 leases ago? */
static bool is_left(const struct publish *publish, uint32_t usage_index, uint32_t generation)
{
	for (uint32_t row = 0; row < publish->table->nr_rows; row++) {
		const struct sp_usage *usage = table_map_usage(publish->table, row, usage_index);

		if (__atomic_load_n(&usage->generation, __ATOMIC_RELAXED) == generation)
			return true;
	}
	return false;
}

/* One that no record kept about another lease can have (see struct sp_slot). */
static uint32_t next_generation(struct publish *publish, uint32_t usage_index)
{
	uint32_t generation;

	do {
		generation = (uint32_t)++publish->table->meta->lives;
	} while (generation == 0 || is_left(publish, usage_index, generation));
	return generation;
}

void table_publish_slot(struct publish *publish, const struct lease *lease,
			enum sp_slot_state state)
{
	struct sp_slot *slot = slot_at(publish, lease->slot_index);
	uint32_t generation = slot->generation;

	assert(state_of(slot) == SP_SLOT_FREE || state_of(slot) == SP_SLOT_RESERVED);
	assert(state != SP_SLOT_LIVE || lease->bound);
	if (state == SP_SLOT_LIVE)
		remove_rivals(publish, lease);
	if (state_of(slot) == SP_SLOT_FREE)
		generation = next_generation(publish, lease->usage_index);
	fill_slot(slot, lease);
	__atomic_store_n(&slot->life, sp_life_of(state, generation), __ATOMIC_RELEASE);
	publish->nr_live += state == SP_SLOT_LIVE;
}

void table_publish_deadline(struct publish *publish, uint32_t slot_index, uint64_t deadline_ns)
{
	__atomic_store_n(&slot_at(publish, slot_index)->deadline_ns, deadline_ns, __ATOMIC_RELEASE);
}

bool table_publish_end(struct publish *publish, uint32_t slot_index)
{
	struct sp_slot *slot = slot_at(publish, slot_index);
	enum sp_slot_state before = state_of(slot);

	assert(before != SP_SLOT_FREE);
	store_state(slot, SP_SLOT_ENDED);
	publish->nr_live -= before == SP_SLOT_LIVE;
	return before != SP_SLOT_RESERVED;
}

bool table_publish_has_ended(const struct publish *publish, uint32_t slot_index)
{
	return state_of(slot_at(publish, slot_index)) == SP_SLOT_ENDED;
}

void table_publish_clear(struct publish *publish, uint32_t slot_index)
{
	struct sp_slot *slot = slot_at(publish, slot_index);
	struct endpoint key = slot_endpoint(slot);

	assert(state_of(slot) == SP_SLOT_ENDED);
	if (slot_bound(slot))
		table_endpoints_remove(&publish->endpoints, &key, slot_index);
	store_state(slot, SP_SLOT_FREE);
	return_usage(publish, slot->usage_index);
}

int table_publish_allow_take(struct publish *publish, const struct sp_prefix *prefixes,
			     unsigned int nr_prefixes, uint64_t now_ns, uint16_t *ret_allow_index)
{
	return table_allow_lists_take(&publish->allow, prefixes, nr_prefixes, now_ns,
				      ret_allow_index);
}

void table_publish_allow_untake(struct publish *publish, uint16_t allow_index)
{
	table_allow_lists_untake(&publish->allow, allow_index);
}

void table_publish_allow_drop(struct publish *publish, uint16_t allow_index, uint64_t now_ns)
{
	table_allow_lists_drop(&publish->allow, allow_index, now_ns);
}

void table_publish_figures(const struct publish *publish, struct publish_figures *ret_figures)
{
	*ret_figures = (struct publish_figures){
		.live = publish->nr_live,
		.endpoints = publish->endpoints.nr_entries,
		.endpoints_max = publish->endpoints.nr_buckets * SP_BUCKET_ENTRIES,
		.allow_lists = publish->allow.nr_used,
		.allow_lists_max = publish->allow.nr_records ? publish->allow.nr_records - 1 : 0,
	};
}
