/* SPDX-License-Identifier: BSD-3-Clause */
/* What etcd keeps: keys with all their versions since the last compaction, and what changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_text;

/* Texts of values are base64, as they came. */
struct sim_version {
	int64_t mod_revision, create_revision, version;
	int64_t lease;
	struct sim_text *value; /* NULL: the key was deleted */
	struct sim_version *older;
};

struct sim_key {
	char *name;		    /* raw, ends with a NUL, as all of the fleet's do */
	struct sim_text *wire;	    /* the same in base64 */
	struct sim_version *newest; /* NULL: compacted away */
	unsigned int height;
	struct sim_key *next[];
};

struct sim_event {
	int64_t revision;
	const struct sim_key *key;
	struct sim_text *text; /* as the gateway writes it */
};

int64_t sim_store_revision(void);
int64_t sim_store_compacted(void);

/* An empty one, at revision 1. */
void sim_store_wipe(void);

/* Result: the key of this name, or the first behind it; NULL: none. */
struct sim_key *sim_store_at(const char *name);

/* Result: the version of a key at a revision; NULL: it was not there. */
const struct sim_version *sim_store_version(const struct sim_key *key, int64_t revision);

/* Changes between these share one revision. */
void sim_store_begin(void);
void sim_store_put(const char *name, struct sim_text *wire, struct sim_text *value, int64_t lease);
void sim_store_delete(const char *name);
/* Result: whether anything was changed. */
bool sim_store_end(void);

void sim_store_compact(int64_t revision);

/* As a backup of then would have it; not before the last compaction. */
void sim_store_go_back(int64_t revision);

/* Result: the first event from that revision on, *ret_nr how many there are from there. */
const struct sim_event *sim_store_events(int64_t revision, size_t *ret_nr);

/* Calls visit for each key that is there and begins so, with its raw value. */
void sim_store_each(const char *prefix,
		    void (*visit)(void *context, const char *name, const char *value),
		    void *context);

/* Result: whether a key is there; visit, which may be NULL, is called then. */
bool sim_store_look(const char *name,
		    void (*visit)(void *context, const char *name, const char *value),
		    void *context);
