/* SPDX-License-Identifier: BSD-3-Clause */
/* What other parts have found out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "edge/edge.h"
#include "edge/state/state.h"
#include "edge/txn/txn.h"
#include "host/addr.h"

static int finish_note(struct txn *txn, int result)
{
	if (result == 0)
		return txn_commit(txn);
	txn_abort(txn);
	return result;
}

static int note_node(struct txn *txn, struct build *build, const struct node *node,
		     enum node_state state)
{
	struct build *copy = txn_edit(txn, build, NULL);
	struct event *event;

	if (!copy)
		return -ENOMEM;
	txn_mark_whole(txn, copy);
	model_build_node(copy, node->index)->state = state;
	event = txn_event(txn, state == NODE_READY ? EVENT_NODE_READY : EVENT_NODE_UNREACHABLE,
			  copy);
	if (!event)
		return -ENOMEM;
	event->node_index = (int32_t)node->index;
	return 0;
}

int edge_notes_node(struct edge *edge, const struct instant *now, const char *id,
		    uint32_t node_index, enum node_event event)
{
	struct build *build = state_registry_find(edge->registry, id);
	const struct node *node = build ? model_build_node(build, node_index) : NULL;
	enum node_state state;
	struct txn txn;

	if (edge->busy)
		return -EBUSY;
	if (!node || !build_is_open(build) || event == NODE_BIND)
		return -ENOENT;
	if (model_session_node_next(node->state, event, &state) < 0)
		return 0;
	txn_begin_own(&txn, edge, now);
	return finish_note(&txn, note_node(&txn, build, node, state));
}

static int note_connected(struct txn *txn, struct build *build, uint32_t node_index,
			  const char *client)
{
	struct build *copy = txn_edit(txn, build, NULL);
	struct event *event;

	if (!copy)
		return -ENOMEM;
	copy->connected_wall_ns = txn->now.wall_ns;
	copy->connect_by_ns = 0;
	event = txn_event(txn, EVENT_BUILD_CONNECTED, copy);
	if (!event)
		return -ENOMEM;
	event->node_index = (int32_t)node_index;
	snprintf(event->detail, sizeof(event->detail), "%s", client);
	return 0;
}

int edge_notes_connected(struct edge *edge, const struct instant *now, uint32_t slot_index,
			 const struct sp_addr *client, uint16_t client_port)
{
	struct build *build = state_registry_find_serial(
		edge->registry, state_registry_slot_owner(edge->registry, slot_index));
	char text[ADDR_TEXT_BYTES], whole[ADDR_TEXT_BYTES + 16];
	const struct forward *forward;
	const struct node *node;
	struct txn txn;

	if (edge->busy)
		return -EBUSY;
	if (!build || !edge_by_slot(edge, slot_index, &node, &forward) || !build_is_open(build))
		return -ENOENT;
	build->used_ns = now->boot_ns;
	if (build->connected_wall_ns)
		return 0;
	snprintf(whole, sizeof(whole), "%s port %u", addr_format(client, text), client_port);
	txn_begin_own(&txn, edge, now);
	return finish_note(&txn, note_connected(&txn, build, node->index, whole));
}

void edge_notes_guest(struct edge *edge, uint64_t serial, const struct sp_addr *client)
{
	state_guests_add(edge->guests, serial, client);
}

bool edge_notes_knows_guest(const struct edge *edge, const struct build *build,
			    const struct sp_addr *client)
{
	return state_guests_has(edge->guests, build->serial, client);
}

void edge_notes_used(struct edge *edge, uint32_t slot_index, uint64_t last_seen_ns)
{
	struct build *build = state_registry_find_serial(
		edge->registry, state_registry_slot_owner(edge->registry, slot_index));

	if (build && last_seen_ns > build->used_ns)
		build->used_ns = last_seen_ns;
}

void edge_notes_capture_slot(struct edge *edge, uint32_t slot_index, uint32_t until_s)
{
	table_publish_capture(edge->publish, slot_index, until_s);
}

int edge_notes_audit(struct edge *edge, const struct edge_call *call, const struct build *build,
		     const char *what)
{
	struct txn txn;

	txn_begin(&txn, edge, call);
	txn.audited = build;
	txn.audited_what = what;
	return txn_commit(&txn);
}

int edge_notes_event(struct edge *edge, const struct instant *now, struct event *event)
{
	struct event *own;
	struct txn txn;
	int result;

	if (edge->busy)
		return -EBUSY;
	txn_begin_own(&txn, edge, now);
	own = txn_event(&txn, event->type, NULL);
	if (!own)
		return finish_note(&txn, -ENOMEM);
	*own = *event;
	result = finish_note(&txn, 0);
	if (result == 0) {
		event->seq = edge->events.newest_seq;
		event->wall_ns = now->wall_ns;
	}
	return result;
}

static int copy_event(const struct event *event, void *context)
{
	*(struct event *)context = *event;
	return 0;
}

/* Result: 0 and the event, without type and build if it is no longer kept, or -errno. */
static int find_given_up(struct edge *edge, const struct edge_call *call, uint64_t seq,
			 struct event *ret_event)
{
	int result;

	*ret_event = (struct event){.type = EVENT_TYPES_NR, .node_index = EVENT_NO_NODE};
	if (seq == 0 || seq > edge->events.newest_seq) {
		json_problem_add(call->problem, PROBLEM_INVALID, "/seq",
				 "The newest event is %llu.",
				 (unsigned long long)edge->events.newest_seq);
		return -EINVAL;
	}
	result = state_events_read(&edge->events, seq - 1, 1, copy_event, ret_event);
	if (result < 0 && result != -ESTALE) {
		json_problem_set(call->problem, PROBLEM_JOURNAL, "The journal cannot be read (%s).",
				 strerror(-result));
		return result;
	}
	return 0;
}

/* Result: 0 or -ENOMEM. */
static int note_dead_letter(struct txn *txn, const struct edge_dead_letter *letter,
			    const struct event *given_up)
{
	struct event *event = txn_event(txn, EVENT_DELIVERY_FAILED, NULL);
	bool known = given_up->type < EVENT_TYPES_NR;
	size_t length;

	if (!event)
		return -ENOMEM;
	snprintf(event->build_id, sizeof(event->build_id), "%s", given_up->build_id);
	event->node_index = given_up->node_index;
	event->value = letter->seq;
	length = (size_t)snprintf(event->detail, sizeof(event->detail),
				  "%s: %s%s%llu tries: ", letter->hook,
				  known ? model_event_type_name(given_up->type) : "",
				  known ? ": " : "", (unsigned long long)letter->nr_tries);
	if (length < sizeof(event->detail))
		snprintf(event->detail + length, sizeof(event->detail) - length, "%.*s",
			 (int)(sizeof(event->detail) - length - 1), letter->reason);
	return 0;
}

int edge_notes_dead_letter(struct edge *edge, const struct edge_call *call,
			   const struct edge_dead_letter *letter)
{
	struct event given_up;
	struct txn txn;
	int result = find_given_up(edge, call, letter->seq, &given_up);

	if (result < 0)
		return result;
	txn_begin(&txn, edge, call);
	if (given_up.type != EVENT_DELIVERY_FAILED)
		result = note_dead_letter(&txn, letter, &given_up);
	return result < 0 ? txn_give_up(&txn, result) : txn_commit(&txn);
}
