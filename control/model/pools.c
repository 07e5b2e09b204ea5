/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/pools.h"

#include <errno.h>
#include <string.h>

#include "host/addr.h"
#include "model/settings.h"

static bool is_of(const struct model_settings *settings, unsigned int public_index,
		  const char *pool)
{
	return strcmp(settings->publics[public_index].pool, pool) == 0;
}

int model_pools_find(const struct model_settings *settings, const char *pool, unsigned int family)
{
	for (unsigned int i = 0; i < settings->nr_publics; i++)
		if (is_of(settings, i, pool) &&
		    (family == 0 || addr_family(&settings->publics[i].bind) == family))
			return (int)i;
	return -ENOENT;
}

const char *model_pools_name(const struct model_settings *settings, unsigned int public_index)
{
	return public_index < settings->nr_publics ? settings->publics[public_index].pool : NULL;
}

bool model_pools_is_first(const struct model_settings *settings, unsigned int public_index)
{
	return model_pools_find(settings, settings->publics[public_index].pool, 0) ==
	       (int)public_index;
}
