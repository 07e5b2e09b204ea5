/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/recorder.h"

#include <errno.h>
#include <stdlib.h>

#include "journal/audit.h"
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
static void forget_all(struct recorder *recorder)
{
	free(recorder->waiting);
	recorder->waiting = NULL;
	recorder->room = 0;
	recorder->figures.waiting = 0;
}

int watch_recorder_write(struct recorder *recorder, const struct instant *now)
{
	struct journal *journal = recorder->journal;
	int error = journal_begin(journal);

	if (error)
		return error;
	for (unsigned int i = 0; i < recorder->figures.waiting && !error; i++)
		error = write_one(journal, &recorder->waiting[i]);
	if (!error)
		error = notes_cursors_save(journal, recorder->notes);
	if (!error)
		error = journal_commit(journal, now);
	if (error) {
		journal_rollback(journal);
		return error;
	}
	forget_all(recorder);
	return 0;
}

void watch_recorder_figures(const struct recorder *recorder, struct recorder_figures *ret_figures)
{
	*ret_figures = recorder->figures;
}
