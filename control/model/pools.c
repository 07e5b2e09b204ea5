/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/pools.h"

#include <errno.h>
#include <string.h>

#include "edge/edge.h"
#include "host/addr.h"
#include "model/ports.h"

static bool is_of(const struct edge_settings *settings, unsigned int public_index, const char *pool)
{
	return strcmp(settings->publics[public_index].pool, pool) == 0;
}

int model_pools_find(const struct edge_settings *settings, const char *pool, unsigned int family)
{
	for (unsigned int i = 0; i < settings->nr_publics; i++)
		if (is_of(settings, i, pool) &&
		    (family == 0 || addr_family(&settings->publics[i].bind) == family))
			return (int)i;
	return -ENOENT;
}

const char *model_pools_name(const struct edge_settings *settings, unsigned int public_index)
{
	return public_index < settings->nr_publics ? settings->publics[public_index].pool : NULL;
}

bool model_pools_is_first(const struct edge_settings *settings, unsigned int public_index)
{
	return model_pools_find(settings, settings->publics[public_index].pool, 0) ==
	       (int)public_index;
}

void model_pools_figures(const struct edge_settings *settings, const struct ports *ports,
			 unsigned int public_index, struct ports_figures *ret_figures)
{
	struct ports_figures sum = {0};

	for (unsigned int i = 0; i < settings->nr_publics; i++) {
		struct ports_figures figures;

		if (!is_of(settings, i, settings->publics[public_index].pool))
			continue;
		model_ports_figures(ports, i, &figures);
		sum.total += figures.total;
		sum.used += figures.used;
		sum.free += figures.free;
		sum.quarantined += figures.quarantined;
	}
	*ret_figures = sum;
}
