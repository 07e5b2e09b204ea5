/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of the API by route and status, and how long each took to its answer. On the event
 * loop's thread.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct metrics_requests;

/* Result: an empty tally, to be freed; NULL without memory. */
struct metrics_requests *metrics_requests_new(void);

/* NULL is allowed. */
void metrics_requests_free(struct metrics_requests *requests);

/*
 * Counts one answer. method and path are the route's and static: routes are told apart by them;
 * both are NULL for a request that found no route. What is beyond the tally's room is not counted.
 */
void metrics_requests_count(struct metrics_requests *requests, const char *method, const char *path,
			    unsigned int status, uint64_t took_ns);

/* Writes the samples of a counter, by method, route and status. requests may be NULL. */
void metrics_requests_write(const struct metrics_requests *requests, const char *name, FILE *out);

/* Writes the samples of a histogram of seconds, by method and route. requests may be NULL. */
void metrics_requests_write_times(const struct metrics_requests *requests, const char *name,
				  FILE *out);
