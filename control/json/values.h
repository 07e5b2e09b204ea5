/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings and times as JSON. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct strings;

/* Result: text as a JSON string, without a last character that was cut; NULL without memory. */
json_t *json_values_string(const char *text);

/* Result: an array, NULL without memory. */
json_t *json_values_strings(const struct strings *strings);

/* Result: a wall time as JSON, null for 0; NULL without memory. */
json_t *json_values_time(uint64_t wall_ns);

/* Result: text as above, null for NULL; NULL without memory. */
json_t *json_values_string_or_null(const char *text);

/* Result: a number; NULL without memory. */
json_t *json_values_number(uint64_t number);
