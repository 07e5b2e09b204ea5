/* SPDX-License-Identifier: BSD-3-Clause */
/* Request bodies: their tables, and what the model is given from them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/build.h"
#include "json/problem.h"
#include "json/split.h"
#include "json/table.h"

struct edge_dead_letter;
struct edge_extension;

extern const struct json_table body_tables_build;
extern const struct json_table body_tables_finish;
extern const struct json_table body_tables_extend;
extern const struct json_table body_tables_dead_letter;
extern const struct json_table body_tables_drain;
extern const struct json_table body_tables_store;
extern const struct json_table body_tables_sync;

/* A sync's desired set, owned. */
struct api_sync {
	struct build_spec *specs;
	unsigned int nr_specs;
	bool dry_run;
	bool allow_empty;
	uint64_t generation; /* BUILD_DEFAULT: not given */
	bool partial;
	char **cancel; /* owned, as each of them is */
	unsigned int nr_cancel;
};

/*
 * Reads the body of a PUT into *spec, which has been initialised and whose id is the caller's.
 * Result, of all of these: 0, or -EBADMSG, -EINVAL with problem set, -ENOMEM.
 */
int body_read_build(const char *text, size_t bytes, struct build_spec *spec,
		    struct problem *problem);

/* Reads the body of a finish. *ret_wall_ns is BUILD_DEFAULT if no time is given. */
int body_read_finish(const char *text, size_t bytes, uint64_t *ret_wall_ns,
		     struct problem *problem);

int body_read_extend(const char *text, size_t bytes, struct edge_extension *ret_extension,
		     struct problem *problem);

int body_read_dead_letter(const char *text, size_t bytes, struct edge_dead_letter *ret_letter,
			  struct problem *problem);

/* *ret_wait_ns is BUILD_DEFAULT if no time is given. Result: as above. */
int body_read_drain(const char *text, size_t bytes, uint64_t *ret_wait_ns, struct problem *problem);

/* What sallyport-fleet knows of the store. */
struct body_store {
	uint64_t current_for_ns; /* 0: it is not */
	char why[BUILD_TEXT_MAX + 1];
};

int body_read_store(const char *text, size_t bytes, struct body_store *ret_store,
		    struct problem *problem);

/* The sync is to be freed by body_sync_free(). */
int body_read_sync(const char *text, size_t bytes, struct api_sync *ret_sync,
		   struct problem *problem);
void body_sync_free(struct api_sync *sync);

/* Frees so many of its builds. Result: whether there are more. */
bool body_sync_free_some(struct api_sync *sync, unsigned int most);

/* The same bit by bit. */
struct api_sync_reading {
	const char *text; /* lives as long as the reading */
	size_t bytes;
	struct json_split split;
	struct api_sync sync; /* as far as it is read */
};

/* Result: 0 and *reading to be ended, or -ENOMEM. */
int body_begin_sync(const char *text, size_t bytes, struct api_sync_reading *reading);

/* Reads at most so many builds. Result: -EAGAIN if there are more, or as body_read_sync(). */
int body_read_some(struct api_sync_reading *reading, unsigned int most, struct api_sync *ret_sync,
		   struct problem *problem);
void body_end_sync(struct api_sync_reading *reading);
