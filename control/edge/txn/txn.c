/* SPDX-License-Identifier: BSD-3-Clause */
/* Collecting a change, and giving everything back. Committing it is commit.c. */
#include "edge/txn/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/state/state.h"
#include "edge/txn/undo.h"
#include "model/deadline.h"

void txn_begin(struct txn *txn, struct edge *edge, const struct edge_call *call)
{
	*txn = (struct txn){
		.edge = edge,
		.now = call->now,
		.peer = call->peer,
		.problem = call->problem,
		.receipt = call->receipt,
		.sync_generation = BUILD_DEFAULT,
	};
}

void txn_begin_own(struct txn *txn, struct edge *edge, const struct instant *now)
{
	const struct edge_call own = {.now = *now, .peer = {(uid_t)-1, 0}};

	txn_begin(txn, edge, &own);
}

/* Result: the place of one more record, or NULL; *nr is counted up. */
static void *grow(void *array_pointer, unsigned int *nr, unsigned int *room, size_t bytes)
{
	void **array = array_pointer;
	unsigned int more = *room ? *room * 2 : 8;

	if (*nr == *room) {
		void *grown = reallocarray(*array, more, bytes);

		if (!grown)
			return NULL;
		*array = grown;
		*room = more;
	}
	return memset((char *)*array + bytes * (*nr)++, 0, bytes);
}

static struct txn_change *add_change(struct txn *txn)
{
	struct txn_change *change =
		grow(&txn->change, &txn->nr_changes, &txn->room_changes, sizeof(*txn->change));

	if (change)
		change->peer = txn->peer;
	return change;
}

static struct txn_undo *add_undo(struct txn *txn, enum txn_undo_kind kind)
{
	struct txn_undo *undo =
		grow(&txn->undo, &txn->nr_undo, &txn->room_undo, sizeof(*txn->undo));

	if (undo)
		undo->kind = kind;
	return undo;
}

const struct build *txn_current(const struct build *build)
{
	return build->pending ? build->pending : build;
}

static struct txn_change *change_of(struct txn *txn, const struct build *copy)
{
	for (unsigned int i = txn->nr_changes; i-- > 0;)
		if (txn->change[i].after == copy)
			return &txn->change[i];
	return NULL;
}

struct build *txn_edit(struct txn *txn, struct build *build, const char *what)
{
	struct txn_change *change;
	struct build *copy;

	if (build->pending)
		return build->pending;
	copy = model_build_clone(build);
	if (!copy)
		return NULL;
	change = add_change(txn);
	if (!change) {
		model_build_free(copy);
		return NULL;
	}
	change->before = build;
	change->after = copy;
	change->what = what;
	build->pending = copy;
	copy->revision++;
	return copy;
}

void txn_mark_whole(struct txn *txn, const struct build *copy)
{
	change_of(txn, copy)->whole = true;
}

int txn_create(struct txn *txn, struct build *build, const char *what)
{
	struct txn_change *change = add_change(txn);

	if (!change)
		return -ENOMEM;
	build->serial = ++txn->edge->last_serial;
	build->revision = 1;
	change->after = build;
	change->what = what;
	change->whole = true;
	return 0;
}

int txn_forget(struct txn *txn, struct build *build)
{
	struct txn_change *change = add_change(txn);

	if (!change)
		return -ENOMEM;
	change->before = build;
	return 0;
}

struct event *txn_event(struct txn *txn, enum event_type type, const struct build *build)
{
	struct event *event =
		grow(&txn->event, &txn->nr_events, &txn->room_events, sizeof(*txn->event));

	if (!event)
		return NULL;
	event->type = type;
	event->node_index = EVENT_NO_NODE;
	if (build)
		memcpy(event->build_id, build->id, sizeof(event->build_id));
	return event;
}

static void give_port(struct txn *txn, uint32_t ordinal, struct forward *forward)
{
	const struct ports *ports = txn->edge->ports;

	forward->ordinal = ordinal;
	forward->public_index = model_ports_public_index(ports, ordinal);
	forward->public_port = model_ports_number(ports, ordinal);
	forward->public_addr = txn->edge->settings.publics[forward->public_index].bind;
	forward->slot_index = sp_slot_index(forward->public_index, forward->public_port);
}

