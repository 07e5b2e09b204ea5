/* SPDX-License-Identifier: BSD-3-Clause */
/* Start: the journal becomes the model, and the table is made to agree. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "edge/state/state.h"
#include "edge/txn/cut.h"
#include "edge/txn/recall.h"
#include "edge/txn/txn.h"
#include "host/addr.h"
#include "model/deadline.h"

/* Leases in the order of loading, with what the table holds of them. */
struct found {
	struct build *build;
	struct lease lease;
	enum sp_slot_state state;
	bool adopted;
};

struct replay {
	struct edge *edge;
	struct instant now;
	struct instant then; /* the last moment known */
	bool rebooted;
	struct problem *problem;
	struct found *found;
	unsigned int nr_found, room_found;
	struct txn_recall cuts;
};

static int refuse(struct replay *replay, int error, const char *detail)
{
	json_problem_set(replay->problem, PROBLEM_JOURNAL, "%s", detail);
	return error;
}

static int read_moment(struct replay *replay)
{
	struct journal *journal = replay->edge->journal;
	char boot_id[CLOCK_BOOT_ID_SIZE];
	int result = journal_moment(journal, boot_id, &replay->then);

	if (result == -ENOENT)
		return 0;
	if (result < 0)
		return result;
	replay->rebooted = strcmp(boot_id, journal_boot_id(journal)) != 0;
	return 0;
}

static struct found *add_found(struct replay *replay)
{
	unsigned int room = replay->room_found ? replay->room_found * 2 : 64;
	struct found *grown;

	if (replay->nr_found == replay->room_found) {
		grown = reallocarray(replay->found, room, sizeof(*grown));
		if (!grown)
			return NULL;
		replay->found = grown;
		replay->room_found = room;
	}
	return &replay->found[replay->nr_found++];
}

static int claim_port(struct replay *replay, const struct build *build,
		      const struct forward *forward)
{
	struct edge *edge = replay->edge;

	if (state_registry_slot_owner(edge->registry, forward->slot_index) != 0)
		return refuse(replay, -EBADMSG,
			      "The journal is damaged: two sessions hold one public port.");
	state_registry_own_slot(edge->registry, forward->slot_index, build->serial);
	if (forward->ordinal == PORTS_NONE)
		return 0;
	if (model_ports_claim(edge->ports, forward->ordinal) < 0)
		return -EBADMSG;
	if (!build_is_open(build))
		model_ports_quarantine(edge->ports, forward->ordinal);
	return 0;
}

static int claim_endpoint(struct replay *replay, const struct build *build, const struct node *node,
			  const struct forward *forward)
{
	struct endpoint endpoint = state_endpoint(node, forward);

	if (!build_is_open(build) || !node->has_address)
		return 0;
	if (state_holders_get(replay->edge->holders, &endpoint) != 0)
		return refuse(replay, -EBADMSG,
			      "The journal is damaged: two sessions hold one VM endpoint.");
	return state_holders_set(replay->edge->holders, &endpoint, build->serial);
}

static enum sp_slot_state state_of(const struct build *build, const struct node *node)
{
	if (!build_is_open(build))
		return SP_SLOT_ENDED;
	return node->has_address ? SP_SLOT_LIVE : SP_SLOT_RESERVED;
}

static int load_forward(struct replay *replay, struct build *build, const struct node *node,
			struct forward *forward)
{
	struct found *found;
	int result;

	state_place_forward(replay->edge, forward);
	if (!forward_has_slot(forward))
		return 0;
	result = claim_port(replay, build, forward);
	if (result == 0)
		result = claim_endpoint(replay, build, node, forward);
	if (result < 0)
		return result;
	found = add_found(replay);
	if (!found)
		return -ENOMEM;
	*found = (struct found){
		.build = build,
		.lease = state_lease(build, node, forward),
		.state = state_of(build, node),
	};
	return 0;
}

static int count_open(struct edge *edge, const struct build *build)
{
	int result = state_tally_add(edge->tally, COUNT_ALL, "");

	for (unsigned int i = 0; i < build->actors.nr && result == 0; i++)
		result = state_tally_add(edge->tally, COUNT_ACTOR, build->actors.item[i]);
	if (build->organisation && result == 0)
		result = state_tally_add(edge->tally, COUNT_ORGANISATION, build->organisation);
	return result;
}

static int load_forwards(struct replay *replay, struct build *build)
{
	int result = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		for (unsigned int j = 0; j < node->nr_forwards && result == 0; j++)
			result = load_forward(replay, build, node, &node->forwards[j]);
	}
	return result;
}

