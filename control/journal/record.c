/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports used before, events, and the audit of changes. */
#include "journal/journal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "host/addr.h"
#include "journal/sql.h"
#include "model/build.h"
#include "model/event.h"
#include "model/peer.h"

int journal_record_save_port(struct journal *journal, const struct sp_addr *addr, uint16_t port,
			     uint64_t until_wall_ns)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_SET_PORT);
	char text[ADDR_TEXT_BYTES];

	journal_sql_give_text(&use, addr_format(addr, text));
	journal_sql_give(&use, port);
	journal_sql_give(&use, until_wall_ns);
	return journal_sql_run(&use);
}

static int visit_port(struct journal_use *use, journal_port_visitor *visit, void *context)
{
	const char *address = journal_sql_take_text(use);
	uint64_t port = journal_sql_take(use), until_wall_ns = journal_sql_take(use);
	struct sp_addr addr;

	if (!address || addr_parse(address, &addr) < 0 || port > UINT16_MAX)
		return -EBADMSG;
	return visit(&addr, (uint16_t)port, until_wall_ns, context);
}

static int visit_ports(struct journal_use use, journal_port_visitor *visit, void *context)
{
	int result = 0, ended;

	while (result == 0 && journal_sql_row(&use))
		result = visit_port(&use, visit, context);
	ended = journal_sql_end(&use);
	return result != 0 ? result : ended;
}

int journal_record_load_ports(struct journal *journal, journal_port_visitor *visit, void *context)
{
	return visit_ports(journal_sql_use(journal, JOURNAL_GET_PORTS), visit, context);
}

int journal_record_load_places(struct journal *journal, journal_port_visitor *visit, void *context)
{
	return visit_ports(journal_sql_use(journal, JOURNAL_GET_PLACES), visit, context);
}

int journal_record_save_event(struct journal *journal, const struct event *event)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_EVENT);

	journal_sql_give(&use, event->seq);
	journal_sql_give(&use, event->wall_ns);
	journal_sql_give_text(&use, model_event_type_name(event->type));
	journal_sql_give_text(&use, event->build_id[0] ? event->build_id : NULL);
	if (event->node_index == EVENT_NO_NODE)
		journal_sql_give_null(&use);
	else
		journal_sql_give(&use, (uint64_t)event->node_index);
	journal_sql_give_text(&use, model_session_reason_name(event->reason));
	journal_sql_give(&use, event->value);
	journal_sql_give_text(&use, event->detail[0] ? event->detail : NULL);
	return journal_sql_run(&use);
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static int32_t take_node(struct journal_use *use)
{
	bool none = sqlite3_column_type(use->statement, use->column) == SQLITE_NULL;
	int32_t index = (int32_t)journal_sql_take(use);

	return none ? EVENT_NO_NODE : index;
}

static int take_event(struct journal_use *use, struct event *event)
{
	const char *type, *reason;

	*event = (struct event){0};
	event->seq = journal_sql_take(use);
	event->wall_ns = journal_sql_take(use);
	type = journal_sql_take_text(use);
	if (!type || model_event_type_parse(type, &event->type) < 0)
		return -EBADMSG;
	copy_text(event->build_id, sizeof(event->build_id), journal_sql_take_text(use));
	event->node_index = take_node(use);
	reason = journal_sql_take_text(use);
	if (reason && model_session_reason_parse(reason, &event->reason) < 0)
		return -EBADMSG;
	event->value = journal_sql_take(use);
	copy_text(event->detail, sizeof(event->detail), journal_sql_take_text(use));
	return 0;
}

int journal_record_load_events(struct journal *journal, uint64_t since, unsigned int max,
			       journal_event_visitor *visit, void *context)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_EVENTS);
	struct event event;
	int result = 0, ended;

	journal_sql_give(&use, since);
	journal_sql_give(&use, max);
	while (result == 0 && journal_sql_row(&use)) {
		result = take_event(&use, &event);
		if (result == 0)
			result = visit(&event, context);
	}
	ended = journal_sql_end(&use);
	return result != 0 ? result : ended;
}

int journal_record_last_event(struct journal *journal, const char *type, struct event *ret_event)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_LAST_EVENT);
	struct event event;
	int result = -ENOENT, ended;

	journal_sql_give_text(&use, type);
	if (journal_sql_row(&use))
		result = take_event(&use, &event);
	ended = journal_sql_end(&use);
	if (ended < 0)
		return ended;
	if (result == 0)
		*ret_event = event;
	return result;
}

int journal_record_drop_events(struct journal *journal, uint64_t before_seq)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_DROP_EVENTS);

	journal_sql_give(&use, before_seq);
	return journal_sql_run(&use);
}

int journal_record_event_bounds(struct journal *journal, uint64_t *ret_oldest, uint64_t *ret_newest)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_EVENT_BOUNDS);
	uint64_t oldest = 0, newest = 0;
	int result;

	if (journal_sql_row(&use)) {
		oldest = journal_sql_take(&use);
		newest = journal_sql_take(&use);
	}
	result = journal_sql_end(&use);
	if (result < 0)
		return result;
	*ret_oldest = oldest ? oldest : newest + 1;
	*ret_newest = newest;
	return 0;
}

int journal_record_save_audit(struct journal *journal, const struct instant *now,
			      const struct peer *peer, const char *what, const struct build *build)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_AUDIT);

	journal_sql_give(&use, now->wall_ns);
	if (peer->uid == (uid_t)-1) {
		journal_sql_give_null(&use);
		journal_sql_give_null(&use);
	} else {
		journal_sql_give(&use, peer->uid);
		journal_sql_give(&use, (uint64_t)peer->pid);
	}
	journal_sql_give_text(&use, what);
	journal_sql_give_text(&use, build->id);
	journal_sql_give(&use, build->revision);
	return journal_sql_run(&use);
}

int journal_record_drop_records(struct journal *journal, uint64_t before_wall_ns)
{
	static const enum journal_statement drops[] = {JOURNAL_DROP_AUDIT, JOURNAL_DROP_BUILDS};
	static const int most[] = {1000, 250};
	bool more = false;
	int result = 0;

	for (unsigned int i = 0; i < 2 && result == 0; i++) {
		struct journal_use use = journal_sql_use(journal, drops[i]);

		journal_sql_give(&use, before_wall_ns);
		result = journal_sql_run(&use);
		more = more || sqlite3_changes(journal->database) >= most[i];
	}
	return result < 0 ? result : more;
}
