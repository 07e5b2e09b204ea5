/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/ports.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "model/pools.h"
#include "model/settings.h"

#define NONE UINT32_MAX

enum port_state {
	PORT_FREE,
	PORT_USED,
	PORT_QUARANTINED,
};

struct port {
	uint32_t before, after;
	uint16_t number;
	uint8_t public_index;
	uint8_t state;
	uint8_t nr_holding; /* ports of the same name and number that are not free */
};

/* Ports in the order in which they come out, linked through the pool's array. */
struct queue {
	uint32_t first, last;
};

struct ports {
	struct port *port;
	uint32_t nr_ports;
	uint32_t nr_usable;		      /* at once */
	uint32_t *ordinal_of[SP_PUBLICS_MAX]; /* by number; NONE: not in the pool */
	uint8_t queue_of[SP_PUBLICS_MAX];     /* the first address that shares pool and family */
	struct queue free[SP_PUBLICS_MAX];
	struct ports_figures figures[SP_PUBLICS_MAX];
	unsigned int nr_publics;
	uint32_t namesakes[SP_PUBLICS_MAX]; /* bits: other addresses that people are told alike */
};

static struct queue *free_queue(struct ports *ports, unsigned int public_index)
{
	return &ports->free[ports->queue_of[public_index]];
}

/* Links a port in after another one of that queue; after NONE: first. */
static void insert(struct ports *ports, struct queue *queue, uint32_t ordinal, uint32_t before)
{
	struct port *port = &ports->port[ordinal];

	port->before = before;
	port->after = before == NONE ? queue->first : ports->port[before].after;
	if (before == NONE)
		queue->first = ordinal;
	else
		ports->port[before].after = ordinal;
	if (port->after == NONE)
		queue->last = ordinal;
	else
		ports->port[port->after].before = ordinal;
}

static void unlink_port(struct ports *ports, struct queue *queue, uint32_t ordinal)
{
	const struct port *port = &ports->port[ordinal];

	if (port->before == NONE)
		queue->first = port->after;
	else
		ports->port[port->before].after = port->after;
	if (port->after == NONE)
		queue->last = port->before;
	else
		ports->port[port->after].before = port->before;
}

/* One that may not be handed out since another of its name is counts as used. */
static uint32_t *counter(struct ports *ports, const struct port *port)
{
	struct ports_figures *figures = &ports->figures[port->public_index];

	switch ((enum port_state)port->state) {
	case PORT_FREE:
		return port->nr_holding ? &figures->used : &figures->free;
	case PORT_USED:
		return &figures->used;
	case PORT_QUARANTINED:
		return &figures->quarantined;
	}
	return NULL;
}

/* Where in its queue a port goes that has become free. */
enum place {
	PLACE_FIRST,
	PLACE_LAST,
};

static bool is_queued(const struct port *port)
{
	return port->state == PORT_FREE && port->nr_holding == 0;
}

/* Every change of a port goes through here: it is in its queue, and counted, as it then is. */
static void change_port(struct ports *ports, uint32_t ordinal, enum port_state state,
			unsigned int nr_holding, enum place place)
{
	struct port *port = &ports->port[ordinal];
	struct queue *queue = free_queue(ports, port->public_index);
	bool was_queued = is_queued(port);

	--*counter(ports, port);
	port->state = (uint8_t)state;
	port->nr_holding = (uint8_t)nr_holding;
	++*counter(ports, port);
	if (was_queued && !is_queued(port))
		unlink_port(ports, queue, ordinal);
	if (!was_queued && is_queued(port))
		insert(ports, queue, ordinal, place == PLACE_FIRST ? NONE : queue->last);
}

/* The ports of that number under the same name are held while this one is not free. */
static void hold_namesakes(struct ports *ports, uint32_t ordinal, int step, enum place place)
{
	const struct port *port = &ports->port[ordinal];

	for (unsigned int i = 0; i < ports->nr_publics; i++) {
		uint32_t other = ports->ordinal_of[i][port->number];

		if (!(ports->namesakes[port->public_index] & 1u << i) || other == NONE)
			continue;
		change_port(ports, other, (enum port_state)ports->port[other].state,
			    (unsigned int)(ports->port[other].nr_holding + step), place);
	}
}

