/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal has recorded, as JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct journal;
struct json_shape;

struct records_asked;

/* What the records below are made of. */
extern const struct json_shape records_change_shape;
extern const struct json_shape records_attestation_shape;

/* Which changes: those numbered above after, at most limit. */
struct records_query {
	const struct records_asked *asked;
	const char *build; /* NULL: of all builds */
	uint64_t after;
	uint64_t limit;
};

/* Result: an array in order of number, NULL without memory or for an error of the database. */
json_t *records_changes(struct journal *journal, const struct records_query *query);

/* Of attestations: where from, and the client that alone is looked at, if any. */
struct records_attested {
	struct journal *journal;
	struct journal *audit;
	const struct records_asked *asked;
};

#define RECORDS_ATTESTATIONS_MAX 100

/*
 * Result: what is known of the latest build of that id, also one forgotten by the edge: an object
 * with its times, its leases, how many connections there were and from where; null if there never
 * was one; NULL as above.
 */
json_t *records_attestation(const struct records_attested *attested, const char *id);

/*
 * Result: an array of those of builds asked for with serials above after, and *ret_next behind
 * which there may be more, or 0; NULL as above. limit is no more than that maximum.
 */
json_t *records_attestations(const struct records_attested *attested, uint64_t after,
			     unsigned int limit, uint64_t *ret_next);

/* One node's latest ssh connection, and how many there were. */
struct records_last_connection {
	uint64_t nr;
	uint64_t nr_accepted;
	bool accepted;
	bool established; /* by its client */
	bool open;
	bool forgotten;	   /* attempts to connect may have been */
	uint64_t nr_lease; /* attempts to connect to the lease that are known of */
	uint64_t opened_wall_ns;
	uint64_t bytes_to_vm;
	uint64_t bytes_to_client;
	char closed_by[32]; /* as model_connection_record_end_name() */
	char client[64];
};

/* Of the build with that serial; client NULL: from anywhere. Result: 0 or -EIO. */
int records_last(struct journal *audit, uint64_t serial, uint32_t node, const char *client,
		 struct records_last_connection *ret_last);
