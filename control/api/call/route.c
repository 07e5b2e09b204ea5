/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/route.h"

#include <stdio.h>
#include <string.h>

#include "model/build.h"

#define BODY_BYTES ((size_t)1 << 20)

enum fit {
	FIT_YES,
	FIT_NO,
	FIT_BAD_ID,
};

/* Compares segment by segment; id may be NULL. */
static enum fit fit_path(const char *pattern, const char *path, char *id)
{
	enum fit fit = FIT_YES;

	while (*pattern && *path) {
		size_t want, have;

		if (*pattern++ != '/' || *path++ != '/')
			return FIT_NO;
		want = strcspn(pattern, "/");
		have = strcspn(path, "/");
		if (*pattern == '{') {
			if (id && !model_build_id_decode(path, have, id))
				fit = FIT_BAD_ID;
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return FIT_NO;
		}
		pattern += want;
		path += have;
	}
	return *pattern || *path ? FIT_NO : fit;
}

enum api_match call_route_find(const struct api_route *routes, const char *method, const char *path,
			       char *id, const struct api_route **ret_route)
{
	enum api_match match = API_MATCH_NO_PATH;

	id[0] = '\0';
	for (const struct api_route *route = routes; route->method; route++) {
		enum fit fit = fit_path(route->path, path, id);

		if (fit == FIT_NO)
			continue;
		if (fit == FIT_BAD_ID)
			return API_MATCH_BAD_ID;
		*ret_route = route;
		if (strcmp(route->method, method) == 0)
			return API_MATCH_FOUND;
		match = API_MATCH_NO_METHOD;
	}
	return match;
}

bool call_route_changes(const struct api_route *route)
{
	return strcmp(route->method, "GET") != 0;
}

void call_route_allow(const struct api_route *routes, const struct api_route *route, char *text,
		      size_t text_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (const struct api_route *other = routes; other->method; other++) {
		int n;

		if (strcmp(other->path, route->path) != 0 || used >= text_bytes)
			continue;
		n = snprintf(text + used, text_bytes - used, "%s%s%s", used ? ", " : "",
			     other->method, strcmp(other->method, "GET") == 0 ? ", HEAD" : "");
		used += (size_t)n;
	}
}

const struct api_route *call_route_put_member(const struct api_route *routes,
					      const struct api_route *route)
{
	size_t length = strlen(route->path);

	for (const struct api_route *other = routes; other->method; other++)
		if (strcmp(other->method, "PUT") == 0 &&
		    strncmp(other->path, route->path, length) == 0 &&
		    strcmp(other->path + length, "/{id}") == 0)
			return other;
	return NULL;
}

static size_t larger(size_t one, size_t other)
{
	return one > other ? one : other;
}

size_t call_route_body_limit(const struct api_route *routes, const char *path, uint32_t builds)
{
	size_t limit = BODY_BYTES;

	for (const struct api_route *route = routes; route->method; route++) {
		size_t bytes = larger(route->body_bytes, builds * route->build_bytes);

		if (bytes > limit && fit_path(route->path, path, NULL) == FIT_YES)
			limit = bytes;
	}
	return limit;
}
