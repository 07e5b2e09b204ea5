/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/attempts.h"

#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>

#define PLACES 16384u

/* Of clients, and of leases: places of either are taken by nobody but their kind. */
struct attempts {
	struct attempt of_client[PLACES];
	struct attempt of_lease[PLACES];
};

struct attempts *watch_attempts_new(void)
{
	return calloc(1, sizeof(struct attempts));
}

void watch_attempts_free(struct attempts *attempts)
{
	free(attempts);
}

static bool same_lease(const struct attempt *attempt, uint32_t slot_index, uint32_t generation)
{
	return attempt->seen && attempt->slot_index == slot_index &&
	       attempt->generation == generation;
}

static unsigned int place_of(uint32_t slot_index, const struct sp_addr *client)
{
	return (unsigned int)(sp_addr_hash(client, slot_index) % PLACES);
}

/* Begins an attempt anew where another, or an earlier one, was. */
static void begin(struct attempt *attempt, const struct connection *connection, bool goes_on)
{
	uint64_t nr = goes_on ? attempt->nr : 0, seen = goes_on ? attempt->seen : 0;

	*attempt = (struct attempt){
		.slot_index = connection->slot_index,
		.generation = connection->generation,
		.client = connection->client,
		.seen = seen + 1,
		.nr = nr + 1,
		.first_ns = goes_on ? attempt->first_ns : connection->opened_ns,
		.opened_ns = connection->opened_ns,
	};
}

static bool is_latest(const struct attempt *attempt, const struct connection *connection)
{
	return attempt->opened_ns == connection->opened_ns &&
	       sp_addr_equal(&attempt->client, &connection->client);
}

/* Of the place of this client, or of this lease; goes_on: it is that already. */
static void change_one(struct attempt *attempt, const struct connection *connection,
		       enum connection_change change, bool goes_on)
{
	if (change == CONNECTION_OPENED)
		begin(attempt, connection, goes_on);
	else if (!goes_on)
		return;
	/* Whichever came later meanwhile: it was counted here, and has come to something. */
	if (change == CONNECTION_ESTABLISHED && connection->opened_ns >= attempt->first_ns &&
	    attempt->nr > 0)
		attempt->nr--;
	if (!is_latest(attempt, connection))
		return;
	attempt->accepted = connection->accepted_ns != 0;
	attempt->established = connection->established_ns != 0;
	attempt->end = connection->end;
}

void watch_attempts_note(struct attempts *attempts, const struct connection *connection,
			 enum connection_change change)
{
	struct attempt *lease = &attempts->of_lease[connection->slot_index % PLACES];
	struct attempt *client =
		&attempts->of_client[place_of(connection->slot_index, &connection->client)];

	change_one(lease, connection, change,
		   same_lease(lease, connection->slot_index, connection->generation));
	change_one(client, connection, change,
		   same_lease(client, connection->slot_index, connection->generation) &&
			   sp_addr_equal(&client->client, &connection->client));
}

bool watch_attempts_find(const struct attempts *attempts, uint32_t slot_index, uint32_t generation,
			 const struct sp_addr *client, struct attempt *ret_attempt)
{
	const struct attempt *attempt = client ? &attempts->of_client[place_of(slot_index, client)]
					       : &attempts->of_lease[slot_index % PLACES];

	if (!same_lease(attempt, slot_index, generation) ||
	    (client && !sp_addr_equal(&attempt->client, client)))
		return false;
	*ret_attempt = *attempt;
	return true;
}