int txn_take_port(struct txn *txn, uint32_t public_index, struct forward *forward)
{
	struct txn_undo *undo = add_undo(txn, TXN_PORT_TAKEN);
	int result;

	if (!undo)
		return -ENOMEM;
	result = model_ports_take(txn->edge->ports, public_index, &undo->ordinal);
	if (result < 0)
		txn->nr_undo--;
	else
		give_port(txn, undo->ordinal, forward);
	return result;
}

int txn_take_this_port(struct txn *txn, uint32_t ordinal, struct forward *forward)
{
	struct txn_undo *undo = add_undo(txn, TXN_PORT_TAKEN);
	int result;

	if (!undo)
		return -ENOMEM;
	undo->ordinal = ordinal;
	result = model_ports_take_this(txn->edge->ports, ordinal);
	if (result < 0)
		txn->nr_undo--;
	else
		give_port(txn, ordinal, forward);
	return result;
}

/* Result: as it was; what was taken is given back if it is an error. */
static int own_or_untake(struct txn *txn, uint32_t ordinal, int result)
{
	if (result < 0) {
		model_ports_untake(txn->edge->ports, ordinal);
		txn->nr_undo--;
	}
	return result;
}

int txn_take_own(struct txn *txn, uint32_t public_index, uint16_t port, struct forward *forward)
{
	struct txn_undo *undo = add_undo(txn, TXN_PORT_TAKEN);
	struct edge *edge = txn->edge;
	int result;

	if (!undo)
		return -ENOMEM;
	result = model_ports_take(edge->ports, public_index, &undo->ordinal);
	if (result < 0) {
		txn->nr_undo--;
		return result;
	}
	give_port(txn, undo->ordinal, forward);
	result = state_addresses_give(
		&edge->addresses, &edge->settings.publics[forward->public_index],
		model_ports_number(edge->ports, undo->ordinal), port, &forward->public_addr);
	forward->public_port = result < 0 ? 0 : port;
	return own_or_untake(txn, undo->ordinal, result);
}

int txn_take_own_port(struct txn *txn, uint32_t public_index, const struct sp_addr *addr,
		      uint16_t port, struct forward *forward)
{
	const struct edge *edge = txn->edge;
	uint16_t number =
		model_settings_slot_number(&edge->settings.publics[public_index], addr, port);
	uint32_t ordinal;
	int result = model_ports_find(edge->ports, public_index, number, &ordinal);

	if (result < 0)
		return -EBUSY;
	result = txn_take_this_port(txn, ordinal, forward);
	if (result < 0)
		return result;
	forward->public_addr = *addr;
	forward->public_port = port;
	return 0;
}

int txn_hold(struct txn *txn, const struct endpoint *endpoint, uint64_t serial)
{
	struct txn_undo *undo = add_undo(txn, TXN_HELD);
	int result;

	if (!undo)
		return -ENOMEM;
	undo->endpoint = *endpoint;
	undo->serial = state_holders_get(txn->edge->holders, endpoint);
	result = state_holders_set(txn->edge->holders, endpoint, serial);
	if (result < 0)
		txn->nr_undo--;
	return result;
}

static int count_name(struct txn *txn, enum txn_undo_kind kind, char what, const char *name)
{
	struct txn_undo *undo = add_undo(txn, kind);
	int result = 0;

	if (!undo)
		return -ENOMEM;
	undo->what = what;
	undo->name = name;
	if (kind == TXN_COUNTED)
		result = state_tally_add(txn->edge->tally, what, name);
	else
		state_tally_subtract(txn->edge->tally, what, name);
	if (result < 0)
		txn->nr_undo--;
	return result;
}

static int count_build(struct txn *txn, enum txn_undo_kind kind, const struct build *build)
{
	int result = count_name(txn, kind, COUNT_ALL, "");

	for (unsigned int i = 0; i < build->actors.nr && result == 0; i++)
		result = count_name(txn, kind, COUNT_ACTOR, build->actors.item[i]);
	if (build->organisation && result == 0)
		result = count_name(txn, kind, COUNT_ORGANISATION, build->organisation);
	return result;
}

int txn_count(struct txn *txn, const struct build *build)
{
	return count_build(txn, TXN_COUNTED, build);
}

