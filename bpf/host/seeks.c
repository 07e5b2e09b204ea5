/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/seeks.h"

#include <stddef.h>

#include <sallyport/addr.h>

static bool is_of(const struct seek *seek, const struct sp_addr *addr, uint32_t interface)
{
	return seek->interface == interface && sp_addr_equal(&seek->addr, addr);
}

bool seeks_may(struct seeks *seeks, const struct sp_addr *addr, uint32_t interface,
	       uint32_t generation, uint64_t now_ns)
{
	struct seek *place = NULL;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < SEEKS_MAX; i++) {
		struct seek *seek = &seeks->seek[i];

		if (now_ns >= seek->until_ns) {
			place = place ? place : seek;
			continue;
		}
		if (is_of(seek, addr, interface))
			return true;
		nr += seek->generation == generation;
	}
	if (!place || nr >= SEEKS_PER_LEASE)
		return false;
	*place = (struct seek){*addr, interface, generation, now_ns + SEEKS_NS};
	return true;
}

void seeks_found(struct seeks *seeks, const struct sp_addr *addr, uint32_t interface)
{
	for (unsigned int i = 0; i < SEEKS_MAX; i++)
		if (is_of(&seeks->seek[i], addr, interface))
			seeks->seek[i].until_ns = 0;
}
