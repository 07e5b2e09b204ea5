/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/events.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "journal/journal.h"

/* Read at a time by who follows. */
#define BATCH_EVENTS 256

int state_events_open(struct events *events, struct journal *journal)
{
	int result;

	events->journal = journal;
	result = journal_record_event_bounds(journal, &events->oldest_seq, &events->newest_seq);
	events->last_seq = events->newest_seq;
	events->recent_last = 0;
	return result;
}

int state_events_append(struct events *events, struct event *event)
{
	int result;

	event->seq = events->last_seq + 1;
	result = journal_record_save_event(events->journal, event);
	if (result == 0) {
		events->last_seq = event->seq;
		events->open[event->type]++;
	}
	return result;
}

void state_events_committed(struct events *events)
{
	events->newest_seq = events->last_seq;
	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++)
		events->told[i] += events->open[i];
	memset(events->open, 0, sizeof(events->open));
}

void state_events_rolled_back(struct events *events)
{
	events->last_seq = events->newest_seq;
	memset(events->open, 0, sizeof(events->open));
}

static struct event *recent(struct events *events, uint64_t seq)
{
	return &events->recent[seq & (EVENTS_RECENT - 1)];
}

void state_events_keep(struct events *events, const struct event *event, unsigned int nr,
		       uint64_t wall_ns)
{
	unsigned int passed = nr > EVENTS_RECENT ? nr - EVENTS_RECENT : 0;
	uint64_t first = events->newest_seq - nr + 1;

	if (nr == 0)
		return;
	if (first != events->recent_last + 1 || events->recent_last == 0)
		events->recent_first = first;
	for (unsigned int i = passed; i < nr; i++) {
		struct event *kept = recent(events, first + i);

		*kept = event[i];
		kept->seq = first + i;
		kept->wall_ns = wall_ns;
	}
	events->recent_last = events->newest_seq;
	if (events->recent_first + EVENTS_RECENT <= events->recent_last)
		events->recent_first = events->recent_last - EVENTS_RECENT + 1;
}

/* Result: whether all after since are in memory. */
static bool are_recent(const struct events *events, uint64_t since)
{
	return events->recent_last && events->recent_last == events->newest_seq &&
	       since + 1 >= events->recent_first;
}

static int visit_recent(struct events *events, uint64_t since, unsigned int max,
			event_visitor *visit, void *context)
{
	int result = 0;

	for (unsigned int i = 0; i < max && result == 0; i++)
		result = visit(recent(events, since + 1 + i), context);
	return result;
}

int state_events_read(struct events *events, uint64_t since, unsigned int max, event_visitor *visit,
		      void *context)
{
	if (since >= events->newest_seq)
		return 0;
	if (since + 1 < events->oldest_seq)
		return -ESTALE;
	/* Numbers have no gaps; those past the newest one are not committed. */
	if (max > events->newest_seq - since)
		max = (unsigned int)(events->newest_seq - since);
	if (are_recent(events, since))
		return visit_recent(events, since, max, visit, context);
	return journal_record_load_events(events->journal, since, max, visit, context);
}

struct following {
	uint64_t *seq;
	event_visitor *visit;
	void *context;
};

static int follow_one(const struct event *event, void *context)
{
	const struct following *following = context;

	*following->seq = event->seq;
	return following->visit(event, following->context);
}

int state_events_follow(struct events *events, uint64_t *seq, event_visitor *visit, void *context)
{
	struct following following = {seq, visit, context};
	uint64_t before;
	int result;

	if (*seq + 1 < events->oldest_seq)
		*seq = events->oldest_seq - 1;
	if (*seq >= events->newest_seq)
		return 0;
	before = *seq;
	result = state_events_read(events, before, BATCH_EVENTS, follow_one, &following);
	if (result != 0)
		return result;
	return *seq == before ? -EIO : *seq < events->newest_seq;
}

int state_events_last(struct events *events, enum event_type type, struct event *ret_event)
{
	return journal_record_last_event(events->journal, model_event_type_name(type), ret_event);
}

int state_events_compact(struct events *events, uint64_t keep)
{
	uint64_t oldest;
	int result;

	if (events->newest_seq < keep)
		return 0;
	oldest = events->newest_seq - keep + 1;
	if (oldest <= events->oldest_seq)
		return 0;
	result = journal_record_drop_events(events->journal, oldest);
	if (result == 0)
		events->oldest_seq = oldest;
	return result;
}
