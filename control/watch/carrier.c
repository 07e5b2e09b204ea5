/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/carrier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/compiler.h>

#include "edge/edge.h"
#include "host/boottime.h"
#include "host/table_map.h"
#include "model/clock.h"
#include "table/counters.h"

#define PERIOD_US 100000
#define LATE_US	  10000 /* three looks tell of a switch: within 0.4 s */

/* A worker that was kept from its core for a moment is no switch: so many looks must agree. */
#define LOOKS 3

/* So many switches within WITHIN_NS are told each; later ones only once they last. */
#define WITHIN_NS (300 * NS_PER_S)
#define LASTS_NS  (30 * NS_PER_S)

#define STARTED_NS (10 * NS_PER_S) /* a worker that is younger has just been started */

struct carrier {
	sd_event_source *timer;
	struct edge *edge;
	const struct table_map *table;
	char told[EVENT_DETAIL_BYTES];
	const char *seen;		 /* static */
	unsigned int nr_seen;		 /* looks in a row */
	uint64_t since_ns;		 /* the first of them */
	uint64_t rounds[SP_WORKERS_MAX]; /* of the workers, at the first of them */
	uint64_t told_ns[CARRIER_MANY];	 /* the latest, in a ring; 0: none */
	unsigned int next;
};

static void set_told(struct carrier *carrier, const char *engine)
{
	snprintf(carrier->told, sizeof(carrier->told), "%s", engine);
}

static void note_rounds(struct carrier *carrier)
{
	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		carrier->rounds[i] = SP_LOAD(carrier->table->workers[i].rounds);
}

static uint64_t newest_beat_ns(const struct table_map *table)
{
	uint64_t newest_ns = 0;

	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++) {
		uint64_t beat_ns = SP_LOAD(table->queues[i].beat_ns);

		newest_ns = beat_ns > newest_ns ? beat_ns : newest_ns;
	}
	return newest_ns;
}

/* Result: the first worker there is, and if standing, that has made no round; SP_WORKERS_MAX: none.
 */
static unsigned int find_worker(const struct carrier *carrier, bool standing)
{
	const struct table_map *table = carrier->table;
	unsigned int i;

	for (i = 0; i < SP_WORKERS_MAX; i++)
		if (table_counters_worker_alive(table, i) &&
		    (!standing || SP_LOAD(table->workers[i].rounds) == carrier->rounds[i]))
			break;
	return i;
}

/* Why no queue has a fresh heartbeat. */
static void explain_silence(const struct carrier *carrier, uint64_t now_ns, char *ret_why)
{
	const struct table_map *table = carrier->table;
	uint64_t beat_ns = newest_beat_ns(table);
	uint64_t silent_ms = beat_ns < now_ns ? (now_ns - beat_ns) / NS_PER_MS : 0;
	uint32_t left = table_counters_left(table);
	unsigned int stuck = find_worker(carrier, true);

	if (left)
		snprintf(ret_why, EVENT_DETAIL_BYTES, "sallyport-dp leaves all to it: %s",
			 table_counters_left_text((unsigned int)__builtin_ctz(left)));
	else if (beat_ns == 0)
		snprintf(ret_why, EVENT_DETAIL_BYTES, "sallyport-dp was stopped");
	else if (find_worker(carrier, false) == SP_WORKERS_MAX)
		snprintf(ret_why, EVENT_DETAIL_BYTES, "sallyport-dp, process %u, has died",
			 SP_LOAD(table->workers[0].pid));
	else if (stuck < SP_WORKERS_MAX)
		snprintf(ret_why, EVENT_DETAIL_BYTES,
			 "worker %u has stood still for %" PRIu64
			 " ms: stuck, or kept from its core",
			 stuck, silent_ms);
	else
		snprintf(ret_why, EVENT_DETAIL_BYTES,
			 "the workers are late: no heartbeat for %" PRIu64 " ms", silent_ms);
}

static void explain_return(const struct carrier *carrier, uint64_t now_ns, char *ret_why)
{
	unsigned int first = find_worker(carrier, false);
	const struct sp_worker *worker = &carrier->table->workers[first % SP_WORKERS_MAX];

	if (first < SP_WORKERS_MAX && now_ns - SP_LOAD(worker->started_ns) < STARTED_NS)
		snprintf(ret_why, EVENT_DETAIL_BYTES, "sallyport-dp has started, process %u",
			 SP_LOAD(worker->pid));
	else
		snprintf(ret_why, EVENT_DETAIL_BYTES, "the workers are in time again");
}

static void explain(const struct carrier *carrier, uint64_t now_ns, char *ret_why)
{
	const struct sp_settings *settings = carrier->table->settings;

	if (SP_LOAD(settings->detached))
		snprintf(ret_why, EVENT_DETAIL_BYTES, "an interface does not meet the program");
	else if (settings->engine_mode == SP_ENGINE_XDP)
		snprintf(ret_why, EVENT_DETAIL_BYTES, "dataplane.engine is xdp");
	else if (strcmp(carrier->seen, "dpdk") == 0)
		explain_return(carrier, now_ns, ret_why);
	else
		explain_silence(carrier, now_ns, ret_why);
}

static void tell(struct carrier *carrier, const struct instant *now)
{
	struct event event = {.type = EVENT_ENGINE_SWITCHED, .node_index = EVENT_NO_NODE};
	char why[EVENT_DETAIL_BYTES];

	explain(carrier, now->boot_ns, why);
	model_event_set_switch(&event, carrier->seen, carrier->told, why);
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
	/* What a worker does by itself, many times a day, is no news. */
	if (table_counters_yields(carrier->table) && strcmp(seen, "xdp") == 0)
		seen = "dpdk";
	if (strcmp(seen, carrier->seen) != 0) {
		carrier->nr_seen = 0;
		carrier->since_ns = now.boot_ns;
		note_rounds(carrier);
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
	set_told(carrier, r == 0 ? model_event_read_switch(&event).now : carrier->seen);
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
	note_rounds(carrier);
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
