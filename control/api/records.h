/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal has recorded, as JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct journal;
struct json_shape;

/* What the records below are made of. */
extern const struct json_shape api_records_connection_shape;
extern const struct json_shape api_records_change_shape;
extern const struct json_shape api_records_attestation_shape;

enum api_records {
	API_RECORDS_CONNECTIONS,
	API_RECORDS_AUDIT,
};

/* Which records: those numbered above after, at most limit. */
struct api_records_query {
	enum api_records what;
	const char *build; /* NULL: of all builds */
	bool open;	   /* only connections that are open now */
	uint64_t after;
	uint64_t limit;
};

/*
 * database: the audit of connections, or the journal for changes. Result: an array in order of
 * number, NULL without memory or for an error of the database.
 */
json_t *api_records(struct journal *database, const struct api_records_query *query);

/*
 * Result: what is known of the latest build of that id, also one forgotten by the edge: an object
 * with its times, how many connections there were and from where; null if there never was one; NULL
 * as above.
 */
json_t *api_records_attestation(struct journal *journal, struct journal *audit, const char *id);

/* One node's latest ssh connection, and how many there were. */
struct api_last_connection {
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
int api_records_last(struct journal *audit, uint64_t serial, uint32_t node, const char *client,
		     struct api_last_connection *ret_last);
