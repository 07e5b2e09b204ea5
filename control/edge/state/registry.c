/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/registry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/build.h"

#define HEADS_MIN 1024u /* a power of two */

/* A removed build leaves its entry until half of them are such. */
struct entry {
	uint64_t serial;
	struct build *build; /* or NULL */
	uint32_t next;	     /* of the same id hash: entry + 1; 0: none */
};

struct registry {
	struct entry *entry; /* by serial */
	uint32_t nr_entries, nr_room, nr_removed;
	uint32_t *head; /* by id hash: entry + 1 */
	uint32_t nr_heads;
	struct build **heap; /* by due_ns, from 1 */
	uint32_t nr_heap;
	uint64_t *owner; /* serial, by slot */
	uint32_t nr_slots;
	uint64_t hidden_from; /* serial */
};

int state_registry_new(uint32_t nr_slots, struct registry **ret_registry)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return -ENOMEM;
	registry->nr_slots = nr_slots;
	registry->hidden_from = UINT64_MAX;
	registry->owner = calloc(nr_slots + 1, sizeof(*registry->owner));
	if (!registry->owner || state_registry_reserve(registry, 1) < 0) {
		state_registry_free(registry);
		return -ENOMEM;
	}
	*ret_registry = registry;
	return 0;
}

void state_registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (uint32_t i = 0; i < registry->nr_entries; i++)
		model_build_free(registry->entry[i].build);
	free(registry->entry);
	free(registry->head);
	free(registry->heap);
	free(registry->owner);
	free(registry);
}

