/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/carrier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "host/boottime.h"
#include "model/clock.h"
#include "table/counters.h"

#define PERIOD_US 100000
#define LATE_US	  10000 /* three looks tell of a switch: within 0.4 s */

/* A worker that was kept from its core for a moment is no switch: so many looks must agree. */
#define LOOKS 3

/* So many switches within WITHIN_NS are told each; later ones only once they last. */
#define WITHIN_NS (300 * NS_PER_S)
#define LASTS_NS  (30 * NS_PER_S)

struct carrier {
	sd_event_source *timer;
	struct edge *edge;
	const struct table_map *table;
	char told[EVENT_DETAIL_BYTES];
	const char *seen;		/* static */
	unsigned int nr_seen;		/* looks in a row */
	uint64_t since_ns;		/* the first of them */
	uint64_t told_ns[CARRIER_MANY]; /* the latest, in a ring; 0: none */
	unsigned int next;
};

static void set_told(struct carrier *carrier, const char *engine)
{
	snprintf(carrier->told, sizeof(carrier->told), "%s", engine);
}

static void tell(struct carrier *carrier, const struct instant *now)
{
	struct event event = {.type = EVENT_ENGINE_SWITCHED, .node_index = EVENT_NO_NODE};

	snprintf(event.detail, sizeof(event.detail), "%s", carrier->seen);
	/* If the journal cannot be written now, the next look tells it. */
	if (edge_notes_event(carrier->edge, now, &event) < 0)
		return;
	set_told(carrier, carrier->seen);
	carrier->told_ns[carrier->next] = now->boot_ns;
	carrier->next = (carrier->next + 1) % CARRIER_MANY;
}

/* Result: for how long a switch must have lasted to be told. */
static uint64_t needs_ns(const struct carrier *carrier, uint64_t now_ns)
{
	uint64_t oldest_ns = carrier->told_ns[carrier->next];

	return oldest_ns == 0 || now_ns - oldest_ns > WITHIN_NS ? 0 : LASTS_NS;
}

static void look(struct carrier *carrier)
{
	struct instant now;
	const char *seen;

	model_clock_read(&now);
	seen = table_counters_carrier(carrier->table, now.boot_ns);
	if (strcmp(seen, carrier->seen) != 0) {
		carrier->nr_seen = 0;
		carrier->since_ns = now.boot_ns;
	}
	carrier->nr_seen++;
	carrier->seen = seen;
	if (carrier->nr_seen >= LOOKS && strcmp(seen, carrier->told) != 0 &&
	    now.boot_ns - carrier->since_ns >= needs_ns(carrier, now.boot_ns))
		tell(carrier, &now);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	look(context);
	sd_event_source_set_time_relative(source, PERIOD_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* A switch while nobody looked is told too. */
static int find_told(struct carrier *carrier)
{
	struct event event;
	int r = state_events_last(edge_events(carrier->edge), EVENT_ENGINE_SWITCHED, &event);

	if (r < 0 && r != -ENOENT)
		return r;
	set_told(carrier, r == 0 ? event.detail : carrier->seen);
	return 0;
}

int watch_carrier_start(sd_event *event, struct edge *edge, const struct table_map *table,
			struct carrier **ret_carrier)
{
	struct carrier *carrier = calloc(1, sizeof(*carrier));
	struct instant now;
	int r;

	if (!carrier)
		return -ENOMEM;
	model_clock_read(&now);
	*carrier = (struct carrier){.edge = edge, .table = table};
	carrier->seen = table_counters_carrier(table, now.boot_ns);
	r = find_told(carrier);
	if (r == 0)
		r = sd_event_add_time_relative(event, &carrier->timer, CLOCK_BOOTTIME, PERIOD_US,
					       LATE_US, on_timer, carrier);
	if (r < 0) {
		free(carrier);
		return r;
	}
	*ret_carrier = carrier;
	return 0;
}

void watch_carrier_stop(struct carrier *carrier)
{
	if (!carrier)
		return;
	sd_event_source_disable_unref(carrier->timer);
	free(carrier);
}