int txn_uncount(struct txn *txn, const struct build *build)
{
	return count_build(txn, TXN_UNCOUNTED, build);
}

int txn_take_allow(struct txn *txn, struct build *build)
{
	struct txn_undo *undo = add_undo(txn, TXN_ALLOW_TAKEN);
	int result;

	if (!undo)
		return -ENOMEM;
	result = table_publish_allow_take(txn->edge->publish, build->allow, build->nr_allow,
					  txn->now.boot_ns, &undo->allow_index);
	if (result < 0) {
		txn->nr_undo--;
		return result;
	}
	build->allow_index = undo->allow_index;
	return 0;
}

int txn_prepare(struct txn *txn, const struct build *copy, const struct node *node,
		const struct forward *forward)
{
	struct txn_lease *lease =
		grow(&txn->lease, &txn->nr_leases, &txn->room_leases, sizeof(*txn->lease));
	int result;

	if (!lease)
		return -ENOMEM;
	lease->build = copy;
	lease->lease = state_lease(copy, node, forward);
	result = table_publish_prepare(txn->edge->publish, &lease->lease);
	if (result < 0)
		txn->nr_leases--;
	return result;
}

static int add_end_event(struct txn *txn, const struct build *copy)
{
	struct event *event = txn_event(txn, EVENT_BUILD_ENDED, copy);

	if (!event)
		return -ENOMEM;
	event->reason = copy->reason;
	return 0;
}

int txn_end(struct txn *txn, struct build *build, enum session_event event, const char *what)
{
	struct session_move move;
	struct build *copy;
	int result = model_session_next(txn_current(build)->state, event, &move);

	if (result < 0)
		return result;
	copy = txn_edit(txn, build, what);
	if (!copy)
		return -ENOMEM;
	copy->state = move.state;
	copy->reason = move.reason;
	copy->ended_wall_ns = txn->now.wall_ns;
	model_deadline_end(copy, txn->edge->settings.quarantine_ns, txn->now.boot_ns);
	result = txn_uncount(txn, build);
	return result < 0 ? result : add_end_event(txn, copy);
}

static void undo_one(struct edge *edge, const struct txn_undo *undo)
{
	switch (undo->kind) {
	case TXN_PORT_TAKEN:
		model_ports_untake(edge->ports, undo->ordinal);
		break;
	case TXN_HELD:
		state_holders_set(edge->holders, &undo->endpoint, undo->serial);
		break;
	case TXN_COUNTED:
		state_tally_subtract(edge->tally, undo->what, undo->name);
		state_tally_forget(edge->tally, undo->what, undo->name);
		break;
	case TXN_UNCOUNTED: /* the name has its place still: this cannot fail */
		state_tally_add(edge->tally, undo->what, undo->name);
		break;
	case TXN_ALLOW_TAKEN:
		table_publish_allow_untake(edge->publish, undo->allow_index);
		break;
	}
}

void txn_release(struct txn *txn)
{
	free(txn->change);
	free(txn->event);
	free(txn->undo);
	free(txn->lease);
}

struct txn_mark txn_mark(const struct txn *txn)
{
	return (struct txn_mark){txn->nr_changes, txn->nr_events, txn->nr_undo, txn->nr_leases};
}

void txn_abort_to(struct txn *txn, const struct txn_mark *mark)
{
	while (txn->nr_leases > mark->nr_leases)
		table_publish_unprepare(txn->edge->publish, &txn->lease[--txn->nr_leases].lease);
	while (txn->nr_undo > mark->nr_undo)
		undo_one(txn->edge, &txn->undo[--txn->nr_undo]);
	while (txn->nr_changes > mark->nr_changes) {
		const struct txn_change *change = &txn->change[--txn->nr_changes];

		if (change->before)
			change->before->pending = NULL;
		model_build_free(change->after);
	}
	txn->nr_events = mark->nr_events;
}

void txn_abort(struct txn *txn)
{
	txn_abort_to(txn, &(struct txn_mark){0});
	txn_release(txn);
}

int txn_give_up(struct txn *txn, int error)
{
	if (!problem_is_set(txn->problem))
		json_problem_set(txn->problem, PROBLEM_INTERNAL, "There is not enough memory.");
	txn_abort(txn);
	return error;
}
