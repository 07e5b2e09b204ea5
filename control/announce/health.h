/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether this host carries packets. */
#pragma once

#include <stdint.h>

struct table_map;

/* Result: NULL, or why packets are not carried, static. */
const char *announce_health_ill(const struct table_map *table, uint64_t now_ns);
