/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "journal/audit.h"
#include "journal/audit_file.h"
#include "journal/journal.h"
#include "watch/audit/sampling.h"
#include "watch/notes/cursors.h"

struct recorder {
	struct journal *journal;
	const struct ring *notes;
	uint64_t last_number;	   /* given out; nobody else gives any */
	struct sampling *sampling; /* NULL: all */
	struct record *waiting;
	unsigned int room;
	struct recorder_figures figures;
	bool lost_ends;
	bool in_memory; /* the audit was, for want of its file */
	bool told;	/* that one was not taken */
};

int watch_recorder_new(struct journal *audit, struct journal *journal, const struct ring *notes,
		       struct recorder **ret_recorder)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int error;

	if (!recorder)
		return -ENOMEM;
	recorder->journal = audit;
	recorder->notes = notes;
	recorder->sampling = audit_sampling_new();
	error = recorder->sampling ? journal_audit_last(audit, journal, &recorder->last_number)
				   : -ENOMEM;
	if (error) {
		watch_recorder_free(recorder);
		return error;
	}
	*ret_recorder = recorder;
	return 0;
}

void watch_recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	audit_sampling_free(recorder->sampling);
	free(recorder->waiting);
	free(recorder);
}

/* What ends has a record already: there is more room for that. */
static bool is_full(const struct recorder *recorder, enum connection_change change)
{
	return recorder->figures.waiting >=
	       (change == CONNECTION_ESTABLISHED ? RECORDER_WAITING_MAX : 2 * RECORDER_WAITING_MAX);
}

static bool make_room(struct recorder *recorder)
{
	unsigned int more = recorder->room ? recorder->room * 2 : 64;
	struct record *grown;

	if (recorder->figures.waiting < recorder->room)
		return true;
	grown = reallocarray(recorder->waiting, more, sizeof(*grown));
	if (!grown)
		return false;
	recorder->waiting = grown;
	recorder->room = more;
	return true;
}

void watch_recorder_add(struct recorder *recorder, struct connection *connection,
			struct record *record)
{
	if (record->change != CONNECTION_ESTABLISHED && !connection->number)
		return;
	if (record->change == CONNECTION_ESTABLISHED && recorder->sampling &&
	    !audit_sampling_may(recorder->sampling, connection)) {
		recorder->figures.sampled_out++;
		return;
	}
	if (is_full(recorder, record->change) || !make_room(recorder)) {
		recorder->figures.lost++;
		if (record->change != CONNECTION_ESTABLISHED)
			recorder->lost_ends = true;
		return;
	}
	if (record->change == CONNECTION_ESTABLISHED)
		connection->number = ++recorder->last_number;
	record->connection = *connection;
	recorder->waiting[recorder->figures.waiting++] = *record;
}

void watch_recorder_take_all(struct recorder *recorder)
{
	audit_sampling_free(recorder->sampling);
	recorder->sampling = NULL;
}

static int write_one(struct journal *journal, const struct record *record)
{
	switch (record->change) {
	case CONNECTION_ESTABLISHED:
		return journal_connection_open(journal, &record->place, &record->connection,
					       record->wall_ns);
	case CONNECTION_CLOSING:
		return journal_connection_closing(journal, &record->connection);
	case CONNECTION_ENDED:
	case CONNECTION_COUNTED:
		return journal_connection_close(journal, &record->connection, record->wall_ns);
	case CONNECTION_UNCHANGED:
	case CONNECTION_OPENED:
	case CONNECTION_ACCEPTED:
		break;
	}
	return 0;
}

/* The room goes too: what a full disk made wait was much more than there is mostly. */
static void forget(struct recorder *recorder, unsigned int nr)
{
	recorder->figures.waiting -= nr;
	if (recorder->figures.waiting > 0) {
		memmove(recorder->waiting, recorder->waiting + nr,
			recorder->figures.waiting * sizeof(*recorder->waiting));
		return;
	}
	free(recorder->waiting);
	recorder->waiting = NULL;
	recorder->room = 0;
}

/* Result: 0, also for one that no table ever takes: *nr_lost counts it. */
static int write_or_drop(struct journal *journal, const struct record *record,
			 unsigned int *nr_lost)
{
	int error = write_one(journal, record);

	if (error != -EDOM)
		return error;
	++*nr_lost;
	return 0;
}

static void tell_lost(struct recorder *recorder, unsigned int nr)
{
	if (nr == 0)
		return;
	recorder->figures.lost += nr;
	if (!recorder->told)
		log_write(LOG_WARNING, "A record that the audit does not take is dropped.",
			  log_error("error", -EDOM));
	recorder->told = true;
}

/* A file that is back may call connections open that were so before this life began. */
static void note_return(struct recorder *recorder)
{
	bool in_memory = journal_audit_file_is_wanted(recorder->journal);

	if (recorder->in_memory && !in_memory)
		recorder->lost_ends = true;
	recorder->in_memory = in_memory;
}

/* Of what waits, as many as *done are written, and forgotten later. Result: 1 if more are left. */
static int write_some(struct recorder *recorder, const struct instant *now, unsigned int *done)
{
	unsigned int left = recorder->figures.waiting - *done, lost = 0;
	unsigned int nr = left < RECORDER_AT_ONCE ? left : RECORDER_AT_ONCE;
	struct journal *journal = recorder->journal;
	int error = journal_begin(journal);

	if (error)
		return error;
	for (unsigned int i = 0; i < nr && !error; i++)
		error = write_or_drop(journal, &recorder->waiting[*done + i], &lost);
	if (!error)
		error = notes_cursors_save(journal, recorder->notes);
	if (!error)
		error = journal_commit(journal, now);
	if (error) {
		journal_rollback(journal);
		return error;
	}
	*done += nr;
	note_return(recorder);
	tell_lost(recorder, lost);
	return left > nr;
}

#define TRANSACTIONS 4 /* at once */

struct search {
	struct recorder *recorder;
	struct connections *connections;
	const struct instant *now;
};

static int end_if_over(const struct connection *open, void *context)
{
	const struct search *search = context;
	struct connection gone = *open;
	struct record record = {.change = CONNECTION_ENDED, .wall_ns = search->now->wall_ns};

	if (watch_connections_holds(search->connections, open))
		return 0;
	gone.end = CONNECTION_CUT;
	watch_recorder_add(search->recorder, &gone, &record);
	return 0;
}

int watch_recorder_write_on(struct recorder *recorder, struct connections *connections,
			    const struct instant *now)
{
	struct search search = {recorder, connections, now};
	unsigned int done = 0;
	int result = 1;

	for (unsigned int i = 0; i < TRANSACTIONS && result > 0; i++)
		result = write_some(recorder, now, &done);
	forget(recorder, done);
	if (result != 0 || !recorder->lost_ends)
		return result;
	recorder->lost_ends = false; /* what is found may be too much again */
	result = journal_connection_load(recorder->journal, end_if_over, &search);
	if (result < 0)
		recorder->lost_ends = true;
	return result < 0 ? result : 1;
}

void watch_recorder_figures(const struct recorder *recorder, struct recorder_figures *ret_figures)
{
	*ret_figures = recorder->figures;
}
