/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/state.h"

#include <errno.h>
#include <string.h>

#include <sallyport/compiler.h>

void state_journal_refused(struct edge *edge, uint64_t now_ns)
{
	edge->journal_errors++;
	if (!edge->failing_since_ns)
		edge->failing_since_ns = now_ns;
	edge->moment_due_ns = now_ns;
}

void state_journal_took(struct edge *edge)
{
	edge->failing_since_ns = 0;
}

void state_place_forward(const struct edge *edge, struct forward *forward)
{
	const struct model_public *found =
		model_settings_find_public(&edge->settings, &forward->public_addr);
	uint16_t number;

	forward->ordinal = PORTS_NONE;
	forward->slot_index = UINT32_MAX;
	if (!found)
		return;
	forward->public_index = (uint32_t)(found - edge->settings.publics);
	number = model_settings_slot_number(found, &forward->public_addr, forward->public_port);
	forward->slot_index = sp_slot_index(forward->public_index, number);
	model_ports_find(edge->ports, forward->public_index, number, &forward->ordinal);
}

struct endpoint state_endpoint(const struct node *node, const struct forward *forward)
{
	return (struct endpoint){node->address, SP_BE16(forward->port), forward->protocol_mask};
}

struct lease state_lease(const struct build *build, const struct node *node,
			 const struct forward *forward)
{
	return (struct lease){
		.slot_index = forward->slot_index,
		.public_addr = forward->public_addr,
		.vm_addr = node->address,
		.public_port = forward->public_port,
		.vm_port = forward->port,
		.allow_index = build->allow_index,
		.protocol_mask = forward->protocol_mask,
		.bound = node->has_address,
		.deadline_ns = build->deadline_ns,
	};
}
