/* SPDX-License-Identifier: BSD-3-Clause */
/* What the table says of engines, workers and queues, as JSON: of the API, and without it. */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include <sallyport/verdict.h>

#include "table/counters.h"

struct json_shape;
struct table_map;

/* What the objects below are made of. */
extern const struct json_shape table_json_engine_shape;
extern const struct json_shape table_json_worker_shape;
extern const struct json_shape table_json_queue_shape;

/* Result, of each: JSON, or NULL without memory. */

/* An object with packets by the name of their verdict. */
json_t *table_json_verdicts(const uint64_t packets[SP_VERDICT_COUNT]);

/* What one engine has done: packets forwarded and their bytes, and all by verdict. */
json_t *table_json_engine(const struct table_map *table, enum metrics_engine engine);

/* The workers of sallyport-dp that have registered. */
json_t *table_json_workers(const struct table_map *table);

/* Why sallyport-dp leaves all packets to the XDP program: sentences to follow "because". */
json_t *table_json_left(const struct table_map *table);

/* The queues that were ever polled, and for how long not since. */
json_t *table_json_queues(const struct table_map *table, uint64_t now_ns);