/* The registry has the build from here on. */
static int load_build(struct build *build, void *context)
{
	struct replay *replay = context;
	struct edge *edge = replay->edge;

	if (state_registry_reserve(edge->registry, 1) < 0) {
		model_build_free(build);
		return -ENOMEM;
	}
	if (replay->rebooted)
		model_deadline_rebase(build, &replay->then, &replay->now);
	if (txn_recall_apply(&replay->cuts, edge, &replay->now, build) < 0) {
		model_build_free(build);
		return -ENOMEM;
	}
	if (build->serial > edge->last_serial)
		edge->last_serial = build->serial;
	if (journal_build_id_used(edge->journal, build, &build->id_used_before) < 0) {
		model_build_free(build);
		return -EIO;
	}
	build->due_ns = model_deadline_due_ns(build);
	state_registry_add(edge->registry, build);
	if (build_is_open(build) && count_open(edge, build) < 0)
		return -ENOMEM;
	return load_forwards(replay, build);
}

static int touch_port(const struct sp_addr *addr, uint16_t port, uint64_t until_wall_ns,
		      void *context)
{
	struct replay *replay = context;
	struct forward forward = {.public_addr = *addr, .public_port = port};

	state_place_forward(replay->edge, &forward);
	if (forward.ordinal != PORTS_NONE &&
	    state_registry_slot_owner(replay->edge->registry, forward.slot_index) == 0)
		model_ports_touch(replay->edge->ports, forward.ordinal);
	return 0;
}

/* What was low already is not news. */
static void find_pools_low(struct edge *edge)
{
	edge->pools_low = txn_commit_pools_low(edge);
}

/* A new table goes on where the one before can have been; what it kept of itself is exact. */
static int load_lives(struct edge *edge)
{
	uint64_t lives = 0;
	int result = journal_number(edge->journal, EDGE_LIVES, &lives);

	if (table_publish_lives(edge->publish) == 0)
		table_publish_continue(edge->publish, lives);
	return result == -ENOENT ? 0 : result;
}

static int load_addresses(struct edge *edge)
{
	for (unsigned int i = 0; i < edge->settings.nr_publics; i++)
		if (edge->settings.publics[i].sessions)
			return state_addresses_open(&edge->addresses, edge->journal);
	return 0;
}

static int load_journal(struct replay *replay)
{
	struct edge *edge = replay->edge;
	int result = read_moment(replay);

	if (result == 0)
		result = state_events_open(&edge->events, edge->journal);
	if (result == 0)
		result = journal_build_last_serial(edge->journal, &edge->last_serial);
	if (result == 0)
		result = journal_number(edge->journal, "sync_generation", &edge->sync_generation);
	if (result == 0 || result == -ENOENT)
		result = load_lives(edge);
	if (result == 0)
		result = load_addresses(edge);
	if (result == 0)
		result = txn_recall_load(&replay->cuts, edge->journal);
	if (result == 0)
		result = journal_build_load(edge->journal, load_build, replay);
	if (result == 0)
		result = journal_record_load_ports(edge->journal, touch_port, replay);
	if (result == 0)
		txn_recall_drop_old(&replay->cuts, edge->journal);
	find_pools_low(edge);
	return result;
}

/*
 * Room for the leases that are written anew, and for what comes after them. Without a journal that
 * can be written, the next change makes it.
 */
static void save_lives(struct replay *replay)
{
	struct edge *edge = replay->edge;
	uint64_t lives = table_publish_lives(edge->publish) + replay->nr_found + EDGE_LIVES_AHEAD;
	uint64_t addresses = edge->addresses.kept;
	int result = journal_begin(edge->journal);

	if (result == 0)
		result = journal_set_number(edge->journal, EDGE_LIVES, lives);
	if (result == 0)
		result = state_addresses_save(&edge->addresses, edge->journal, &addresses);
	if (result == 0)
		result = journal_commit(edge->journal, &replay->now);
	if (result < 0) {
		journal_rollback(edge->journal);
		return;
	}
	edge->lives_kept = lives;
	edge->addresses.kept = addresses;
}

/*
 * After a reboot every time is one of the new boot, in the journal too. A journal that cannot be
 * written is no reason not to start: what is cut, expires or is asked for goes without it.
 */
static void save_rebased(struct replay *replay)
{
	struct edge *edge = replay->edge;

	edge->owes_rebase = replay->rebooted;
	journal_keep_moment(edge->journal, replay->rebooted);
	if (txn_cut_pay(edge, &replay->now) == 0)
		return;
	state_journal_refused(edge, replay->now.boot_ns);
}

/* All leases of a build name one list: the one of its first adopted slot. */
static bool adopt_allow(struct publish *publish, struct build *build, const struct lease *lease)
{
	if (build->nr_allow == 0 || lease->allow_index == 0)
		return (build->nr_allow == 0) == (lease->allow_index == 0);
	if (build->allow_index)
		return lease->allow_index == build->allow_index;
	if (table_publish_adopt_allow(publish, lease->allow_index, build->allow, build->nr_allow) <
	    0)
		return false;
	build->allow_index = lease->allow_index;
	return true;
}

