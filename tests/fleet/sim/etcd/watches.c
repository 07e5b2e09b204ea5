/* SPDX-License-Identifier: BSD-3-Clause */
#include "watches.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agenda.h"
#include "etcd/gateway/value.h"
#include "host/boottime.h"
#include "net.h"
#include "store.h"

#define BATCH	   1000 /* events of one line */
#define NOTICES_NS (3 * NS_PER_S)

struct watch {
	LIST_ENTRY(watch) link;
	struct sim_flight *flight;
	char *from, *to;
	int64_t next; /* revision */
};

static LIST_HEAD(, watch) watches = LIST_HEAD_INITIALIZER(watches);
static bool silent[SIM_MEMBERS];
static struct sim_task notices[SIM_MEMBERS];

/* Of the newest revision alone, for all who are told of it. */
static struct sim_text *newest;
static int64_t newest_revision;

static unsigned int member_of(const struct watch *watch)
{
	return sim_net_asked(watch->flight)->member;
}

static void free_watch(struct watch *watch)
{
	LIST_REMOVE(watch, link);
	free(watch->from);
	free(watch->to);
	free(watch);
}

static void on_gone(void *context)
{
	free_watch(context);
}

static void send_line(struct sim_flight *flight, char *text, size_t bytes)
{
	struct sim_text *line = sim_text_new(text, bytes);

	sim_net_line(flight, line);
	sim_text_drop(line);
	free(text);
}

static void say(struct sim_flight *flight, const char *what)
{
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	fprintf(out, "{\"result\":{");
	sim_gateway_header(out);
	fprintf(out, ",%s}}", what);
	fclose(out);
	send_line(flight, text, bytes);
}

static void end(struct watch *watch, bool broken)
{
	struct sim_flight *flight = watch->flight;

	free_watch(watch);
	sim_net_end(flight, broken);
}

static bool is_within(const struct watch *watch, const struct sim_event *event)
{
	return strcmp(event->key->name, watch->from) >= 0 &&
	       strcmp(event->key->name, watch->to) < 0;
}

/* Result: how many events were looked at: never a part of a revision. */
static size_t print_events(FILE *out, const struct watch *watch, const struct sim_event *event,
			   size_t nr)
{
	size_t i = 0;
	bool any = false;

	fprintf(out, "{\"result\":{");
	sim_gateway_header(out);
	fprintf(out, ",\"events\":[");
	for (; i < nr; i++) {
		if (i >= BATCH && event[i].revision != event[i - 1].revision)
			break;
		if (!is_within(watch, &event[i]))
			continue;
		fprintf(out, "%s%s", any ? "," : "", event[i].text->data);
		any = true;
	}
	fprintf(out, "]}}");
	return i;
}

static struct sim_text *make_line(const struct watch *watch, const struct sim_event *event,
				  size_t *nr)
{
	struct sim_text *line;
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	*nr = print_events(out, watch, event, *nr);
	fclose(out);
	line = sim_text_new(text, bytes);
	free(text);
	return line;
}

/* All watch the same prefix. */
static struct sim_text *get_newest(const struct watch *watch, const struct sim_event *event,
				   size_t *nr)
{
	if (!newest || newest_revision != event->revision) {
		sim_text_drop(newest);
		newest = make_line(watch, event, nr);
		newest_revision = event->revision;
	}
	return sim_text_keep(newest);
}

static void tell(struct watch *watch)
{
	char compacted[64];
	size_t nr;

	if (silent[member_of(watch)])
		return;
	if (watch->next <= sim_store_compacted()) {
		snprintf(compacted, sizeof(compacted),
			 "\"canceled\":true,\"compact_revision\":\"%" PRId64 "\"",
			 sim_store_compacted());
		say(watch->flight, compacted);
		end(watch, false);
		return;
	}
	while (watch->next <= sim_store_revision()) {
		const struct sim_event *event = sim_store_events(watch->next, &nr);
		bool one = watch->next == sim_store_revision();
		struct sim_text *line;

		if (!nr)
			break;
		line = one ? get_newest(watch, event, &nr) : make_line(watch, event, &nr);
		watch->next = one ? watch->next + 1 : event[nr - 1].revision + 1;
		sim_net_line(watch->flight, line);
		sim_text_drop(line);
	}
}

void sim_watches_create(struct sim_flight *flight, const json_t *body)
{
	const json_t *create = json_object_get(body, "create_request");
	struct watch *watch = calloc(1, sizeof(*watch));
	size_t bytes;

	assert(watch);
	gateway_value_read_bytes(create, "key", &watch->from, &bytes);
	gateway_value_read_bytes(create, "range_end", &watch->to, &bytes);
	gateway_value_read_int(create, "start_revision", &watch->next);
	watch->flight = flight;
	LIST_INSERT_HEAD(&watches, watch, link);
	sim_net_serve(flight, on_gone, watch);
	say(flight, "\"created\":true");
	tell(watch);
}

void sim_watches_tell(void)
{
	struct watch *watch, *next;

	for (watch = LIST_FIRST(&watches); watch; watch = next) {
		next = LIST_NEXT(watch, link);
		tell(watch);
	}
}

/* hasleader: a member that has had none for a while says so. */
static void on_notice(void *context)
{
	static const char no_leader[] = "{\"error\":{\"grpc_code\":14,\"http_code\":503,"
					"\"message\":\"etcdserver: no leader\"}}";
	unsigned int member = (unsigned int)((struct sim_task *)context - notices);
	struct watch *watch, *next;

	for (watch = LIST_FIRST(&watches); watch; watch = next) {
		next = LIST_NEXT(watch, link);
		if (member_of(watch) != member)
			continue;
		send_line(watch->flight, strdup(no_leader), strlen(no_leader));
		end(watch, false);
	}
}

void sim_watches_member(unsigned int member, bool tells, bool leaderless)
{
	struct sim_task *notice = &notices[member];

	silent[member] = !tells;
	notice->run = on_notice;
	notice->context = notice;
	if (!leaderless)
		sim_agenda_cancel(notice);
	else if (!notice->place)
		sim_agenda_set(notice, sim_agenda_now_ns() + NOTICES_NS);
	if (tells)
		sim_watches_tell();
}

void sim_watches_break(int member, int host, bool cancel)
{
	struct watch *watch, *next;

	for (watch = LIST_FIRST(&watches); watch; watch = next) {
		next = LIST_NEXT(watch, link);
		if ((member >= 0 && member_of(watch) != (unsigned int)member) ||
		    (host >= 0 && sim_net_host(watch->flight) != host))
			continue;
		if (cancel)
			say(watch->flight,
			    "\"canceled\":true,\"cancel_reason\":\"as the draw has it\"");
		end(watch, !cancel);
	}
	if (member < 0 && host < 0) {
		sim_text_drop(newest);
		newest = NULL;
	}
}
