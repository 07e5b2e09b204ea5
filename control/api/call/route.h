/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows the API is made of, and how a request finds its row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "roles/roles.h"
#include "json/table.h"

#define API_ID_BYTES	   128
#define API_PARAMETERS_MAX 8

struct api_call;
struct json_shape;

struct api_parameter {
	const char *name;   /* of a query argument */
	const char *values; /* "a|b|c", "*" for any text, or NULL for a number */
	const char *help;
};

enum api_body {
	API_BODY_NONE,
	API_BODY_OPTIONAL, /* none is the same as {} */
	API_BODY_REQUIRED,
};

struct api_route {
	const char *method;
	const char *path; /* "{id}" stands for one segment */
	enum api_role role;
	const char *operation; /* its name in the OpenAPI document */
	void (*handle)(struct api_call *call);
	/* Those that wait together and have no preconditions, in one go; NULL: each by itself. */
	void (*handle_all)(struct api_call *const *calls, unsigned int nr_calls);
	void (*ahead)(
		const struct api_call *call); /* on its arrival, if others come before; or NULL */
	bool in_turn; /* it changes the edge or reads the journal: see turns.h */
	bool cuts;    /* it ends sessions, or sooner: it needs no journal (edge.h) */
	enum api_body body;
	const struct json_table *table; /* of the body */
	const struct json_shape *told;	/* or: it is what another answer is like */
	size_t body_bytes;		/* the longest, 0 for the usual limit */
	size_t build_bytes;		/* or longer: as much for each build that there may be */
	struct api_parameter parameter[API_PARAMETERS_MAX]; /* up to the first without a name */
	const char *headers;  /* preconditions it looks at: "If-Match If-None-Match" */
	const char *statuses; /* what it may answer beside 400, 403, 405 and 500: "200 404" */
	const char *answer;   /* media types of a 2xx, NULL if it has no body */
	/* Of a body in JSON, beside what answer says or as that. NULL: text, or lines of events. */
	const struct json_shape *shape;
	const char *help;
};

enum api_match {
	API_MATCH_FOUND,
	API_MATCH_NO_PATH,
	API_MATCH_NO_METHOD, /* the path has rows, but none with this method */
	API_MATCH_BAD_ID,
};

/*
 * routes below are all rows, ended by one without a method.
 *
 * Finds the row for a method and a path as it came. id has room for API_ID_BYTES + 1 and holds the
 * decoded {id}, "" if the row has none. With API_MATCH_NO_METHOD, *ret_route is one of the path's.
 */
enum api_match call_route_find(const struct api_route *routes, const char *method, const char *path,
			       char *id, const struct api_route **ret_route);

/* Result: whether its calls change something. */
bool call_route_changes(const struct api_route *route);

/* Prints the methods of the path that route has, as for an Allow header, into text. */
void call_route_allow(const struct api_route *routes, const struct api_route *route, char *text,
		      size_t text_bytes);

/* Result: the row that PUTs a member of route's collection, or NULL if route has none. */
const struct api_route *call_route_put_member(const struct api_route *routes,
					      const struct api_route *route);

/* Result: the longest body of a path as it came, whatever the method. builds: limits.builds. */
size_t call_route_body_limit(const struct api_route *routes, const char *path, uint32_t builds);
