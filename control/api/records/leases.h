/* SPDX-License-Identifier: BSD-3-Clause */
/* Who had which public port, as the journal knows of builds for as long as of changes. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct records_asked;
struct journal;
struct journal_place;
struct json_shape;
struct sqlite3_stmt;

extern const struct json_shape records_leases_shape;

/*
 * Fills in the places that had the public port that is asked for, of builds with serials above
 * after, in their order. Result: how many, or -EIO.
 */
int records_leases_find(struct journal *journal, const struct records_asked *asked, uint64_t after,
			struct journal_place *ret_places, unsigned int max);

/* The same for builds alone, whichever port they had if none is asked for. */
int records_leases_builds(struct journal *journal, const struct records_asked *asked,
			  uint64_t after, uint64_t *ret_serials, unsigned int max);

/* Result: the build's leases, as an array; its actors likewise. NULL after an error. */
json_t *records_leases_of(struct journal *journal, uint64_t serial);
json_t *records_leases_actors(struct journal *journal, uint64_t serial);

/* Result: a statement for records_leases_name(), to be ended by its user; NULL for an error. */
struct sqlite3_stmt *records_leases_prepare(struct journal *journal);

/* Adds the public address, its port and the build's actors, or null and none if not known now. */
void records_leases_name(struct sqlite3_stmt *statement, const struct journal_place *place,
			 json_t *object);
