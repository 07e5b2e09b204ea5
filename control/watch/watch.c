/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "host/addr.h"
#include "host/log.h"
#include "host/table_map.h"
#include "journal/audit.h"
#include "journal/journal.h"
#include "model/clock.h"
#include "watch/attempts.h"
#include "watch/audit/keeper.h"
#include "watch/guests.h"
#include "watch/notes/cursors.h"
#include "watch/notes/ring.h"
#include "watch/provoke.h"
#include "watch/recorder.h"
#include "watch/refusals.h"
#include "watch/store.h"
#include "watch/use.h"

#define PERIOD_US	  100000
#define EXPIRE_PERIOD_NS  (5 * CLOCK_SECOND_NS)
#define PROVOKE_AGAIN_NS  (600 * 1000000ULL) /* past the kernel's limit for challenge ACKs */
#define NEWS_MAX	  1024
#define PROVOKE_MAX	  65536
#define REFUSED_PERIOD_NS CLOCK_SECOND_NS /* of each lease and reason */
#define REFUSED_AT_ONCE	  8

/* What is told to the model. */
struct news {
	uint32_t slot_index;
	struct sp_addr client;
	uint16_t client_port;
};

struct provocation {
	struct provoke_ends ends;
	struct connection connection; /* as it was cut */
	uint64_t due_ns;
};

struct watch {
	struct edge *edge;
	struct journal *audit;
	const struct table_map *table;
	struct connections *connections;
	struct attempts *attempts;
	struct provoker *provoker; /* NULL: idle ends wait for their next packet */
	struct ring notes;
	struct recorder *recorder;
	struct keeper *keeper;
	sd_event_source *timer;
	struct instant now; /* of this run */
	uint64_t seq;	    /* of the last event followed */
	bool unwritten;	    /* the recorder has what the journal has not */
	struct store audit_store;
	struct store journal_store;
	uint64_t expire_ns;
	struct watch_refusals refusals;
	struct watch_figures figures;
	struct news connected[NEWS_MAX];
	unsigned int nr_connected;
	struct provocation *again; /* a queue by due_ns */
	unsigned int nr_again;
};

static void warn(const char *sentence, int error)
{
	log_write(LOG_WARNING, sentence, log_error("error", error));
}

static uint64_t wall_at(const struct watch *watch, uint64_t boot_ns)
{
	return watch->now.wall_ns - (watch->now.boot_ns - boot_ns);
}

/* Result: the build whose slot it still, or again, is; or NULL. */
static const struct build *find_build(const struct watch *watch,
				      const struct connection *connection,
				      const struct node **ret_node,
				      const struct forward **ret_forward)
{
	if (connection->slot_index >= watch->table->nr_slots ||
	    watch->table->leases[connection->slot_index].generation != connection->generation)
		return NULL;
	return edge_by_slot(watch->edge, connection->slot_index, ret_node, ret_forward);
}

static bool find_place(const struct watch *watch, const struct connection *connection,
		       struct journal_place *ret_place)
{
	const struct forward *forward;
	const struct node *node;
	const struct build *build = find_build(watch, connection, &node, &forward);

	if (!build)
		return false;
	ret_place->serial = build->serial;
	ret_place->node_index = node->index;
	memcpy(ret_place->build_id, build->id, sizeof(ret_place->build_id));
	memcpy(ret_place->forward, forward->name, sizeof(ret_place->forward));
	return true;
}

static void remember_client(const struct watch *watch, const struct connection *connection)
{
	const struct forward *forward;
	const struct node *node;
	const struct build *build = find_build(watch, connection, &node, &forward);

	if (build)
		edge_notes_guest(watch->edge, build->serial, &connection->client);
}

static void tell_connected(struct watch *watch, const struct connection *connection)
{
	for (unsigned int i = 0; i < watch->nr_connected; i++)
		if (watch->connected[i].slot_index == connection->slot_index)
			return;
	if (watch->nr_connected == NEWS_MAX) {
		watch->figures.untold++;
		return;
	}
	watch->connected[watch->nr_connected++] =
		(struct news){connection->slot_index, connection->client, connection->client_port};
}

