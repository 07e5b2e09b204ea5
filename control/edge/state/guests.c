/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/guests.h"

#include <stdlib.h>

struct guest {
	uint64_t serial; /* 0: free */
	uint64_t number; /* counted as they come */
	struct sp_addr client;
};

struct guests {
	uint64_t seed;
	uint64_t nr_added;
	struct guest set[GUESTS_SETS][GUESTS_A_SET];
};

struct guests *state_guests_new(uint64_t seed)
{
	struct guests *guests = calloc(1, sizeof(*guests));

	if (guests)
		guests->seed = seed;
	return guests;
}

void state_guests_free(struct guests *guests)
{
	free(guests);
}

static unsigned int set_of(const struct guests *guests, uint64_t serial)
{
	const struct sp_addr name = {
		.word_be = {(uint32_t)(serial >> 32), (uint32_t)serial},
	};

	return (unsigned int)(sp_addr_hash(&name, guests->seed) % GUESTS_SETS);
}

static bool is_guest(const struct guest *guest, uint64_t serial, const struct sp_addr *client)
{
	return guest->serial == serial && sp_addr_equal(&guest->client, client);
}

void state_guests_add(struct guests *guests, uint64_t serial, const struct sp_addr *client)
{
	struct guest *set = guests->set[set_of(guests, serial)], *place = &set[0];

	for (unsigned int i = 0; i < GUESTS_A_SET; i++) {
		if (is_guest(&set[i], serial, client)) {
			place = &set[i];
			break;
		}
		if (set[i].number < place->number)
			place = &set[i];
	}
	*place = (struct guest){serial, ++guests->nr_added, *client};
}

bool state_guests_has(const struct guests *guests, uint64_t serial, const struct sp_addr *client)
{
	const struct guest *set = guests->set[set_of(guests, serial)];

	for (unsigned int i = 0; i < GUESTS_A_SET; i++)
		if (is_guest(&set[i], serial, client))
			return true;
	return false;
}
