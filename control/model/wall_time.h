/* SPDX-License-Identifier: BSD-3-Clause */
/* Wall time and durations as text. */
#pragma once

#include <stdint.h>

#define WALL_TIME_BYTES 32

/* Prints nanoseconds since 1970 as "2026-11-23T12:00:03Z", cut to the second. Result: text. */
const char *model_wall_time_print(uint64_t wall_ns, char text[WALL_TIME_BYTES]);

/* Prints it for people, "2026-11-23 12:00 UTC". Result: text. */
const char *model_wall_time_print_minute(uint64_t wall_ns, char text[WALL_TIME_BYTES]);

/*
 * Reads an RFC 3339 date and time, with offset and fraction, not before 1970.
 * Result: 0 and *ret_wall_ns, or -EINVAL.
 */
int model_wall_time_parse(const char *text, uint64_t *ret_wall_ns);

/* Prints a duration for people: "29 minutes", "1 hour 5 minutes", "40 seconds". Result: text. */
const char *model_wall_time_print_duration(uint64_t duration_ns, char text[WALL_TIME_BYTES]);