/* FNV-1a, folded: ids are chosen by the orchestrator, who is trusted not to collide them. */
static uint32_t hash_id(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3ULL;
	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t *head_of(const struct registry *registry, const char *id)
{
	return &registry->head[hash_id(id) & (registry->nr_heads - 1)];
}

static void chain_entry(struct registry *registry, uint32_t index)
{
	uint32_t *head = head_of(registry, registry->entry[index].build->id);

	registry->entry[index].next = *head;
	*head = index + 1;
}

static void rebuild_chains(struct registry *registry)
{
	memset(registry->head, 0, registry->nr_heads * sizeof(*registry->head));
	for (uint32_t i = 0; i < registry->nr_entries; i++)
		if (registry->entry[i].build)
			chain_entry(registry, i);
}

static int grow_heads(struct registry *registry, uint32_t room)
{
	uint32_t nr_heads = registry->nr_heads ? registry->nr_heads : HEADS_MIN, *head;

	while (nr_heads < room)
		nr_heads *= 2;
	if (nr_heads == registry->nr_heads)
		return 0;
	head = calloc(nr_heads, sizeof(*head));
	if (!head)
		return -ENOMEM;
	free(registry->head);
	registry->head = head;
	registry->nr_heads = nr_heads;
	rebuild_chains(registry);
	return 0;
}

int state_registry_reserve(struct registry *registry, unsigned int nr_more)
{
	uint32_t room = registry->nr_entries + nr_more;
	struct entry *entry;
	struct build **heap;

	if (room <= registry->nr_room)
		return 0;
	room += room / 2;
	entry = reallocarray(registry->entry, room, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	registry->entry = entry;
	heap = reallocarray(registry->heap, room + 1, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	registry->heap = heap;
	if (grow_heads(registry, room) < 0)
		return -ENOMEM;
	registry->nr_room = room;
	return 0;
}

/* A binary heap; positions are kept in the builds. */
static void heap_set(struct registry *registry, uint32_t position, struct build *build)
{
	registry->heap[position] = build;
	build->heap_position = position;
}

static void heap_rise(struct registry *registry, uint32_t position)
{
	struct build *build = registry->heap[position];

	for (; position > 1 && registry->heap[position / 2]->due_ns > build->due_ns; position /= 2)
		heap_set(registry, position, registry->heap[position / 2]);
	heap_set(registry, position, build);
}

static void heap_sink(struct registry *registry, uint32_t position)
{
	struct build *build = registry->heap[position];
	uint32_t child;

	for (; (child = 2 * position) <= registry->nr_heap; position = child) {
		if (child < registry->nr_heap &&
		    registry->heap[child + 1]->due_ns < registry->heap[child]->due_ns)
			child++;
		if (registry->heap[child]->due_ns >= build->due_ns)
			break;
		heap_set(registry, position, registry->heap[child]);
	}
	heap_set(registry, position, build);
}

static void heap_remove(struct registry *registry, const struct build *build)
{
	uint32_t position = build->heap_position;
	struct build *last = registry->heap[registry->nr_heap--];

	if (last == build)
		return;
	heap_set(registry, position, last);
	heap_rise(registry, position);
	heap_sink(registry, last->heap_position);
}

void state_registry_add(struct registry *registry, struct build *build)
{
	uint32_t index = registry->nr_entries;

	assert(index < registry->nr_room);
	assert(index == 0 || registry->entry[index - 1].serial < build->serial);
	registry->entry[index] = (struct entry){build->serial, build, 0};
	registry->nr_entries++;
	chain_entry(registry, index);
	heap_set(registry, ++registry->nr_heap, build);
	heap_rise(registry, registry->nr_heap);
}

/* Result: the first entry with at least that serial. */
static uint32_t entry_from(const struct registry *registry, uint64_t serial)
{
	uint32_t low = 0, high = registry->nr_entries;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (registry->entry[middle].serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void state_registry_replace(struct registry *registry, struct build *before, struct build *after)
{
	uint32_t index = entry_from(registry, before->serial);

	assert(registry->entry[index].build == before && after->serial == before->serial);
	registry->entry[index].build = after;
	heap_set(registry, before->heap_position, after);
	heap_rise(registry, after->heap_position);
	heap_sink(registry, after->heap_position);
	model_build_free(before);
}

void state_registry_postpone(struct registry *registry, struct build *build, uint64_t due_ns)
{
	assert(due_ns >= build->due_ns);
	build->due_ns = due_ns;
	heap_sink(registry, build->heap_position);
}

static void unchain_entry(struct registry *registry, uint32_t index)
{
	uint32_t *link = head_of(registry, registry->entry[index].build->id);

	while (*link != index + 1)
		link = &registry->entry[*link - 1].next;
	*link = registry->entry[index].next;
}

static void drop_removed(struct registry *registry)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < registry->nr_entries; i++)
		if (registry->entry[i].build)
			registry->entry[kept++] = registry->entry[i];
	registry->nr_entries = kept;
	registry->nr_removed = 0;
	rebuild_chains(registry);
}

static void disown_slots(struct registry *registry, const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		/* A forward whose public address is configured no longer has no slot. */
		for (unsigned int j = 0; j < node->nr_forwards; j++)
			if (node->forwards[j].slot_index < registry->nr_slots)
				state_registry_own_slot(registry, node->forwards[j].slot_index, 0);
	}
}

void state_registry_remove(struct registry *registry, struct build *build)
{
	uint32_t index = entry_from(registry, build->serial);

	assert(registry->entry[index].build == build);
	disown_slots(registry, build);
	heap_remove(registry, build);
	unchain_entry(registry, index);
	registry->entry[index].build = NULL;
	model_build_free(build);
	if (++registry->nr_removed * 2 > registry->nr_entries)
		drop_removed(registry);
}

struct build *state_registry_find(const struct registry *registry, const char *id)
{
	for (uint32_t i = *head_of(registry, id); i; i = registry->entry[i - 1].next)
		if (registry->entry[i - 1].serial < registry->hidden_from &&
		    strcmp(registry->entry[i - 1].build->id, id) == 0)
			return registry->entry[i - 1].build;
	return NULL;
}

struct build *state_registry_find_serial(const struct registry *registry, uint64_t serial)
{
	uint32_t index = entry_from(registry, serial);

	if (index == registry->nr_entries || registry->entry[index].serial != serial ||
	    serial >= registry->hidden_from)
		return NULL;
	return registry->entry[index].build;
}

struct build *state_registry_after(const struct registry *registry, uint64_t serial)
{
	uint32_t index =
		serial == UINT64_MAX ? registry->nr_entries : entry_from(registry, serial + 1);

	while (index < registry->nr_entries && !registry->entry[index].build)
		index++;
	return index < registry->nr_entries && registry->entry[index].serial < registry->hidden_from
		       ? registry->entry[index].build
		       : NULL;
}

void state_registry_hide_from(struct registry *registry, uint64_t serial)
{
	if (serial < registry->hidden_from)
		registry->hidden_from = serial;
}

void state_registry_show(struct registry *registry)
{
	registry->hidden_from = UINT64_MAX;
}

struct build *state_registry_first_due(const struct registry *registry)
{
	return registry->nr_heap ? registry->heap[1] : NULL;
}

/* Nothing below a build that is not due is due: the heap's head is walked, breadth first, with the
 * result itself as the queue. */
unsigned int state_registry_due(const struct registry *registry, uint64_t now_ns,
				struct build **ret_due, unsigned int max)
{
	unsigned int nr_due = 0;

	if (max && registry->nr_heap && registry->heap[1]->due_ns <= now_ns)
		ret_due[nr_due++] = registry->heap[1];
	for (unsigned int i = 0; i < nr_due; i++) {
		uint32_t child = 2 * ret_due[i]->heap_position;

		for (uint32_t j = child; j <= child + 1 && j <= registry->nr_heap; j++)
			if (nr_due < max && registry->heap[j]->due_ns <= now_ns)
				ret_due[nr_due++] = registry->heap[j];
	}
	return nr_due;
}

void state_registry_own_slot(struct registry *registry, uint32_t slot_index, uint64_t serial)
{
	assert(slot_index < registry->nr_slots);
	registry->owner[slot_index] = serial;
}

uint64_t state_registry_slot_owner(const struct registry *registry, uint32_t slot_index)
{
	return slot_index < registry->nr_slots ? registry->owner[slot_index] : 0;
}

unsigned int state_registry_count(const struct registry *registry)
{
	return registry->nr_entries - registry->nr_removed;
}
