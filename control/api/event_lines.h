/* SPDX-License-Identifier: BSD-3-Clause */
/* Events as lines of JSON: one table of what each type holds. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct event;

/* Result, of each: an object, NULL without memory. */
json_t *api_event_lines_event(const struct event *event);

/* What is no event, but stands between them: after the event seq, now. */
json_t *api_event_lines_heartbeat(uint64_t seq, uint64_t wall_ns);
json_t *api_event_lines_end(uint64_t seq, uint64_t wall_ns, const char *why);

/* Adds a schema for each type of line, and Event for any. */
void api_event_lines_describe(json_t *schemas);