static void set_state(struct ports *ports, uint32_t ordinal, enum port_state state,
		      enum place place)
{
	struct port *port = &ports->port[ordinal];
	bool was_free = port->state == PORT_FREE;

	change_port(ports, ordinal, state, port->nr_holding, place);
	if (was_free != (state == PORT_FREE))
		hold_namesakes(ports, ordinal, was_free ? 1 : -1, place);
}

static int count_ports(const struct model_settings *settings, uint32_t *ret_count)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < settings->nr_publics; i++)
		for (unsigned int j = 0; j < settings->publics[i].nr_ranges; j++) {
			const struct model_range *range = &settings->publics[i].ranges[j];

			if (range->first == 0 || range->last < range->first)
				return -EINVAL;
			count += (uint32_t)range->last - range->first + 1;
		}
	*ret_count = count;
	return 0;
}

static int add_range(struct ports *ports, uint8_t public_index, const struct model_range *range)
{
	for (uint32_t number = range->first; number <= range->last; number++) {
		uint32_t ordinal = ports->nr_ports;

		if (ports->ordinal_of[public_index][number] != NONE)
			return -EINVAL;
		ports->ordinal_of[public_index][number] = ordinal;
		ports->port[ordinal] =
			(struct port){.number = (uint16_t)number, .public_index = public_index};
		ports->nr_ports++;
		ports->figures[public_index].total++;
		ports->figures[public_index].free++;
	}
	return 0;
}

static int add_public(struct ports *ports, uint8_t index, const struct model_settings *settings)
{
	const struct model_public *public = &settings->publics[index];
	size_t bytes = SP_PORTS_PER_ADDRESS * sizeof(*ports->ordinal_of[index]);

	ports->ordinal_of[index] = malloc(bytes);
	if (!ports->ordinal_of[index])
		return -ENOMEM;
	memset(ports->ordinal_of[index], 0xff, bytes);
	ports->free[index] = (struct queue){NONE, NONE};
	ports->queue_of[index] =
		(uint8_t)model_pools_find(settings, public->pool, addr_family(&public->bind));
	for (unsigned int i = 0; i < settings->nr_publics; i++)
		if (i != index && addr_same_host(public->advertise, settings->publics[i].advertise))
			ports->namesakes[index] |= 1u << i;
	for (unsigned int i = 0; i < public->nr_ranges; i++) {
		int result = add_range(ports, index, &public->ranges[i]);

		if (result < 0)
			return result;
	}
	if (public->sessions && public->sessions < ports->figures[index].total)
		ports->figures[index].total = ports->figures[index].free = public->sessions;
	ports->nr_usable += ports->figures[index].total;
	return 0;
}

static void append_free(struct ports *ports, uint32_t ordinal)
{
	struct queue *queue = free_queue(ports, ports->port[ordinal].public_index);

	insert(ports, queue, ordinal, queue->last);
}

/* xorshift64*: a shuffle needs no better. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* Fisher and Yates. */
static int shuffle_free(struct ports *ports, uint64_t seed)
{
	uint64_t state = seed ? seed : 1;
	uint32_t *order = calloc(ports->nr_ports + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < ports->nr_ports; i++) {
		uint32_t j = (uint32_t)(next_random(&state) % (i + 1));

		order[i] = order[j];
		order[j] = i;
	}
	for (uint32_t i = 0; i < ports->nr_ports; i++)
		append_free(ports, order[i]);
	free(order);
	return 0;
}

int model_ports_new(const struct model_settings *settings, uint64_t seed, struct ports **ret_ports)
{
	struct ports *ports;
	uint32_t count;
	int result = count_ports(settings, &count);

	if (result < 0)
		return result;
	ports = calloc(1, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	ports->nr_publics = settings->nr_publics;
	ports->port = calloc(count + 1, sizeof(*ports->port));
	result = ports->port ? 0 : -ENOMEM;
	for (unsigned int i = 0; i < settings->nr_publics && result == 0; i++)
		result = add_public(ports, (uint8_t)i, settings);
	if (result == 0)
		result = shuffle_free(ports, seed);
	if (result < 0) {
		model_ports_free(ports);
		return result;
	}
	*ret_ports = ports;
	return 0;
}

void model_ports_free(struct ports *ports)
{
	if (!ports)
		return;
	for (unsigned int i = 0; i < SP_PUBLICS_MAX; i++)
		free(ports->ordinal_of[i]);
	free(ports->port);
	free(ports);
}

uint32_t model_ports_count(const struct ports *ports)
{
	return ports->nr_usable;
}

uint32_t model_ports_public_index(const struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports);
	return ports->port[ordinal].public_index;
}

