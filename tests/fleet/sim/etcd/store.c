/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "chance.h"
#include "etcd/gateway/value.h"
#include "net.h"
#include "quiet.h"

#define HEIGHT_MAX 24

static struct {
	struct sim_key *first[HEIGHT_MAX]; /* a skip list */
	int64_t revision, compacted;
	bool changed; /* since begin */
	struct sim_event *event;
	size_t first_event, nr_events, space;
} store;

int64_t sim_store_revision(void)
{
	return store.revision;
}

int64_t sim_store_compacted(void)
{
	return store.compacted;
}

static void drop_versions(struct sim_version *version)
{
	while (version) {
		struct sim_version *older = version->older;

		sim_text_drop(version->value);
		free(version);
		version = older;
	}
}

void sim_store_wipe(void)
{
	struct sim_key *key = store.first[0], *next;

	for (; key; key = next) {
		next = key->next[0];
		drop_versions(key->newest);
		sim_text_drop(key->wire);
		free(key->name);
		free(key);
	}
	for (size_t i = store.first_event; i < store.nr_events; i++)
		sim_text_drop(store.event[i].text);
	free(store.event);
	memset(&store, 0, sizeof(store));
	store.revision = 1;
}

/* Fills in the places that lead to the key of this name or behind. */
static struct sim_key *search(const char *name, struct sim_key **places[HEIGHT_MAX])
{
	struct sim_key **row = store.first;

	for (unsigned int level = HEIGHT_MAX; level-- > 0;) {
		while (row[level] && strcmp(row[level]->name, name) < 0)
			row = row[level]->next;
		if (places)
			places[level] = &row[level];
	}
	return row[0];
}

struct sim_key *sim_store_at(const char *name)
{
	return search(name, NULL);
}

static struct sim_key *get(const char *name, struct sim_text *wire)
{
	struct sim_key **places[HEIGHT_MAX];
	struct sim_key *key = search(name, places);
	unsigned int height = 1;

	if (key && strcmp(key->name, name) == 0)
		return key;
	while (height < HEIGHT_MAX && (random() & 3) == 0)
		height++;
	key = calloc(1, sizeof(*key) + height * sizeof(struct sim_key *));
	assert(key);
	key->name = strdup(name);
	key->wire = sim_text_keep(wire);
	key->height = height;
	for (unsigned int i = 0; i < height; i++) {
		key->next[i] = *places[i];
		*places[i] = key;
	}
	return key;
}

const struct sim_version *sim_store_version(const struct sim_key *key, int64_t revision)
{
	const struct sim_version *version = key->newest;

	while (version && version->mod_revision > revision)
		version = version->older;
	return version && version->value ? version : NULL;
}

void sim_store_begin(void)
{
	store.changed = false;
}

bool sim_store_end(void)
{
	store.revision += store.changed;
	return store.changed;
}

static struct sim_text *write_event(const struct sim_key *key, const struct sim_version *version)
{
	char *text = NULL;
	struct sim_text *event;
	int bytes;

	if (version->value)
		bytes = asprintf(&text,
				 "{\"kv\":{\"key\":\"%s\",\"create_revision\":\"%" PRId64
				 "\",\"mod_revision\":\"%" PRId64 "\",\"version\":\"%" PRId64
				 "\",\"value\":\"%s\"}}",
				 key->wire->data, version->create_revision, version->mod_revision,
				 version->version, version->value->data);
	else
		bytes = asprintf(&text,
				 "{\"type\":\"DELETE\",\"kv\":{\"key\":\"%s\","
				 "\"mod_revision\":\"%" PRId64 "\"}}",
				 key->wire->data, version->mod_revision);
	assert(bytes > 0);
	event = sim_text_new(text, (size_t)bytes);
	free(text);
	return event;
}