static void on_change(struct connection *connection, enum connection_change change, void *context)
{
	struct watch *watch = context;
	struct record record = {.change = change};

	watch_attempts_note(watch->attempts, connection, change);
	if (change == CONNECTION_OPENED || change == CONNECTION_ACCEPTED)
		return;
	if (change == CONNECTION_ESTABLISHED) {
		remember_client(watch, connection);
		tell_connected(watch, connection);
		if (!find_place(watch, connection, &record.place))
			return;
	}
	record.wall_ns = wall_at(watch, change == CONNECTION_ESTABLISHED ? connection->opened_ns
									 : connection->ended_ns);
	watch_recorder_add(watch->recorder, connection, &record);
	watch->unwritten = true;
}

static void take_note(struct watch *watch, const struct sp_note *note)
{
	if (!watch_refusals_are_told_by(note->kind)) {
		watch_connections_note(watch->connections, note, on_change, watch);
		return;
	}
	watch_refusals_note(&watch->refusals, note);
}

static void take_notes(struct watch *watch)
{
	uint32_t nr = notes_ring_gather(&watch->notes, watch->now.boot_ns);

	for (uint32_t i = 0; i < nr; i++)
		take_note(watch, (const struct sp_note *)watch->notes.batch + i);
	if (nr)
		watch->unwritten = true;
}

static void write_records(struct watch *watch)
{
	int result;

	if (!watch->unwritten || watch_store_rests(&watch->audit_store, &watch->now))
		return;
	result = watch_recorder_write_on(watch->recorder, watch->connections, &watch->now);
	watch_store_note(&watch->audit_store, &watch->now, result < 0 ? result : 0);
	watch->unwritten = result != 0;
	audit_keeper_look(watch->keeper);
}

static void tell_refused(struct watch *watch)
{
	for (unsigned int i = 0;
	     i < REFUSED_AT_ONCE && !watch_store_rests(&watch->journal_store, &watch->now); i++) {
		struct watch_refusal *refusal =
			watch_refusals_due(&watch->refusals, watch->now.boot_ns, REFUSED_PERIOD_NS);
		int error = refusal ? watch_refusals_tell(watch->edge, &watch->now, refusal) : 0;

		if (!refusal)
			return;
		watch_store_note(&watch->journal_store, &watch->now, error);
		if (error)
			return;
		watch_refusals_told(refusal, watch->now.boot_ns);
	}
}

/* What the journal does not take now is told later. */
static void tell_news(struct watch *watch)
{
	unsigned int nr = 0;

	for (; nr < watch->nr_connected && !watch_store_rests(&watch->journal_store, &watch->now);
	     nr++) {
		const struct news *news = &watch->connected[nr];
		int error = edge_notes_connected(watch->edge, &watch->now, news->slot_index,
						 &news->client, news->client_port);

		watch_store_note(&watch->journal_store, &watch->now, error == -ENOENT ? 0 : error);
		if (error && error != -ENOENT)
			break;
	}
	watch->nr_connected -= nr;
	memmove(watch->connected, watch->connected + nr,
		watch->nr_connected * sizeof(watch->connected[0]));
	tell_refused(watch);
}

static void provoke(struct watch *watch, const struct provoke_ends *ends,
		    int (*send)(struct provoker *provoker, const struct provoke_ends *ends))
{
	if (send(watch->provoker, ends) == 0)
		watch->figures.provoked++;
}

/* The VM's kernel answers but one segment that is out of place each half second, say. */
static void provoke_again(struct watch *watch)
{
	unsigned int nr = 0;

	for (; nr < watch->nr_again && watch->again[nr].due_ns <= watch->now.boot_ns; nr++) {
		const struct provocation *again = &watch->again[nr];

		provoke(watch, &again->ends, watch_provoke_client);
		if (watch_connections_awaits(watch->connections, &again->connection))
			provoke(watch, &again->ends, watch_provoke_vm);
	}
	for (unsigned int i = nr; i < watch->nr_again; i++)
		watch->again[i - nr] = watch->again[i];
	watch->nr_again -= nr;
}

