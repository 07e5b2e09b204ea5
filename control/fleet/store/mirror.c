/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/mirror.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/store/claims.h"
#include "fleet/store/keys.h"
#include "fleet/store/record.h"

/* A record, or the key of a public port that one has. Found by name, which is first. */
struct known {
	char *name; /* the id, or the whole key */
	struct record *record;
	unsigned int reading; /* in which it was seen */
};

struct mirror {
	char *prefix;
	void *builds, *ports; /* trees of struct known */
	size_t nr_builds;
	unsigned int reading;
};

static int compare(const void *a, const void *b)
{
	const struct known *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static void free_entry(void *pointer)
{
	struct known *entry = pointer;

	store_record_free(entry->record);
	free(entry->name);
	free(entry);
}

struct mirror *store_mirror_new(const char *prefix)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (!mirror)
		return NULL;
	mirror->prefix = strdup(prefix);
	if (!mirror->prefix) {
		free(mirror);
		return NULL;
	}
	return mirror;
}

void store_mirror_free(struct mirror *mirror)
{
	if (!mirror)
		return;
	tdestroy(mirror->builds, free_entry);
	tdestroy(mirror->ports, free_entry);
	free(mirror->prefix);
	free(mirror);
}

void store_mirror_begin(struct mirror *mirror)
{
	mirror->reading++;
}

static struct known *find(void *const *tree, const char *name)
{
	const struct known like = {.name = (char *)name};
	struct known **found = tfind(&like, tree, compare);

	return found ? *found : NULL;
}

/* Result: the entry, made if need be; NULL without memory. */
static struct known *get(void **tree, const char *name, bool *ret_new)
{
	struct known *entry = find(tree, name);

	*ret_new = false;
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry)
		entry->name = strdup(name);
	if (!entry || !entry->name || !tsearch(entry, tree, compare)) {
		if (entry)
			free_entry(entry);
		return NULL;
	}
	*ret_new = true;
	return entry;
}

static void drop(void **tree, struct known *entry)
{
	tdelete(entry, tree, compare);
	free_entry(entry);
}

/* Its public ports are taken, or are no longer. Without memory one seems free, and is refused by
 * the store. */
static void note_ports(struct mirror *mirror, const struct record *record, bool taken)
{
	struct store_claims claims = {0};
	bool new;

	if (!record || store_claims_list(mirror->prefix, record, &claims))
		return;
	for (unsigned int i = 0; i < claims.nr; i++) {
		const char *key = claims.claim[i].key;
		struct known *entry = NULL;

		if (claims.claim[i].kind != STORE_PORTS)
			continue;
		if (taken)
			get(&mirror->ports, key, &new);
		else
			entry = find(&mirror->ports, key);
		if (entry)
			drop(&mirror->ports, entry);
	}
	store_claims_clear(&claims);
}

static int put_record(struct mirror *mirror, const char *id, const char *value,
		      int64_t mod_revision)
{
	struct record *record;
	struct known *entry;
	bool new;
	int error = store_record_read(id, value, mod_revision, &record);

	if (error)
		return error;
	entry = get(&mirror->builds, id, &new);
	if (!entry) {
		store_record_free(record);
		return -ENOMEM;
	}
	mirror->nr_builds += new;
	note_ports(mirror, entry->record, false);
	note_ports(mirror, record, true);
	store_record_free(entry->record);
	entry->record = record;
	entry->reading = mirror->reading;
	return 0;
}

int store_mirror_put(struct mirror *mirror, const char *key, const char *value,
		     int64_t mod_revision, const char **ret_id)
{
	enum store_kind kind;
	const char *rest = store_keys_parse(mirror->prefix, key, &kind);

	*ret_id = NULL;
	if (!rest || kind != STORE_BUILDS)
		return 0;
	*ret_id = rest;
	return put_record(mirror, rest, value, mod_revision);
}

static void forget(struct mirror *mirror, struct known *entry)
{
	note_ports(mirror, entry->record, false);
	drop(&mirror->builds, entry);
	mirror->nr_builds--;
}

const char *store_mirror_gone(struct mirror *mirror, const char *key)
{
	enum store_kind kind;
	const char *rest = store_keys_parse(mirror->prefix, key, &kind);
	struct known *entry;

	entry = rest && kind == STORE_BUILDS ? find(&mirror->builds, rest) : NULL;
	if (!entry)
		return NULL;
	forget(mirror, entry);
	return rest;
}

void store_mirror_forget(struct mirror *mirror, const char *id, int64_t revision)
{
	struct known *entry = find(&mirror->builds, id);

	if (entry && entry->record->mod_revision < revision)
		forget(mirror, entry);
}

struct old {
	unsigned int reading;
	struct known **entry;
	size_t nr;
	bool failed;
};

static void collect_old(const void *node, VISIT visit, void *context)
{
	struct known *entry = *(struct known *const *)node;
	struct old *old = context;
	struct known **grown;

	if ((visit != postorder && visit != leaf) || entry->reading == old->reading || old->failed)
		return;
	grown = reallocarray(old->entry, old->nr + 1, sizeof(struct known *));
	old->failed = !grown;
	if (!grown)
		return;
	old->entry = grown;
	grown[old->nr++] = entry;
}

/* Those of a tree that were not put; without memory they stay until the next time. */
static struct old find_old(const struct mirror *mirror, const void *tree)
{
	struct old old = {.reading = mirror->reading};

	twalk_r(tree, collect_old, &old);
	return old;
}

void store_mirror_whole(struct mirror *mirror, void (*gone)(void *context, const char *id),
			void *context)
{
	struct old builds = find_old(mirror, mirror->builds);
	bool lost = builds.nr == mirror->nr_builds;

	for (size_t i = 0; i < builds.nr; i++) {
		if (!lost)
			gone(context, builds.entry[i]->name);
		forget(mirror, builds.entry[i]);
	}
	free(builds.entry);
}

const struct record *store_mirror_find(const struct mirror *mirror, const char *id)
{
	const struct known *entry = find(&mirror->builds, id);

	return entry ? entry->record : NULL;
}

bool store_mirror_has_port(const struct mirror *mirror, const char *key)
{
	return find(&mirror->ports, key) != NULL;
}

size_t store_mirror_count(const struct mirror *mirror)
{
	return mirror->nr_builds;
}

struct visit {
	void (*visit)(void *context, const struct record *record);
	void *context;
};

static void visit_one(const void *node, VISIT when, void *context)
{
	const struct known *entry = *(struct known *const *)node;
	const struct visit *visit = context;

	if (when == postorder || when == leaf)
		visit->visit(visit->context, entry->record);
}

void store_mirror_each(const struct mirror *mirror,
		       void (*visit)(void *context, const struct record *record), void *context)
{
	struct visit each = {visit, context};

	twalk_r(mirror->builds, visit_one, &each);
}
