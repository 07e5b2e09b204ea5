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

#define WALL_TIME_SAID_BYTES 40

enum wall_time_said {
	WALL_TIME_SAID,
	WALL_TIME_SAID_NO_ZONE, /* a time, but it does not say of which zone */
	WALL_TIME_SAID_NOT,
};

/*
 * Reads a time as people write it: with a blank for the T, without seconds, with " UTC" for the Z.
 * ret_text is that time in RFC 3339; with WALL_TIME_SAID_NO_ZONE, the one that it is in UTC.
 */
enum wall_time_said model_wall_time_said(const char *text, char ret_text[WALL_TIME_SAID_BYTES]);

/* Prints a duration for people: "29 minutes", "1 hour 5 minutes", "40 seconds". Result: text. */
const char *model_wall_time_print_duration(uint64_t duration_ns, char text[WALL_TIME_BYTES]);
