/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/health.h"

#include <string.h>

#include <sallyport/compiler.h>

#include "host/table_map.h"
#include "table/counters.h"

const char *announce_health_ill(const struct table_map *table, uint64_t now_ns)
{
	if (SP_LOAD(table->settings->detached))
		return "an interface is down, or meets no program";
	if (strcmp(table_counters_carrier(table, now_ns), "none") == 0)
		return "no engine carries packets";
	return NULL;
}
