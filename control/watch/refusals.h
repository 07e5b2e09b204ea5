/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who was refused, by lease and reason, until it is told. Fixed in size: where more leases refuse
 * at once than there is room for, those told longest ago give way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct edge;
struct instant;
struct sp_note;

#define WATCH_REFUSALS_MAX 256

struct watch_refusal {
	uint32_t slot_index;
	uint32_t generation;
	uint8_t kind; /* enum sp_note_kind, 0: none */
	struct sp_addr client;
	uint64_t nr;	   /* since it was last told */
	uint64_t told_ns;  /* 0: never */
	uint64_t noted_ns; /* the latest */
};

struct watch_refusals {
	struct watch_refusal of[WATCH_REFUSALS_MAX];
};

/* Takes a note of a refusal (sp_note_tells_refusal()). */
void watch_refusals_note(struct watch_refusals *refusals, const struct sp_note *note);

/* Result: one that is to be told, each at most once in period_ns; or NULL. */
struct watch_refusal *watch_refusals_due(struct watch_refusals *refusals, uint64_t now_ns,
					 uint64_t period_ns);

/* It is told. */
void watch_refusals_told(struct watch_refusal *refusal, uint64_t now_ns);

/* Result: the key of the configuration that refused it, or NULL for a build's allow-list. Static.
 */
const char *watch_refusals_rule(const struct watch_refusal *refusal);

/* Result: whether notes of that kind (enum sp_note_kind) tell of a refusal. */
bool watch_refusals_are_told_by(uint8_t kind);

/* Tells of it in an event of the lease's build. Result: as of edge_notes_event(). */
int watch_refusals_tell(struct edge *edge, const struct instant *now,
			const struct watch_refusal *refusal);
