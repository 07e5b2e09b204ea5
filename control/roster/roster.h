/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sallyport-fleet says of its fleet: one table of figures, from which the answer of the API,
 * metrics, the screens of the CLI and the status page are made. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "json/shape.h"

/* How a figure is written. */
enum roster_as {
	ROSTER_TEXT,
	ROSTER_COUNT,
	ROSTER_MS,    /* metrics have seconds */
	ROSTER_FLAG,  /* metrics have 1 and 0 */
	ROSTER_TIME,  /* no metric */
	ROSTER_ROUTE, /* as sallyport_announced: 2, 1, 0 */
};

struct roster_figure {
	const char
		*member; /* of the object; "clock.bound_ms" is one further inside; NULL: the end */
	enum roster_as as;
	const char *head;   /* for people; NULL: it is not shown by itself */
	const char *metric; /* NULL: none */
	const char *help;
};

/* Of the fleet as one edge knows it, of its store, of each member of that, and of each edge. */
extern const struct roster_figure roster_fleet[];
extern const struct roster_figure roster_store[];
extern const struct roster_figure roster_members[];
extern const struct roster_figure roster_edges[];

extern const struct json_shape roster_shape;	   /* all of it */
extern const struct json_shape roster_store_shape; /* what is in it */
extern const struct json_shape roster_member_shape;
extern const struct json_shape roster_edge_shape;
extern const struct json_shape roster_clock_shape;

/* What was said last, in sallyportd. */
struct roster_heard {
	json_t *said; /* NULL: nothing yet */
	uint64_t heard_ns;
	uint64_t heard_wall_ns;
};

#define ROSTER_FRESH_NS 10000000000ULL

/* Result: whether it was said a moment ago. */
bool roster_is_fresh(const struct roster_heard *heard, uint64_t now_ns);

/* Result: the figure's value in an object, borrowed; NULL: it is not there, or null. */
const json_t *roster_find(const struct roster_figure *figure, const json_t *object);

#define ROSTER_TEXT_BYTES 64

/* Result: the value for people, "-" for none; of a string itself. ROSTER_TIME: as it came. */
const char *roster_print(const struct roster_figure *figure, const json_t *object,
			 char text[ROSTER_TEXT_BYTES]);

/* Result: whether the object has a number for the metric, and it. */
bool roster_measure(const struct roster_figure *figure, const json_t *object, double *ret_number);
