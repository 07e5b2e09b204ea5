/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/holders.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <sallyport/addr.h>

#define PLACES_MIN 1024u /* a power of two */

struct holder {
	struct endpoint endpoint;
	uint64_t serial; /* 0: free */
};

/* Open addressing: one that is not at its own place is at the next free one after it. */
struct holders {
	struct holder *place;
	uint32_t nr_places, nr_used;
};

/* Endpoints are the orchestrator's, who is trusted not to collide them. */
static uint32_t own_place(const struct holders *holders, const struct endpoint *endpoint)
{
	uint64_t seed = (uint64_t)endpoint->port_be << 8 | endpoint->protocol;

	return (uint32_t)sp_addr_hash(&endpoint->addr, seed) & (holders->nr_places - 1);
}

static uint32_t next_place(const struct holders *holders, uint32_t place)
{
	return (place + 1) & (holders->nr_places - 1);
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port_be == b->port_be && a->protocol == b->protocol &&
	       sp_addr_equal(&a->addr, &b->addr);
}

/* Result: where the endpoint is, or would be put. */
static uint32_t find_place(const struct holders *holders, const struct endpoint *endpoint)
{
	uint32_t place = own_place(holders, endpoint);

	while (holders->place[place].serial && !is_same(&holders->place[place].endpoint, endpoint))
		place = next_place(holders, place);
	return place;
}

int state_holders_new(struct holders **ret_holders)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return -ENOMEM;
	holders->nr_places = PLACES_MIN;
	holders->place = calloc(holders->nr_places, sizeof(*holders->place));
	if (!holders->place) {
		free(holders);
		return -ENOMEM;
	}
	*ret_holders = holders;
	return 0;
}

void state_holders_free(struct holders *holders)
{
	if (!holders)
		return;
	free(holders->place);
	free(holders);
}

uint64_t state_holders_get(const struct holders *holders, const struct endpoint *endpoint)
{
	return holders->place[find_place(holders, endpoint)].serial;
}

static int grow(struct holders *holders)
{
	struct holders grown = {.nr_places = holders->nr_places * 2, .nr_used = holders->nr_used};

	grown.place = calloc(grown.nr_places, sizeof(*grown.place));
	if (!grown.place)
		return -ENOMEM;
	for (uint32_t i = 0; i < holders->nr_places; i++)
		if (holders->place[i].serial)
			grown.place[find_place(&grown, &holders->place[i].endpoint)] =
				holders->place[i];
	free(holders->place);
	*holders = grown;
	return 0;
}

/* Those behind it that could not be found past the gap move up. */
static void empty_place(struct holders *holders, uint32_t place)
{
	uint32_t mask = holders->nr_places - 1;

	for (uint32_t i = next_place(holders, place); holders->place[i].serial;
	     i = next_place(holders, i)) {
		uint32_t own = own_place(holders, &holders->place[i].endpoint);

		if (((i - own) & mask) < ((i - place) & mask))
			continue;
		holders->place[place] = holders->place[i];
		place = i;
	}
	holders->place[place].serial = 0;
	holders->nr_used--;
}

static int add(struct holders *holders, const struct endpoint *endpoint, uint64_t serial)
{
	if ((holders->nr_used + 1) > holders->nr_places / 4 * 3 && grow(holders) < 0)
		return -ENOMEM;
	holders->place[find_place(holders, endpoint)] = (struct holder){*endpoint, serial};
	holders->nr_used++;
	return 0;
}

int state_holders_set(struct holders *holders, const struct endpoint *endpoint, uint64_t serial)
{
	uint32_t place = find_place(holders, endpoint);

	if (!holders->place[place].serial)
		return serial ? add(holders, endpoint, serial) : 0;
	if (serial)
		holders->place[place].serial = serial;
	else
		empty_place(holders, place);
	return 0;
}
