/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/say.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/server.h"
#include "daemon/daemon.h"
#include "edge/edge.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "model/build.h"
#include "model/event.h"

#define REFUSED_PERIOD_NS (10 * NS_PER_S)
#define REQUESTS_A_SECOND 100
#define TAKES_AGAIN_NS	  NS_PER_S /* without a refusal: a disk that is nearly full takes some */

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

static void say_failing(const struct daemon_said *said)
{
	const struct saying *saying = &of_refusals[PROBLEM_JOURNAL];

	if (said->refused_ns[PROBLEM_JOURNAL] < said->failing_since_ns)
		log_write(saying->priority, saying->sentence);
}

void daemon_say_journal(struct daemon_said *said, uint64_t failing_since_ns, uint64_t now_ns)
{
	if (failing_since_ns) {
		said->failing_ns = now_ns;
		if (!said->failing_since_ns) {
			said->failing_since_ns = failing_since_ns;
			say_failing(said);
		}
	} else if (said->failing_since_ns && now_ns - said->failing_ns >= TAKES_AGAIN_NS) {
		log_write(LOG_NOTICE, "The journal is written again: changes are accepted.",
			  log_number("failed_s",
				     (int64_t)((said->failing_ns - said->failing_since_ns) /
					       NS_PER_S)));
		said->failing_since_ns = 0;
		said->refused_ns[PROBLEM_JOURNAL] = 0;
	}
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

void daemon_say_replayed(const struct edge *edge, const char *state_dir)
{
	uint32_t nr_strangers = edge_count_strangers(edge);

	if (nr_strangers)
		log_write(
			LOG_ALERT,
			"The journal knows of no build, and the table had leases: they are cut. If "
			"edge.state_dir is another, start with that one: its builds come back.",
			log_string("state_dir", state_dir), log_number("leases", nr_strangers));
	daemon_say_outside(edge);
}

/* Result: whether this one may be logged. */
static bool may_say_request(struct daemon_said *said, uint64_t now_ns)
{
	said->request_number++;
	if (now_ns / NS_PER_S != said->second) {
		if (said->nr_unsaid)
			log_write(LOG_NOTICE, "Requests were not logged: too many in a second.",
				  log_number("requests", said->nr_unsaid));
		said->second = now_ns / NS_PER_S;
		said->nr_requests = said->nr_unsaid = 0;
	}
	if (said->nr_requests < REQUESTS_A_SECOND) {
		said->nr_requests++;
		return true;
	}
	said->nr_unsaid++;
	return false;
}

void daemon_say_request(struct daemon_said *said, const struct api_answered *answered,
			uint64_t now_ns)
{
	bool by_tcp = answered->uid == (uid_t)-1;
	char number[24];

	if (!may_say_request(said, now_ns))
		return;
	snprintf(number, sizeof(number), "%" PRIu64, said->request_number);
	log_write(LOG_INFO, "Request.", log_string("socket", answered->socket),
		  log_string("method", answered->method), log_string("route", answered->route),
		  log_string("path", answered->path), log_number("status", answered->status),
		  log_number("duration_us", (int64_t)(answered->took_ns / NS_PER_US)),
		  log_number("bytes_in", (int64_t)answered->bytes_in),
		  log_number("bytes_out", (int64_t)answered->bytes_out),
		  by_tcp ? log_string("address", answered->address)
			 : log_number("peer_uid", (int64_t)answered->uid),
		  log_number("peer_pid", by_tcp ? 0 : (int64_t)answered->pid),
		  log_string("request_id", answered->id ? answered->id : number));
}

bool daemon_say_wants_requests(void *context)
{
	const struct daemon *daemon = context;

	return daemon->config->api.log_requests;
}

void daemon_say_stuck(void *context, bool by_worker)
{
	log_write(LOG_ALERT,
		  by_worker ? "A worker has not been seen past a removal within a second: "
			      "sallyport-dp hangs and should be restarted."
			    : "The kernel has not said within a second that the XDP program "
			      "is past a removal.");
}
