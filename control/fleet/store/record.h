/* SPDX-License-Identifier: BSD-3-Clause */
/* A build as the store has it: what all edges are to make of it, whoever wrote it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/build.h"

#define STORE_ID_BYTES	   (BUILD_ID_MAX + 1)
#define STORE_CHANGE_BYTES 64

/* Times are wall time in ns; 0: not. */
struct record {
	char id[STORE_ID_BYTES];
	json_t *body; /* of a PUT, with everything that was declared so far, and all public ports */
	uint64_t created_ns;
	uint64_t finished_ns;
	uint64_t until_ns;		 /* extended to */
	uint64_t ended_ns;		 /* the record stays until its ports have rested */
	char change[STORE_CHANGE_BYTES]; /* the last one: no two are alike */
	int64_t mod_revision;		 /* of the key; not in its value */
};

/* Result: 0 and a record to be freed, -EBADMSG for a value that is none, or -ENOMEM. */
int store_record_read(const char *id, const char *value, int64_t mod_revision,
		      struct record **ret_record);

/* Result: a text to be freed, NULL without memory. */
char *store_record_write(const struct record *record);

/* Result: a copy, NULL without memory. They share the body, which nobody writes to. */
struct record *store_record_copy(const struct record *record);

/* NULL is allowed. */
void store_record_free(struct record *record);

/* The build was over at finished_ns, not before its creation and not in the future, as sallyportd
 * counts it: what is left is the linger, or less, also of an extension. */
void store_record_finish(struct record *record, uint64_t finished_ns);

/* Result: whether something is left when it is finished. */
bool store_record_lingers(const struct record *record);

/* Result: when the build ends by its clock, in wall time, as far as the record says. */
uint64_t store_record_deadline_ns(const struct record *record);

/*
 * Result: how long it may last from now on, in whole seconds; 0: it is over. Its finish and its
 * extensions count, as far as a lifetime may be declared: what is longer is an extension where it
 * is made.
 */
uint64_t store_record_left_s(const struct record *record);

/* Result: the longest time, from its creation, that the build may last, unless it is extended. */
uint64_t store_record_lifetime_ns(const struct record *record);
