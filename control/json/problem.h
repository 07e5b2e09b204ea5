/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a request is refused: what becomes application/problem+json (RFC 9457). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBLEM_ERRORS_MAX 16

/* The problem types, one row each: name, HTTP status, the last part of the type URI, title. */
#define PROBLEM_TYPES(X)                                                                           \
	X(NONE, 200, "none", "No problem")                                                         \
	X(MALFORMED, 400, "malformed", "The request cannot be read")                               \
	X(INVALID, 400, "invalid", "The request holds wrong values")                               \
	X(FORBIDDEN, 403, "forbidden", "Your role does not allow this")                            \
	X(NOT_FOUND, 404, "not-found", "There is no such thing")                                   \
	X(BAD_METHOD, 405, "bad-method", "The method is not one of this path")                     \
	X(TOO_SLOW, 408, "too-slow", "The request took too long to arrive")                        \
	X(ENDPOINT_IN_USE, 409, "endpoint-in-use", "Another build holds this VM endpoint")         \
	X(PORT_IN_USE, 409, "port-in-use", "The public port is not free")                          \
	X(BUILD_ENDED, 409, "build-ended", "The build's session has ended")                        \
	X(BUILD_DIFFERS, 409, "build-differs", "A live session cannot change this way")            \
	X(STALE_SYNC, 409, "stale-sync", "A later set was synchronised already")                   \
	X(IN_PROGRESS, 409, "request-in-progress", "The request is being answered already")        \
	X(COMPACTED, 410, "compacted", "These events are no longer kept")                          \
	X(PRECONDITION, 412, "precondition-failed", "The build has changed meanwhile")             \
	X(TOO_LARGE, 413, "too-large", "The request body is too large")                            \
	X(BAD_MEDIA, 415, "bad-media-type", "The request body must be application/json")           \
	X(OVER_LIMIT, 422, "over-limit", "A configured limit is reached")                          \
	X(OUTSIDE_NETWORKS, 422, "outside-networks", "The address is not one of a build")          \
	X(ADMITS_NOBODY, 422, "admits-nobody", "The allow-list lets nobody in")                    \
	X(OVER_EXTENSION, 422, "over-extension", "The session cannot be extended so far")          \
	X(EMPTY_SYNC, 422, "empty-sync", "An empty set needs allow_empty")                         \
	X(KEY_REUSED, 422, "idempotency-key-reused", "The key belongs to another request")         \
	X(TOO_MANY, 429, "too-many-requests", "Too many requests")                                 \
	X(INTERNAL, 500, "internal", "An error of ours")                                           \
	X(TOO_MANY_CLIENTS, 503, "too-many-clients", "Too many clients are connected")             \
	X(NO_PORTS, 503, "no-ports", "No public port is free")                                     \
	X(TABLE_FULL, 503, "table-full", "The table of endpoints or allow-lists is full")          \
	X(JOURNAL, 503, "journal-unavailable", "The journal cannot be written")                    \
	X(STORE, 503, "store-unavailable", "The store of the fleet cannot be written")             \
	X(DAEMON, 503, "daemon-unavailable", "The sallyportd of this edge does not answer")        \
	X(CLOCK, 503, "clock-unsynchronised", "The clock of this edge is not good enough")         \
	X(WORKER_STUCK, 503, "worker-stuck", "The removal is not confirmed yet")

enum problem_type {
#define PROBLEM_ENUM(name, status, slug, title) PROBLEM_##name,
	PROBLEM_TYPES(PROBLEM_ENUM)
#undef PROBLEM_ENUM
		PROBLEM_TYPES_NR
};

/* One wrong field. pointer is a JSON pointer (RFC 6901) into the request's body. */
struct problem_error {
	char pointer[128];
	char detail[256];
};

/* Of ENDPOINT_IN_USE: who holds it. */
struct problem_holder {
	char build[129];
	char forward[33];
	char address[48];
	uint32_t node;
	uint16_t port;
};

/* Filled by whoever refuses a request; the caller clears it by json_problem_clear() beforehand. */
struct problem {
	enum problem_type type;
	char detail[512];
	unsigned int retry_after_s; /* 0: no Retry-After */
	struct problem_holder holder;
	unsigned int nr_errors;
	struct problem_error errors[PROBLEM_ERRORS_MAX];
};

void json_problem_clear(struct problem *problem);

/* Result: the row's parts, as static strings. */
unsigned int json_problem_status(enum problem_type type);
const char *json_problem_slug(enum problem_type type);
const char *json_problem_title(enum problem_type type);

/* Sets type and detail (printf-like, cut at the size). A problem already set keeps its first type
 * and detail. */
void json_problem_set(struct problem *problem, enum problem_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Adds one field's error; a problem not set yet becomes type. Beyond PROBLEM_ERRORS_MAX errors are
 * dropped. pointer is copied; detail is printf-like.
 */
void json_problem_add(struct problem *problem, enum problem_type type, const char *pointer,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Result: whether a refusal was recorded. */
static inline bool problem_is_set(const struct problem *problem)
{
	return problem->type != PROBLEM_NONE;
}
