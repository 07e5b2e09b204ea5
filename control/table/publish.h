/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one writer of leases, endpoints and allow. What it writes is seen by the engines at once:
 * contents of a record are stored before what makes it count (a slot's state, an allow list's use).
 *
 * A slot may be rewritten once it is free: the caller frees it after the quarantine, and after
 * every reader was seen quiescent (quiesce.h). One thread; nothing here blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct publish;
struct table_map;

/* One public port and where it leads. vm_addr and vm_port are read only where a VM is known. */
struct lease {
	uint32_t slot_index;
	uint32_t usage_index; /* set by table_publish_prepare() */
	struct sp_addr public_addr;
	struct sp_addr vm_addr;
	uint16_t public_port;
	uint16_t vm_port;
	uint16_t allow_index;
	uint8_t protocol_mask; /* one bit */
	bool bound;	       /* the VM is known */
	uint64_t deadline_ns;
};

/* Over a table that outlives it; what the table holds is adopted below. Result: 0 or -ENOMEM. */
int table_publish_new(struct table_map *table, uint64_t quarantine_ns,
		      struct publish **ret_publish);
void table_publish_free(struct publish *publish);

/*
 * How many uses of slots have begun: generations are counted from it. A new table begins where the
 * one before can have ended, which the caller has kept (table_publish_continue(), before adoption).
 */
uint64_t table_publish_lives(const struct publish *publish);
void table_publish_continue(struct publish *publish, uint64_t lives);

/* A later quarantine of allow lists. */
void table_publish_set_quarantine(struct publish *publish, uint64_t quarantine_ns);

/*
 * Adoption, at start only: table_publish_adopt() for each lease of the journal,
 * table_publish_adopt_allow() for each build with an allow list, then table_publish_sweep(), wait
 * for quiescence if it says so, then table_publish_settle(); only then the rest of this file.
 */

/*
 * Keeps what the slot holds if it is this lease in this state, allow_index and deadline apart.
 * Result: whether it is; the lease's usage_index, allow_index and deadline_ns are then the slot's.
 */
bool table_publish_adopt(struct publish *publish, struct lease *lease, enum sp_slot_state state);

/* Takes that back: the slot is to be ended and written anew. */
void table_publish_disown(struct publish *publish, const struct lease *lease);

/* Takes one reference to the list of that index if it holds these prefixes. Result: 0, -ENOENT. */
int table_publish_adopt_allow(struct publish *publish, uint16_t allow_index,
			      const struct sp_prefix *prefixes, unsigned int nr_prefixes);

/* Result: how many live slots are not adopted. */
unsigned int table_publish_count_strangers(const struct publish *publish);

/* Ends every slot not adopted. Result: how many table_publish_settle() is going to free. */
unsigned int table_publish_sweep(struct publish *publish);

/* Frees the swept slots, clears endpoints and allow lists that nothing adopted uses. */
void table_publish_settle(struct publish *publish);

/*
 * Reserves all that a lease needs but the slot itself: a usage record if the slot is free, and its
 * endpoint entry if the VM is known. No packet is treated differently yet. Result: 0, or -ENOSPC
 * with nothing changed.
 */
int table_publish_prepare(struct publish *publish, struct lease *lease);

/* Undoes the above. */
void table_publish_unprepare(struct publish *publish, const struct lease *lease);

/*
 * Fills a free or reserved slot from a prepared lease, a free one with a generation that no other
 * lease had: SP_SLOT_RESERVED, SP_SLOT_LIVE, or, after a
 * reboot, SP_SLOT_ENDED. An ended slot with the same endpoint loses its entry to a live one. Never
 * fails.
 */
void table_publish_slot(struct publish *publish, const struct lease *lease,
			enum sp_slot_state state);

/* Moves the deadline of a live or reserved slot: one store. */
void table_publish_deadline(struct publish *publish, uint32_t slot_index, uint64_t deadline_ns);

/* Has the packets of a slot captured until that second of CLOCK_BOOTTIME; 0: no longer. One store.
 */
void table_publish_capture(struct publish *publish, uint32_t slot_index, uint32_t until_s);

/* Ends a live or reserved slot: one store. Result: whether it was live, or has ended already. */
bool table_publish_end(struct publish *publish, uint32_t slot_index);

/* Result: whether the slot is one that was ended. */
bool table_publish_has_ended(const struct publish *publish, uint32_t slot_index);

/* Empties an ended slot, with its endpoint entry and its usage record. */
void table_publish_clear(struct publish *publish, uint32_t slot_index);

/*
 * Finds or makes the list of these prefixes, sorted without doubles, and takes a reference. No
 * prefixes: index 0, everybody. A list is rewritten only once the quarantine has passed since its
 * last reference went. Result: 0, or -ENOSPC.
 */
int table_publish_allow_take(struct publish *publish, const struct sp_prefix *prefixes,
			     unsigned int nr_prefixes, uint64_t now_ns, uint16_t *ret_allow_index);

/* Takes that back where no slot has come to name the list: it waits for no quarantine. */
void table_publish_allow_untake(struct publish *publish, uint16_t allow_index);

void table_publish_allow_drop(struct publish *publish, uint16_t allow_index, uint64_t now_ns);

struct publish_figures {
	unsigned int live;
	unsigned int endpoints;
	unsigned int endpoints_max;
	unsigned int allow_lists;
	unsigned int allow_lists_max;
};

void table_publish_figures(const struct publish *publish, struct publish_figures *ret_figures);
