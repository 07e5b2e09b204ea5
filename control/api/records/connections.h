/* SPDX-License-Identifier: BSD-3-Clause */
/* The recorded connections, page by page. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct records_asked;
struct journal;
struct json_shape;

extern const struct json_shape records_connections_shape;

/* Known from the first FIN on, but said once the connection is over. */
#define RECORDS_CONNECTIONS_CLOSED_BY "CASE WHEN closed_wall_ns IS NOT NULL THEN closed_by END"

/* Which records: those numbered above after, at most limit. */
struct records_connections_query {
	struct journal *journal;
	struct journal *audit;
	const struct records_asked *asked;
	const char *build; /* NULL: of all builds */
	bool open;	   /* only connections that are open now */
	uint64_t after;
	uint64_t limit;
};

/*
 * Result: an array in order of number, and *ret_next behind what the next page begins, 0 if there
 * is none: a page looks at so many records, and may have fewer than limit. NULL without memory or
 * for an error of a database.
 */
json_t *records_connections_page(const struct records_connections_query *query, uint64_t *ret_next);
