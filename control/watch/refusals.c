/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/refusals.h"

#include <stddef.h>
#include <stdio.h>

#include <sallyport/notes.h>

#include "edge/edge.h"
#include "host/addr.h"
#include "model/build.h"
#include "model/event.h"

static bool is_same(const struct watch_refusal *refusal, const struct sp_note *note)
{
	return refusal->kind == note->kind && refusal->slot_index == note->slot_index &&
	       refusal->generation == note->generation;
}

/* What is told already gives way first, then what was noted longest ago. */
static bool gives_way_before(const struct watch_refusal *one, const struct watch_refusal *other)
{
	if ((one->nr == 0) != (other->nr == 0))
		return one->nr == 0;
	return one->noted_ns < other->noted_ns;
}

static struct watch_refusal *place_for(struct watch_refusals *refusals, const struct sp_note *note)
{
	struct watch_refusal *place = &refusals->of[0];

	for (unsigned int i = 0; i < WATCH_REFUSALS_MAX; i++) {
		if (is_same(&refusals->of[i], note))
			return &refusals->of[i];
		if (gives_way_before(&refusals->of[i], place))
			place = &refusals->of[i];
	}
	*place = (struct watch_refusal){
		.slot_index = note->slot_index,
		.generation = note->generation,
		.kind = note->kind,
	};
	return place;
}

void watch_refusals_note(struct watch_refusals *refusals, const struct sp_note *note)
{
	struct watch_refusal *refusal = place_for(refusals, note);

	refusal->client = note->client;
	refusal->noted_ns = note->ring.at_ns;
	refusal->nr++;
}

struct watch_refusal *watch_refusals_due(struct watch_refusals *refusals, uint64_t now_ns,
					 uint64_t period_ns)
{
	for (unsigned int i = 0; i < WATCH_REFUSALS_MAX; i++) {
		struct watch_refusal *refusal = &refusals->of[i];

		if (refusal->nr && (!refusal->told_ns || now_ns - refusal->told_ns >= period_ns))
			return refusal;
	}
	return NULL;
}

void watch_refusals_told(struct watch_refusal *refusal, uint64_t now_ns)
{
	refusal->nr = 0;
	refusal->told_ns = now_ns;
}

const char *watch_refusals_rule(const struct watch_refusal *refusal)
{
	if (refusal->kind == SP_NOTE_SOURCE_LIMITED)
		return "limits.syn_per_source";
	return refusal->kind == SP_NOTE_LEASE_LIMITED ? "limits.syn_per_lease" : NULL;
}

bool watch_refusals_are_told_by(uint8_t kind)
{
	return kind == SP_NOTE_REFUSED || kind == SP_NOTE_SOURCE_LIMITED ||
	       kind == SP_NOTE_LEASE_LIMITED;
}

int watch_refusals_tell(struct edge *edge, const struct instant *now,
			const struct watch_refusal *refusal)
{
	struct event event = {.type = EVENT_CLIENT_REFUSED, .node_index = EVENT_NO_NODE};
	const char *rule = watch_refusals_rule(refusal);
	const struct forward *forward;
	const struct build *build;
	const struct node *node;
	char client[ADDR_TEXT_BYTES];

	build = edge_by_slot(edge, refusal->slot_index, &node, &forward);
	if (build) {
		snprintf(event.build_id, sizeof(event.build_id), "%s", build->id);
		event.node_index = (int32_t)node->index;
	}
	event.value = refusal->nr;
	snprintf(event.detail, sizeof(event.detail), "%s%s%s",
		 addr_format(&refusal->client, client), rule ? " " : "", rule ? rule : "");
	return edge_notes_event(edge, now, &event);
}