static void adopt(struct replay *replay, struct found *found)
{
	struct publish *publish = replay->edge->publish;
	struct lease lease = found->lease;

	if (!table_publish_adopt(publish, &lease, found->state))
		return;
	if (found->state == SP_SLOT_LIVE && !adopt_allow(publish, found->build, &lease)) {
		table_publish_disown(publish, &lease);
		return;
	}
	found->adopted = true;
}

static int take_allow(struct replay *replay, struct build *build)
{
	if (build->allow_index || build->nr_allow == 0 || !build_is_open(build))
		return 0;
	return table_publish_allow_take(replay->edge->publish, build->allow, build->nr_allow,
					replay->now.boot_ns, &build->allow_index);
}

/* An ended lease's endpoint may be another's by now: it goes in without one. */
static int write_lease(struct replay *replay, struct found *found)
{
	struct publish *publish = replay->edge->publish;
	int result;

	if (found->adopted) {
		if (found->state != SP_SLOT_ENDED)
			table_publish_deadline(publish, found->lease.slot_index,
					       found->build->deadline_ns);
		return 0;
	}
	result = take_allow(replay, found->build);
	found->lease.allow_index = found->build->allow_index;
	if (found->state == SP_SLOT_ENDED)
		found->lease.bound = false;
	if (result == 0)
		result = table_publish_prepare(publish, &found->lease);
	if (result == 0)
		table_publish_slot(publish, &found->lease, found->state);
	return result;
}

static int make_table_agree(struct replay *replay)
{
	struct edge *edge = replay->edge;
	int result = 0;

	for (unsigned int i = 0; i < replay->nr_found; i++)
		adopt(replay, &replay->found[i]);
	if (replay->nr_found == 0)
		edge->nr_strangers = table_publish_count_strangers(edge->publish);
	if (table_publish_sweep(edge->publish) > 0 && edge->wait_quiescent)
		result = edge->wait_quiescent(edge->wait_context);
	if (result < 0)
		return refuse(replay, result, "A worker does not confirm that it left old leases.");
	table_publish_settle(edge->publish);
	for (unsigned int i = 0; i < replay->nr_found && result == 0; i++)
		result = write_lease(replay, &replay->found[i]);
	if (result == -ENOSPC)
		return refuse(replay, result, "The table is too small for the journal's leases.");
	return result;
}

/* Reserved builds have their allow list too, though no slot names it yet. */
static int take_allows(struct replay *replay)
{
	struct registry *registry = replay->edge->registry;
	struct build *build = NULL;
	int result = 0;

	while ((build = state_registry_after(registry, build ? build->serial : 0)) && result == 0)
		result = take_allow(replay, build);
	return result;
}

static bool has_lost_address(const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++)
			if (!forward_has_slot(&build->nodes[i].forwards[j]))
				return true;
	return false;
}

/* A session whose public address was taken out of the configuration cannot go on. */
static int end_lost(struct replay *replay)
{
	struct edge *edge = replay->edge;
	struct build *build = NULL;
	struct txn txn;
	int result = 0;

	txn_begin_own(&txn, edge, &replay->now);
	while ((build = state_registry_after(edge->registry, build ? build->serial : 0)) &&
	       result == 0)
		if (build_is_open(build) && has_lost_address(build))
			result = txn_end(&txn, build, SESSION_CANCEL, "address-removed");
	if (result == 0)
		return txn_commit(&txn);
	txn_abort(&txn);
	return result;
}

/* Ends what has passed meanwhile, batch by batch. */
static void end_overdue(struct replay *replay)
{
	bool removed;

	while (edge_expire(replay->edge, &replay->now, &removed) <= replay->now.boot_ns)
		;
}

static int run(struct replay *replay)
{
	int result = load_journal(replay);

	if (result < 0)
		return result;
	save_rebased(replay);
	save_lives(replay);
	result = make_table_agree(replay);
	if (result == 0)
		result = take_allows(replay);
	if (result == 0)
		result = end_lost(replay);
	if (result == 0)
		end_overdue(replay);
	return result;
}

void edge_replay_set_wait(struct edge *edge, edge_wait *wait, void *context)
{
	edge->wait_quiescent = wait;
	edge->wait_context = context;
}

int edge_replay(struct edge *edge, const struct instant *now, struct problem *problem)
{
	struct replay replay = {.edge = edge, .now = *now, .problem = problem};
	int result = run(&replay);

	free(replay.found);
	txn_recall_free(&replay.cuts);
	if (result < 0)
		json_problem_set(problem, PROBLEM_JOURNAL, "The journal cannot be replayed (%s).",
				 strerror(-result));
	return result;
}
