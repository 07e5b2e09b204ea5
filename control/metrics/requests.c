/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/requests.h"

#include <inttypes.h>
#include <stdlib.h>

#include "host/boottime.h"

/* More routes than the API has, and more statuses than any of them answers. */
#define ROUTES_MAX   64
#define STATUSES_MAX 24

/* Upper ends of the histogram's buckets: from a look into memory to a disk that hangs. */
static const double bucket_s[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
				  0.05,	  0.1,	 0.25,	 0.5,	1,    5};

#define BUCKETS_NR (sizeof(bucket_s) / sizeof(bucket_s[0]))

struct tally {
	const char *method; /* NULL: free, when path is NULL as well */
	const char *path;
	uint64_t bucket[BUCKETS_NR];
	uint64_t requests;
	uint64_t took_ns;
	struct {
		unsigned int status; /* 0: free */
		uint64_t requests;
	} statuses[STATUSES_MAX];
};

struct metrics_requests {
	struct tally routes[ROUTES_MAX];
	unsigned int nr_routes;
};

struct metrics_requests *metrics_requests_new(void)
{
	return calloc(1, sizeof(struct metrics_requests));
}

void metrics_requests_free(struct metrics_requests *requests)
{
	free(requests);
}

/* Result: the route's tally, begun where there is none; NULL without room. */
static struct tally *find_tally(struct metrics_requests *requests, const char *method,
				const char *path)
{
	struct tally *tally;

	for (unsigned int i = 0; i < requests->nr_routes; i++) {
		tally = &requests->routes[i];
		if (tally->method == method && tally->path == path)
			return tally;
	}
	if (requests->nr_routes == ROUTES_MAX)
		return NULL;
	tally = &requests->routes[requests->nr_routes++];
	tally->method = method;
	tally->path = path;
	return tally;
}

static void count_status(struct tally *tally, unsigned int status)
{
	for (unsigned int i = 0; i < STATUSES_MAX; i++) {
		if (tally->statuses[i].status != status && tally->statuses[i].status != 0)
			continue;
		tally->statuses[i].status = status;
		tally->statuses[i].requests++;
		return;
	}
}

void metrics_requests_count(struct metrics_requests *requests, const char *method, const char *path,
			    unsigned int status, uint64_t took_ns)
{
	struct tally *tally = find_tally(requests, method, path);
	double took_s = (double)took_ns / (double)NS_PER_S;

	if (!tally)
		return;
	tally->requests++;
	tally->took_ns += took_ns;
	for (unsigned int i = 0; i < BUCKETS_NR; i++)
		tally->bucket[i] += took_s <= bucket_s[i];
	count_status(tally, status);
}

static const char *method_of(const struct tally *tally)
{
	return tally->method ? tally->method : "";
}

static const char *route_of(const struct tally *tally)
{
	return tally->path ? tally->path : "";
}

void metrics_requests_write(const struct metrics_requests *requests, const char *name, FILE *out)
{
	for (unsigned int i = 0; requests && i < requests->nr_routes; i++) {
		const struct tally *tally = &requests->routes[i];

		for (unsigned int j = 0; j < STATUSES_MAX && tally->statuses[j].status; j++)
			fprintf(out, "%s{method=\"%s\",route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
				name, method_of(tally), route_of(tally), tally->statuses[j].status,
				tally->statuses[j].requests);
	}
}

static void write_times(const struct tally *tally, const char *name, FILE *out)
{
	const char *method = method_of(tally), *route = route_of(tally);

	for (unsigned int i = 0; i < BUCKETS_NR; i++)
		fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
			method, route, bucket_s[i], tally->bucket[i]);
	fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
		method, route, tally->requests);
	fprintf(out, "%s_sum{method=\"%s\",route=\"%s\"} %.9f\n", name, method, route,
		(double)tally->took_ns / (double)NS_PER_S);
	fprintf(out, "%s_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", name, method, route,
		tally->requests);
}

void metrics_requests_write_times(const struct metrics_requests *requests, const char *name,
				  FILE *out)
{
	for (unsigned int i = 0; requests && i < requests->nr_routes; i++)
		write_times(&requests->routes[i], name, out);
}
