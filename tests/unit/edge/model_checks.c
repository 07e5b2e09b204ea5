/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/table_map.h"

struct model_run model_run = {.action = ""};

const struct build *find(const struct world *world, unsigned int id)
{
	char text[8];

	snprintf(text, sizeof(text), "b%u", id);
	return edge_get(world->edge, text);
}

static void check_port(const struct world *world, struct simple *simple, struct simple_build *own,
		       uint16_t *known, const struct forward *forward)
{
	if (*known == 0) {
		CHECK(!simple_port_taken(simple, forward->public_port));
		*known = forward->public_port;
	}
	CHECK(*known == forward->public_port);
	CHECK(own->state != SESSION_ENDED || world_slot(world, forward)->state == SP_SLOT_ENDED);
}

static void check_slot(const struct world *world, const struct simple_build *own, int vm,
		       const struct forward *forward)
{
	const struct sp_slot *slot = world_slot(world, forward);
	char address[32];

	if (own->state == SESSION_ENDED)
		return;
	CHECK(slot->state == (vm == SIMPLE_NO_VM ? SP_SLOT_RESERVED : SP_SLOT_LIVE));
	CHECK(slot->deadline_ns == own->deadline_ns);
	if (vm == SIMPLE_NO_VM)
		return;
	snprintf(address, sizeof(address), "10.0.0.%d", vm + 10);
	CHECK(world_endpoint(world, address, forward->port) == slot);
}

bool owes_events(const struct world *world, const struct simple *simple)
{
	struct edge_figures figures;

	edge_figures(world->edge, &figures);
	CHECK(figures.cuts_owed == 0 || simple->disk_was_full);
	return figures.cuts_owed > 0;
}

static void check_build(const struct world *world, struct simple *simple, unsigned int id)
{
	struct simple_build *own = &simple->build[id];
	const struct build *build = find(world, id);

	CHECK(own->exists == (build != NULL));
	if (!build)
		return;
	CHECK(build->state == own->state);
	CHECK(build->reason == own->reason);
	CHECK(build->nr_nodes == own->nr_nodes);
	CHECK(own->nr_end_events == (own->state == SESSION_ENDED) ||
	      (own->nr_end_events == 0 && owes_events(world, simple)));
	if (own->state != SESSION_ENDED) {
		CHECK(build->deadline_ns == own->deadline_ns);
		CHECK(build->cap_ns == own->cap_ns);
		CHECK(build->deadline_ns <= own->hard_end_ns);
	}
	for (unsigned int i = 0; i < own->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		CHECK(node->has_address == (own->vm[i] != SIMPLE_NO_VM));
		CHECK(node->nr_forwards == (own->vnc[i] ? 2u : 1u));
		for (unsigned int j = 0; j < node->nr_forwards; j++) {
			check_port(world, simple, own, &own->port[i][j], &node->forwards[j]);
			check_slot(world, own, own->vm[i], &node->forwards[j]);
		}
	}
}

/* Slots of the pool in each state are as many as the model has. */
static void check_table(const struct world *world, const struct simple *simple)
{
	unsigned int found[4] = {0}, wanted[4] = {0};

	for (unsigned int i = 0; i < SIMPLE_PORTS; i++)
		found[world->table->leases[40000 + i].state]++;
	simple_count_slots(simple, wanted);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(found[i] == wanted[i]);
}

static int see_event(const struct event *event, void *context)
{
	struct simple *simple = context;
	struct simple_build *own;

	CHECK(event->seq == simple->last_seq + 1);
	simple->last_seq = event->seq;
	if (event->type != EVENT_BUILD_ENDED)
		return 0;
	own = &simple->build[atoi(event->build_id + 1)];
	if (own->nr_untold > 0) {
		CHECK(event->reason == own->untold[0]);
		own->nr_untold--;
		memmove(own->untold, own->untold + 1, sizeof(own->untold) - sizeof(own->untold[0]));
		return 0;
	}
	CHECK(own->state == SESSION_ENDED);
	CHECK(event->reason == own->reason);
	own->nr_end_events++;
	return 0;
}

void check_all(const struct world *world, struct simple *simple)
{
	CHECK(state_events_read(edge_events(world->edge), simple->last_seq, 100000, see_event,
				simple) == 0);
	for (unsigned int id = 0; id < SIMPLE_IDS; id++)
		check_build(world, simple, id);
	check_table(world, simple);
}
