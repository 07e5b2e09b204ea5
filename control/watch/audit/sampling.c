/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/audit/sampling.h"

#include <stdlib.h>

#include <sallyport/addr.h>

#include "host/boottime.h"

#define SOURCES 16384u
#define LEASES	4096u

/* A bucket that runs out over time: empty at empty_ns. */
struct bucket {
	uint64_t key;
	uint64_t empty_ns;
};

struct sampling {
	struct bucket source[SOURCES];
	struct bucket lease[LEASES];
};

struct limit {
	uint64_t burst;
	uint64_t rate;
};

struct sampling *audit_sampling_new(void)
{
	return calloc(1, sizeof(struct sampling));
}

void audit_sampling_free(struct sampling *sampling)
{
	free(sampling);
}

/* Another's place is taken: who shares one with a flood may have more than its due, never less. */
static bool may(struct bucket *bucket, uint64_t key, const struct limit *limit, uint64_t now_ns)
{
	if (bucket->key != key)
		*bucket = (struct bucket){.key = key};
	if (bucket->empty_ns < now_ns)
		bucket->empty_ns = now_ns;
	if (bucket->empty_ns - now_ns > limit->burst * NS_PER_S / limit->rate)
		return false;
	bucket->empty_ns += NS_PER_S / limit->rate;
	return true;
}

bool audit_sampling_may(struct sampling *sampling, const struct connection *connection)
{
	static const struct limit of_source = {SAMPLING_SOURCE_BURST, SAMPLING_SOURCE_RATE};
	static const struct limit of_lease = {SAMPLING_LEASE_BURST, SAMPLING_LEASE_RATE};
	uint64_t lease = (uint64_t)connection->generation << 32 | connection->slot_index;
	struct sp_addr addr = connection->client;
	uint64_t source;

	if (!sp_addr_is_v4(&addr))
		addr.word_be[2] = addr.word_be[3] = 0;
	source = sp_addr_hash(&addr, lease) | 1;
	return may(&sampling->source[source / 2 % SOURCES], source, &of_source,
		   connection->established_ns) &&
	       may(&sampling->lease[connection->slot_index % LEASES], lease, &of_lease,
		   connection->established_ns);
}