static void add_version(struct sim_key *key, struct sim_text *value, int64_t lease)
{
	struct sim_version *version = calloc(1, sizeof(*version));
	const struct sim_version *before = sim_store_version(key, store.revision + 1);

	assert(version);
	store.changed = true;
	if (!strstr(key->name, "/edges/"))
		sim_quiet_say("store r%" PRId64 ": %s %s", store.revision + 1,
			      value ? "put" : "delete", key->name);
	version->mod_revision = store.revision + 1;
	version->create_revision = before ? before->create_revision : version->mod_revision;
	version->version = before ? before->version + 1 : 1;
	version->lease = lease;
	version->value = value;
	version->older = key->newest;
	key->newest = version;
	if (store.nr_events == store.space) {
		store.space = store.space ? 2 * store.space : 1024;
		store.event = reallocarray(store.event, store.space, sizeof(*store.event));
		assert(store.event);
	}
	store.event[store.nr_events++] =
		(struct sim_event){version->mod_revision, key, write_event(key, version)};
}

void sim_store_put(const char *name, struct sim_text *wire, struct sim_text *value, int64_t lease)
{
	add_version(get(name, wire), sim_text_keep(value), lease);
}

void sim_store_delete(const char *name)
{
	struct sim_key *key = search(name, NULL);

	if (key && strcmp(key->name, name) == 0 && sim_store_version(key, store.revision + 1))
		add_version(key, NULL, 0);
}

void sim_store_compact(int64_t revision)
{
	if (revision > store.revision)
		revision = store.revision;
	if (revision <= store.compacted)
		return;
	store.compacted = revision;
	for (struct sim_key *key = store.first[0]; key; key = key->next[0]) {
		struct sim_version *version = key->newest;

		while (version && version->mod_revision > revision)
			version = version->older;
		if (version) {
			drop_versions(version->older);
			version->older = NULL;
		}
	}
	while (store.first_event < store.nr_events &&
	       store.event[store.first_event].revision <= revision)
		sim_text_drop(store.event[store.first_event++].text);
}

void sim_store_go_back(int64_t revision)
{
	for (struct sim_key *key = store.first[0]; key; key = key->next[0])
		while (key->newest && key->newest->mod_revision > revision) {
			struct sim_version *newest = key->newest;

			key->newest = newest->older;
			newest->older = NULL;
			drop_versions(newest);
		}
	while (store.nr_events > store.first_event &&
	       store.event[store.nr_events - 1].revision > revision)
		sim_text_drop(store.event[--store.nr_events].text);
	store.revision = revision;
}

const struct sim_event *sim_store_events(int64_t revision, size_t *ret_nr)
{
	size_t low = store.first_event, high = store.nr_events;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (store.event[middle].revision < revision)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_nr = store.nr_events - low;
	return &store.event[low];
}

static void visit_one(const struct sim_key *key, const struct sim_version *version,
		      void (*visit)(void *context, const char *name, const char *value),
		      void *context)
{
	json_t *wire = json_pack("{s:s}", "value", version->value->data);
	size_t bytes;
	char *value;

	if (gateway_value_read_bytes(wire, "value", &value, &bytes) == 0) {
		visit(context, key->name, value);
		free(value);
	}
	json_decref(wire);
}

void sim_store_each(const char *prefix,
		    void (*visit)(void *context, const char *name, const char *value),
		    void *context)
{
	struct sim_key *key = sim_store_at(prefix);

	for (; key && strncmp(key->name, prefix, strlen(prefix)) == 0; key = key->next[0]) {
		const struct sim_version *version = sim_store_version(key, store.revision);

		if (version)
			visit_one(key, version, visit, context);
	}
}

bool sim_store_look(const char *name,
		    void (*visit)(void *context, const char *name, const char *value),
		    void *context)
{
	const struct sim_key *key = sim_store_at(name);
	const struct sim_version *version =
		key && strcmp(key->name, name) == 0 ? sim_store_version(key, store.revision) : NULL;

	if (version && visit)
		visit_one(key, version, visit, context);
	return version != NULL;
}
