/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of the store: its records, and which public ports are claimed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mirror;
struct record;

/* Result: NULL without memory. */
struct mirror *store_mirror_new(const char *prefix);

/* NULL is allowed. */
void store_mirror_free(struct mirror *mirror);

/* All of the store comes: what is not put until store_mirror_whole() has gone. */
void store_mirror_begin(struct mirror *mirror);

/* Result: 0, and *ret_id is the id of the build whose record it was, NULL if it was another key;
 * -EBADMSG for a record that cannot be read, with *ret_id too; or -ENOMEM. */
int store_mirror_put(struct mirror *mirror, const char *key, const char *value,
		     int64_t mod_revision, const char **ret_id);

/* Result: the id of the build whose record has gone, NULL if it was another key. */
const char *store_mirror_gone(struct mirror *mirror, const char *key);

/* The record of a build was deleted at this revision; what is newer stays. */
void store_mirror_forget(struct mirror *mirror, const char *id, int64_t revision);

/* Calls gone for each build that was known, and was not put since store_mirror_begin(); for none if
 * no build was put at all, for such a store was lost, or is new. All these are forgotten. */
void store_mirror_whole(struct mirror *mirror, void (*gone)(void *context, const char *id),
			void *context);

/* Result: the record of a build, good until the next change of the mirror; NULL: none. */
const struct record *store_mirror_find(const struct mirror *mirror, const char *id);

/* Result: whether a record has the public port of this key. */
bool store_mirror_has_port(const struct mirror *mirror, const char *key);

/* Result: how many records there are. */
size_t store_mirror_count(const struct mirror *mirror);

/* Calls visit for each record. It must not change the mirror. */
void store_mirror_each(const struct mirror *mirror,
		       void (*visit)(void *context, const struct record *record), void *context);
