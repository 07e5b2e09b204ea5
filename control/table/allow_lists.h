/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer's side of the allow map: equal lists are one record, counted. Part of publish. */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct allow_lists {
	struct sp_allow *record;
	uint32_t nr_records; /* record 0 is everybody, never written */
	struct allow_list *list;
	uint32_t *by_hash; /* heads of chains, indexed by hash */
	uint32_t first_free, last_free;
	uint32_t nr_used;
	uint64_t quarantine_ns;
};

/* Result: 0 or -ENOMEM. No list is used yet, and none is free before table_allow_lists_settle(). */
int table_allow_lists_init(struct allow_lists *lists, struct sp_allow *record, uint32_t nr_records);
void table_allow_lists_release(struct allow_lists *lists);

/* See publish.h. */
int table_allow_lists_adopt(struct allow_lists *lists, uint32_t index,
			    const struct sp_prefix *prefixes, unsigned int nr_prefixes);
void table_allow_lists_settle(struct allow_lists *lists);
int table_allow_lists_take(struct allow_lists *lists, const struct sp_prefix *prefixes,
			   unsigned int nr_prefixes, uint64_t now_ns, uint16_t *ret_index);
void table_allow_lists_untake(struct allow_lists *lists, uint16_t index);
void table_allow_lists_drop(struct allow_lists *lists, uint16_t index, uint64_t now_ns);
