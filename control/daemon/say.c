/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/say.h"

#include "edge/edge.h"
#include "host/boottime.h"
#include "host/log.h"
#include "model/build.h"
#include "model/event.h"

#define REFUSED_PERIOD_NS (10 * NS_PER_S)

struct saying {
	int priority;
	const char *sentence; /* NULL: nothing is said */
};

/* What others did to this host is said where it is found (tell.c). */
static const struct saying of_events[EVENT_TYPES_NR] = {
	[EVENT_POOL_LOW] = {LOG_WARNING, "Few public ports are left."},
	[EVENT_POOL_RECOVERED] = {LOG_NOTICE, "Enough public ports are free again."},
	[EVENT_DELIVERY_FAILED] = {LOG_WARNING, "sallyport-hooks has given an event up."},
	[EVENT_ENGINE_SWITCHED] = {LOG_NOTICE, "Another engine carries packets than before."},
};

static const struct saying of_refusals[PROBLEM_TYPES_NR] = {
	[PROBLEM_INTERNAL] = {LOG_ERR, "A call failed by an error of ours."},
	[PROBLEM_NO_PORTS] = {LOG_ERR, "Builds are refused: no public port is free."},
	[PROBLEM_TABLE_FULL] = {LOG_ERR, "Builds are refused: the table is full."},
	[PROBLEM_JOURNAL] = {LOG_ALERT, "Changes are refused but for the ends of sessions: the "
					"journal cannot be written."},
};

void daemon_say_event(const struct event *event)
{
	const struct saying *saying = &of_events[event->type];

	if (saying->sentence)
		log_write(saying->priority, saying->sentence, log_string("detail", event->detail),
			  log_number("value", (int64_t)event->value),
			  log_number("seq", (int64_t)event->seq));
}

void daemon_say_refused(struct daemon_said *said, enum problem_type type, const char *detail,
			uint64_t now_ns)
{
	const struct saying *saying = &of_refusals[type];
	uint64_t *last_ns = &said->refused_ns[type];

	if (!saying->sentence || (*last_ns && now_ns - *last_ns < REFUSED_PERIOD_NS))
		return;
	*last_ns = now_ns;
	log_write(saying->priority, saying->sentence, log_string("detail", detail));
}

void daemon_say_outside(const struct edge *edge)
{
	const struct build *one;
	unsigned int nr = edge_count_outside(edge, &one);

	if (nr)
		log_write(LOG_WARNING,
			  "Open builds lead to addresses outside builds.networks, until they end: "
			  "`sallyport cancel` ends one at once.",
			  log_number("builds", nr), log_string("one", one->id));
}
