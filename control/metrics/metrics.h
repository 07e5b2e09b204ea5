/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics in Prometheus' text exposition format, from tables. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sallyport/redirects.h>

struct edge;
struct explain;
struct metrics_requests;
struct roster_heard;
struct table_map;
struct watch;

/* What is known of this host's kernel, by how often since the start. */
struct metrics_host {
	uint64_t resyncs;   /* of the netlink mirror */
	uint64_t lost;	    /* packets of an interface met the program no longer */
	uint64_t corrected; /* what others had changed */
	uint64_t held;	    /* packets that waited for sallyportd while the host started */
	bool blind;	    /* netlink cannot be opened */
	int announced;	    /* to routers: 2, as the last resort 1, not 0; -1 by nobody */
	/* What interfaces did not take of redirected frames, if that is counted. */
	bool redirects_counted;
	uint64_t redirects_lost[2][SP_REDIRECT_LOSSES_NR];
};

struct metrics_source {
	const struct edge *edge;
	const struct table_map *table;
	const struct explain *explain;		 /* may be NULL */
	const struct watch *watch;		 /* may be NULL */
	const struct metrics_requests *requests; /* may be NULL */
	const char *hooks_cursor;		 /* where sallyport-hooks keeps how far it is */
	struct metrics_host host;
	const struct roster_heard *fleet; /* NULL: there is none */
	uint64_t now_ns;
};

/* Result: whether sallyport-hooks has left a cursor at path, and how many events it is behind. */
bool metrics_hooks_behind(const char *path, uint64_t newest_seq, uint64_t *ret_behind);

/* Writes all metrics. Errors are left to the stream. */
void metrics_write(const struct metrics_source *source, FILE *out);
