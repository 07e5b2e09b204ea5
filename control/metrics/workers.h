/* SPDX-License-Identifier: BSD-3-Clause */
/* What the workers of sallyport-dp are busy with. */
#pragma once

#include <stdio.h>

struct table_map;

/* The time that each was in rounds that had packets, in seconds. */
void metrics_workers_write_busy(const struct table_map *table, const char *name, FILE *out);

/* A histogram of how many packets each found waiting in a queue. */
void metrics_workers_write_bursts(const struct table_map *table, const char *name, FILE *out);
/* How many packets of VMs each queue's worker found by a hint of the XDP program. */
void metrics_workers_write_hints(const struct table_map *table, const char *name, FILE *out);
