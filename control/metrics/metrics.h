/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics in Prometheus' text exposition format, from tables. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct edge;
struct explain;
struct table_map;
struct watch;

struct metrics_source {
	const struct edge *edge;
	const struct table_map *table;
	const struct explain *explain; /* may be NULL */
	const struct watch *watch;     /* may be NULL */
	uint64_t now_ns;
};

/* Writes all metrics. Errors are left to the stream. */
void metrics_write(const struct metrics_source *source, FILE *out);