uint16_t model_ports_number(const struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports);
	return ports->port[ordinal].number;
}

int model_ports_find(const struct ports *ports, uint32_t public_index, uint16_t number,
		     uint32_t *ret_ordinal)
{
	if (public_index >= ports->nr_publics || ports->ordinal_of[public_index][number] == NONE)
		return -ENOENT;
	*ret_ordinal = ports->ordinal_of[public_index][number];
	return 0;
}

/* Of a prefix fewer numbers may be used at once than there are; in a pool with one there is no
 * other address of its family. */
static bool is_full(const struct ports *ports, uint32_t ordinal)
{
	/* Below 0 where it was lowered under those that are in use. */
	return (int32_t)ports->figures[ports->port[ordinal].public_index].free <= 0;
}

int model_ports_take(struct ports *ports, uint32_t public_index, uint32_t *ret_ordinal)
{
	struct queue *queue = free_queue(ports, public_index);
	uint32_t ordinal = queue->first;

	if (ordinal == NONE || is_full(ports, ordinal))
		return -ENOSPC;
	set_state(ports, ordinal, PORT_USED, PLACE_LAST);
	*ret_ordinal = ordinal;
	return 0;
}

int model_ports_take_this(struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports);
	if (!is_queued(&ports->port[ordinal]))
		return -EBUSY;
	if (is_full(ports, ordinal))
		return -ENOSPC;
	set_state(ports, ordinal, PORT_USED, PLACE_LAST);
	return 0;
}

int model_ports_claim(struct ports *ports, uint32_t ordinal)
{
	const struct port *port = &ports->port[ordinal];

	assert(ordinal < ports->nr_ports);
	if (port->state != PORT_FREE)
		return -EBUSY;
	set_state(ports, ordinal, PORT_USED, PLACE_LAST);
	return 0;
}

void model_ports_untake(struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports && ports->port[ordinal].state == PORT_USED);
	set_state(ports, ordinal, PORT_FREE, PLACE_FIRST);
}

void model_ports_quarantine(struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports && ports->port[ordinal].state == PORT_USED);
	set_state(ports, ordinal, PORT_QUARANTINED, PLACE_LAST);
}

void model_ports_release(struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports && ports->port[ordinal].state == PORT_QUARANTINED);
	set_state(ports, ordinal, PORT_FREE, PLACE_LAST);
}

void model_ports_touch(struct ports *ports, uint32_t ordinal)
{
	assert(ordinal < ports->nr_ports && ports->port[ordinal].state == PORT_FREE);
	if (!is_queued(&ports->port[ordinal]))
		return;
	unlink_port(ports, free_queue(ports, ports->port[ordinal].public_index), ordinal);
	append_free(ports, ordinal);
}

void model_ports_figures(const struct ports *ports, uint32_t public_index,
			 struct ports_figures *ret_figures)
{
	assert(public_index < ports->nr_publics);
	*ret_figures = ports->figures[public_index];
	if ((int32_t)ret_figures->free < 0)
		ret_figures->free = 0;
}

void model_ports_pool_figures(const struct model_settings *settings, const struct ports *ports,
			      unsigned int public_index, struct ports_figures *ret_figures)
{
	struct ports_figures sum = {0};

	for (unsigned int i = 0; i < settings->nr_publics; i++) {
		struct ports_figures figures;

		if (strcmp(settings->publics[i].pool, settings->publics[public_index].pool) != 0)
			continue;
		model_ports_figures(ports, i, &figures);
		sum.total += figures.total;
		sum.used += figures.used;
		sum.free += figures.free;
		sum.quarantined += figures.quarantined;
	}
	*ret_figures = sum;
}