static void on_cut(struct connection *connection, enum connection_change change, void *context)
{
	struct watch *watch = context;
	const struct sp_slot *slot = &watch->table->leases[connection->slot_index];
	struct provocation provocation = {
		.ends = {.client = connection->client,
			 .public_addr = slot->public_addr,
			 .vm = slot->vm_addr,
			 .client_port = connection->client_port,
			 .public_port = SP_HOST16(slot->public_port_be),
			 .vm_port = SP_HOST16(slot->vm_port_be)},
		.connection = *connection,
		.due_ns = watch->now.boot_ns + PROVOKE_AGAIN_NS,
	};

	on_change(connection, change, watch);
	if (connection->end != CONNECTION_CUT || !watch->provoker ||
	    slot->generation != connection->generation)
		return;
	provoke(watch, &provocation.ends, watch_provoke_vm);
	provoke(watch, &provocation.ends, watch_provoke_client);
	if (watch->nr_again < PROVOKE_MAX)
		watch->again[watch->nr_again++] = provocation;
}

/* Its notes were read after the end of its session was followed. */
static bool is_over(const struct connection *connection, void *context)
{
	const struct forward *forward;
	const struct node *node;
	const struct build *build = find_build(context, connection, &node, &forward);

	return !build || !build_is_open(build);
}

static void expire(struct watch *watch)
{
	if (watch->now.boot_ns < watch->expire_ns)
		return;
	watch->expire_ns = watch->now.boot_ns + EXPIRE_PERIOD_NS;
	watch_connections_cut_if(watch->connections, is_over, watch->now.boot_ns, on_cut, watch);
	watch_connections_expire(watch->connections, watch->now.boot_ns, on_change, watch);
	watch_use_tell(watch->edge, watch->table, watch->connections);
}

/* What the notes do not tell of any more: the ends of an ended session's connections. */
static void cut(struct watch *watch, const char *id)
{
	const struct build *build = edge_get(watch->edge, id);

	if (!build || build_is_open(build))
		return;
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++) {
			uint32_t slot_index = build->nodes[i].forwards[j].slot_index;
			const struct sp_slot *slot = table_map_slot(watch->table, slot_index);

			if (slot)
				watch_connections_cut(watch->connections, slot_index,
						      slot->generation, watch->now.boot_ns, on_cut,
						      watch);
		}
}

static int follow_event(const struct event *event, void *context)
{
	if (event->type == EVENT_BUILD_ENDED)
		cut(context, event->build_id);
	return 0;
}

bool watch_follow(struct watch *watch)
{
	struct events *events = edge_events(watch->edge);
	int more;

	if (watch->seq == events->newest_seq || edge_is_busy(watch->edge))
		return false;
	model_clock_read(&watch->now);
	take_notes(watch); /* connections that came up at the last moment */
	more = state_events_follow(events, &watch->seq, follow_event, watch);
	if (more < 0)
		warn("The ends of sessions could not be followed.", more);
	write_records(watch);
	return more > 0;
}

