/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/edge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk/talk.h"
#include "host/boottime.h"

#define LEAST_RATE_NS (NS_PER_S / 4)

static const struct {
	const char *name, *help;
} verdicts[] = {
#define X(NAME, name, fate, help) {#name, help},
	SP_VERDICT_LIST(X)
#undef X
};

static void read_text(const json_t *object, const char *name, char *text, size_t text_bytes)
{
	snprintf(text, text_bytes, "%s", talk_text(object, name));
}

static void read_problem(struct top_edge *edge, const json_t *kernel)
{
	const json_t *interface;
	size_t i;

	edge->problem[0] = '\0';
	json_array_foreach (json_object_get(kernel, "interfaces"), i, interface)
		if (json_is_string(json_object_get(interface, "problem")))
			snprintf(edge->problem, sizeof(edge->problem), "%s: %s",
				 talk_text(interface, "name"), talk_text(interface, "problem"));
}

/* Counters that went back have begun anew. */
static double rate_of(uint64_t before, uint64_t now, uint64_t passed_ns)
{
	return now < before ? 0 : (double)(now - before) * NS_PER_S / (double)passed_ns;
}

/* Result: bytes that both engines have sent on, both ways. */
static uint64_t read_bytes(const json_t *engines)
{
	const json_t *engine;
	const char *name;
	json_int_t sum = 0;

	json_object_foreach ((json_t *)engines, name, engine) {
		const json_t *bytes = json_object_get(engine, "bytes");

		sum += talk_number(bytes, "to_vm") + talk_number(bytes, "to_client");
	}
	return (uint64_t)sum;
}

static void read_counters(struct top_edge *edge, const json_t *status,
			  const struct top_moment *moment)
{
	const json_t *connections = json_object_get(status, "connections");
	const json_t *counts = json_object_get(status, "verdicts");
	uint64_t passed_ns = moment->now_ns - edge->read_ns;
	uint64_t opened = (uint64_t)talk_number(connections, "opened");
	uint64_t bytes = read_bytes(json_object_get(status, "engines"));

	edge->open = (uint64_t)talk_number(connections, "open");
	if (edge->known && passed_ns < LEAST_RATE_NS)
		return;
	edge->rated = edge->known;
	edge->opened_rate = edge->rated ? rate_of(edge->opened, opened, passed_ns) : 0;
	edge->opened = opened;
	edge->bytes_rate = edge->rated ? rate_of(edge->bytes, bytes, passed_ns) : 0;
	edge->bytes = bytes;
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++) {
		uint64_t count = (uint64_t)talk_number(counts, verdicts[i].name);

		edge->verdict_rate[i] =
			edge->rated ? rate_of(edge->verdict[i], count, passed_ns) : 0;
		edge->verdict[i] = count;
	}
	edge->read_ns = moment->now_ns;
}

int list_edge_read(struct top_edge *edge, const json_t *status, const struct top_moment *moment)
{
	const json_t *builds = json_object_get(status, "builds");
	const json_t *ports = json_object_get(status, "ports");

	if (!json_is_object(builds) || !json_is_object(ports))
		return -EINVAL;
	read_text(status, "name", edge->name, sizeof(edge->name));
	read_text(status, "version", edge->version, sizeof(edge->version));
	read_text(status, "started_at", edge->started_at, sizeof(edge->started_at));
	read_text(status, "carrying", edge->carrying, sizeof(edge->carrying));
	read_text(status, "engine", edge->engine, sizeof(edge->engine));
	read_problem(edge, json_object_get(status, "kernel"));
	json_decref(edge->fleet);
	edge->fleet = json_incref(json_object_get(status, "fleet"));
	for (unsigned int i = 0; i < SESSION_STATES_NR; i++)
		edge->of_state[i] = (uint64_t)talk_number(builds, model_session_state_name(i));
	edge->oldest_seq = (uint64_t)talk_number(json_object_get(status, "events"), "oldest");
	edge->newest_seq = (uint64_t)talk_number(json_object_get(status, "events"), "newest");
	edge->ports_free = (uint64_t)talk_number(ports, "free");
	edge->ports_total = (uint64_t)talk_number(ports, "total");
	read_counters(edge, status, moment);
	edge->known = true;
	return 0;
}

void list_edge_free(struct top_edge *edge)
{
	json_decref(edge->fleet);
	edge->fleet = NULL;
}

double list_edge_carried(const struct top_edge *edge)
{
	return edge->verdict_rate[SP_FORWARDED] + edge->verdict_rate[SP_COMPLETED];
}

const char *list_edge_verdict_name(enum sp_verdict verdict)
{
	return verdicts[verdict].name;
}

const char *list_edge_verdict_help(enum sp_verdict verdict)
{
	return verdicts[verdict].help;
}

bool list_edge_refuses(enum sp_verdict verdict)
{
	switch (verdict) {
	case SP_RESERVED:
	case SP_ENDED:
	case SP_EXPIRED:
	case SP_NOT_ALLOWED:
	case SP_SPOOFED:
	case SP_VM_OPENS:
	case SP_RESET_VM:
		return true;
	default:
		return sp_verdict_fate(verdict) == SP_FATE_DROP;
	}
}

static int by_rate(const void *x, const void *y, void *context)
{
	const enum sp_verdict *a = x, *b = y;
	const struct top_edge *edge = context;

	if (edge->verdict_rate[*a] != edge->verdict_rate[*b])
		return edge->verdict_rate[*a] > edge->verdict_rate[*b] ? -1 : 1;
	if (edge->verdict[*a] != edge->verdict[*b])
		return edge->verdict[*a] > edge->verdict[*b] ? -1 : 1;
	return (int)*a - (int)*b;
}

unsigned int list_edge_drops(const struct top_edge *edge,
			     enum sp_verdict ret_verdicts[SP_VERDICT_COUNT])
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		if (edge->verdict[i] > 0 && list_edge_refuses(i))
			ret_verdicts[nr++] = i;
	qsort_r(ret_verdicts, nr, sizeof(ret_verdicts[0]), by_rate, (void *)edge);
	return nr;
}
