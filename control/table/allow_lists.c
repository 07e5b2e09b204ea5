/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/allow_lists.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/allow.h"

#define HASH_HEADS 4096u /* a power of two */
#define NONE	   0u	 /* list 0 is in no chain and no queue */

struct allow_list {
	uint32_t nr_references;
	uint32_t hash;
	uint32_t next_by_hash;
	uint32_t next_free, before_free;
	uint64_t free_at_ns; /* may be rewritten from then on */
};

int table_allow_lists_init(struct allow_lists *lists, struct sp_allow *record, uint32_t nr_records)
{
	*lists = (struct allow_lists){.record = record, .nr_records = nr_records};
	lists->list = calloc(nr_records + 1, sizeof(*lists->list));
	lists->by_hash = calloc(HASH_HEADS, sizeof(*lists->by_hash));
	if (!lists->list || !lists->by_hash) {
		table_allow_lists_release(lists);
		return -ENOMEM;
	}
	return 0;
}

void table_allow_lists_release(struct allow_lists *lists)
{
	free(lists->list);
	free(lists->by_hash);
	*lists = (struct allow_lists){0};
}

static uint32_t hash_of(const struct sp_allow *wanted)
{
	const unsigned char *at = (const void *)wanted;
	uint64_t hash = 0, word;

	for (size_t i = 0; i < sizeof(*wanted); i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static bool holds(const struct sp_allow *record, const struct sp_allow *wanted)
{
	return memcmp(record, wanted, sizeof(*record)) == 0;
}

static uint32_t *head_of(struct allow_lists *lists, uint32_t hash)
{
	return &lists->by_hash[hash & (HASH_HEADS - 1)];
}

static void hash_in(struct allow_lists *lists, uint32_t index, uint32_t hash)
{
	uint32_t *head = head_of(lists, hash);

	lists->list[index].hash = hash;
	lists->list[index].next_by_hash = *head;
	*head = index;
}

static void hash_out(struct allow_lists *lists, uint32_t index)
{
	uint32_t *link = head_of(lists, lists->list[index].hash);

	while (*link != NONE && *link != index)
		link = &lists->list[*link].next_by_hash;
	if (*link == index)
		*link = lists->list[index].next_by_hash;
}

static void queue_in(struct allow_lists *lists, uint32_t index)
{
	lists->list[index].next_free = NONE;
	lists->list[index].before_free = lists->last_free;
	if (lists->last_free != NONE)
		lists->list[lists->last_free].next_free = index;
	else
		lists->first_free = index;
	lists->last_free = index;
}

static void queue_out(struct allow_lists *lists, uint32_t index)
{
	const struct allow_list *list = &lists->list[index];

	if (list->before_free != NONE)
		lists->list[list->before_free].next_free = list->next_free;
	else
		lists->first_free = list->next_free;
	if (list->next_free != NONE)
		lists->list[list->next_free].before_free = list->before_free;
	else
		lists->last_free = list->before_free;
}

int table_allow_lists_adopt(struct allow_lists *lists, uint32_t index,
			    const struct sp_prefix *prefixes, unsigned int nr_prefixes)
{
	struct sp_allow wanted;

	allow_make(&wanted, prefixes, nr_prefixes);
	if (index == 0 || index >= lists->nr_records || !holds(&lists->record[index], &wanted))
		return -ENOENT;
	if (lists->list[index].nr_references++ == 0) {
		hash_in(lists, index, hash_of(&wanted));
		lists->nr_used++;
	}
	return 0;
}

void table_allow_lists_settle(struct allow_lists *lists)
{
	for (uint32_t i = 1; i < lists->nr_records; i++)
		if (lists->list[i].nr_references == 0)
			queue_in(lists, i);
}

static uint32_t find(struct allow_lists *lists, uint32_t hash, const struct sp_allow *wanted)
{
	uint32_t index = *head_of(lists, hash);

	while (index != NONE &&
	       !(lists->list[index].hash == hash && holds(&lists->record[index], wanted)))
		index = lists->list[index].next_by_hash;
	return index;
}

/* A record that is free no slot names, so nobody reads it meanwhile. */
static uint32_t make(struct allow_lists *lists, uint32_t hash, const struct sp_allow *wanted,
		     uint64_t now_ns)
{
	uint32_t index = lists->first_free;

	if (index == NONE || lists->list[index].free_at_ns > now_ns)
		return NONE;
	hash_out(lists, index);
	lists->record[index] = *wanted;
	hash_in(lists, index, hash);
	return index;
}

int table_allow_lists_take(struct allow_lists *lists, const struct sp_prefix *prefixes,
			   unsigned int nr_prefixes, uint64_t now_ns, uint16_t *ret_index)
{
	struct sp_allow wanted;
	uint32_t hash, index;

	if (nr_prefixes == 0) {
		*ret_index = 0;
		return 0;
	}
	allow_make(&wanted, prefixes, nr_prefixes);
	hash = hash_of(&wanted);
	index = find(lists, hash, &wanted);
	if (index == NONE)
		index = make(lists, hash, &wanted, now_ns);
	if (index == NONE)
		return -ENOSPC;
	if (lists->list[index].nr_references++ == 0) {
		queue_out(lists, index);
		lists->nr_used++;
	}
	*ret_index = (uint16_t)index;
	return 0;
}

/* In the order of their times, so that the first is free first. */
static void queue_back(struct allow_lists *lists, uint32_t index)
{
	struct allow_list *list = &lists->list[index];
	uint32_t next = lists->first_free;

	while (next != NONE && lists->list[next].free_at_ns < list->free_at_ns)
		next = lists->list[next].next_free;
	if (next == NONE) {
		queue_in(lists, index);
		return;
	}
	list->next_free = next;
	list->before_free = lists->list[next].before_free;
	lists->list[next].before_free = index;
	if (list->before_free != NONE)
		lists->list[list->before_free].next_free = index;
	else
		lists->first_free = index;
}

/* Gives up one reference. Result: whether it was the last; list 0, everybody, has none. */
static bool let_go(struct allow_lists *lists, uint16_t index)
{
	struct allow_list *list = &lists->list[index];

	if (index == 0)
		return false;
	assert(list->nr_references > 0);
	if (--list->nr_references > 0)
		return false;
	lists->nr_used--;
	return true;
}

/* No slot has named it since it was taken: what it was worth then it is worth now. */
void table_allow_lists_untake(struct allow_lists *lists, uint16_t index)
{
	if (let_go(lists, index))
		queue_back(lists, index);
}

void table_allow_lists_drop(struct allow_lists *lists, uint16_t index, uint64_t now_ns)
{
	if (!let_go(lists, index))
		return;
	lists->list[index].free_at_ns = now_ns + lists->quarantine_ns;
	queue_in(lists, index);
}