void watch_look(struct watch *watch)
{
	if (!watch || edge_is_busy(watch->edge))
		return;
	model_clock_read(&watch->now);
	take_notes(watch);
	write_records(watch);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct watch *watch = context;

	model_clock_read(&watch->now);
	if (!edge_is_busy(watch->edge)) {
		take_notes(watch);
		expire(watch);
		write_records(watch);
		tell_news(watch);
	}
	provoke_again(watch);
	sd_event_source_set_time_relative(source, PERIOD_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int restore(const struct connection *connection, void *context)
{
	struct watch *watch = context;
	struct connection gone = *connection;
	const struct forward *forward;
	const struct node *node;
	const struct build *build = find_build(watch, connection, &node, &forward);

	if (gone.opened_ns > watch->now.boot_ns) /* of another boot */
		gone.opened_ns = watch->now.boot_ns;
	gone.ended_ns = watch->now.boot_ns; /* of the first FIN, if there was one */
	if (build && gone.established_ns && watch_connections_restore(watch->connections, &gone)) {
		if (!build_is_open(build)) /* ended while nobody watched */
			watch_connections_cut(watch->connections, gone.slot_index, gone.generation,
					      watch->now.boot_ns, on_cut, watch);
		return 0;
	}
	gone.end = CONNECTION_CUT;
	on_change(&gone, CONNECTION_ENDED, watch);
	return 0;
}

static int load(struct watch *watch, sd_event *event)
{
	int error;

	model_clock_read(&watch->now);
	error = audit_keeper_start(event, watch->edge, watch->audit, &watch->keeper);
	if (!error)
		error = notes_cursors_load(watch->audit, edge_journal(watch->edge), &watch->notes);
	if (!error)
		error = watch_guests_load(watch->edge, watch->audit);
	if (!error)
		error = watch_recorder_new(watch->audit, edge_journal(watch->edge), &watch->notes,
					   &watch->recorder);
	if (!error)
		error = journal_connection_load(watch->audit, restore, watch);
	if (!error)
		write_records(watch);
	return error;
}

int watch_start(sd_event *event, struct edge *edge, struct journal *audit,
		const struct table_map *table, struct watch **ret_watch)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->edge = edge;
	watch->audit = audit;
	watch->table = table;
	watch->audit_store = (struct store){
		.failed = "Connections cannot be recorded: they are kept until they can.",
		.resumed = "Connections are recorded again.",
	};
	watch->journal_store = (struct store){
		.failed = "Who connects or is refused cannot be told: it is kept until it can.",
		.resumed = "Who connects or is refused is told again.",
	};
	watch->seq = edge_events(edge)->newest_seq;
	watch->connections = watch_connections_new();
	watch->attempts = watch_attempts_new();
	watch->again = calloc(PROVOKE_MAX, sizeof(*watch->again));
	error = watch_provoke_open(&watch->provoker);
	if (error)
		warn("Idle connections cannot be told of a session's end.", error);
	watch->notes = (struct ring){.records = table->notes,
				     .heads = table->notes_heads,
				     .record_bytes = sizeof(struct sp_note),
				     .nr_records = SP_NOTES,
				     .table = table};
	error = watch->connections && watch->attempts && watch->again
			? notes_ring_open(&watch->notes)
			: -ENOMEM;
	if (!error)
		error = load(watch, event);
	if (!error)
		error = sd_event_add_time_relative(event, &watch->timer, CLOCK_BOOTTIME, PERIOD_US,
						   1, on_timer, watch);
	if (error < 0) {
		watch_stop(watch);
		return error;
	}
	*ret_watch = watch;
	return 0;
}

void watch_stop(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->timer) {
		model_clock_read(&watch->now);
		take_notes(watch);
		watch->audit_store.again_ns = 0;
		do
			write_records(watch);
		while (watch->unwritten && !watch->audit_store.failing);
		sd_event_source_disable_unref(watch->timer);
	}
	audit_keeper_stop(watch->keeper);
	watch_provoke_close(watch->provoker);
	watch_recorder_free(watch->recorder);
	notes_ring_close(&watch->notes);
	watch_connections_free(watch->connections);
	watch_attempts_free(watch->attempts);
	free(watch->again);
	free(watch);
}

void watch_figures(const struct watch *watch, struct watch_figures *ret_figures)
{
	*ret_figures = watch->figures;
	ret_figures->notes_lost = watch->notes.lost;
	ret_figures->notes_withheld = notes_ring_withheld(&watch->notes);
	watch_connections_figures(watch->connections, &ret_figures->connections);
	watch_recorder_figures(watch->recorder, &ret_figures->records);
	journal_audit_figures(watch->audit, &ret_figures->audit);
}

void watch_told(struct watch *watch, const char *edge, struct sp_note *note)
{
	watch_connections_told(watch->connections, edge, note, on_change, watch);
}

struct connections *watch_connections(struct watch *watch)
{
	return watch->connections;
}

const struct attempts *watch_attempts(const struct watch *watch)
{
	return watch->attempts;
}

void watch_record_all(struct watch *watch)
{
	watch_recorder_take_all(watch->recorder);
}
