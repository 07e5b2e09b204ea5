/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/bundle.h"
#include "cli/talk/talk.h"

#define PAGE_RECORDS 1000
#define MAX_RECORDS  10000
#define MAX_EVENTS   1000
#define NOT_ASKED    "not asked for: the daemon does not say its version"

/* One call of the API and the file that it becomes. */
struct source {
	const char *file;
	const char *path; /* with %s for the id of a build */
	const struct redact_rules *rules;
	const char *list; /* of one in pages, the member that holds it */
};

static const struct source edge_sources[] = {
	{"status.json", "/v1/status", &redact_rules_status, NULL},
	{"pools.json", "/v1/pools", &redact_rules_pools, NULL},
};

static const struct source list_sources[] = {
	{"builds.json", "/v1/builds?", &redact_rules_builds, "builds"},
};

static const struct source build_sources[] = {
	{"build.json", "/v1/builds/%s", &redact_rules_builds, NULL},
	{"connect.json", "/v1/builds/%s/connect?view=wait&format=json", &redact_rules_connect,
	 NULL},
	{"diagnose.json", "/v1/builds/%s/diagnose", &redact_rules_diagnose, NULL},
	{"attestation.json", "/v1/builds/%s/attestation", &redact_rules_attestation, NULL},
	{"connections.json", "/v1/connections?build=%s&", &redact_rules_connections, "connections"},
	{"audit.json", "/v1/audit?build=%s&", &redact_rules_audit, "changes"},
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* What went wrong with a call, in words that others may see. */
static void miss_call(struct bundle *bundle, const char *file, int r,
		      const struct client_answer *answer)
{
	json_t *problem;

	if (r < 0) {
		bundle_miss(bundle, file, "the daemon cannot be reached: %s",
			    r == -ENOMEM ? "out of memory"
					 : talk_client_error(bundle->cli->client));
		return;
	}
	problem = json_loadb(answer->body, answer->body_bytes, 0, NULL);
	bundle_miss(bundle, file, "the daemon answered %u: %s", answer->status,
		    talk_text(problem, "title"));
	json_decref(problem);
}

/* GETs path. Result: whether it answered with 200; otherwise the file is missing. */
static bool get(struct bundle *bundle, const char *file, const char *path,
		struct client_answer *ret_answer)
{
	struct client_answer answer = {0};
	int r = talk_client_call(bundle->cli->client, "GET", path, NULL, &answer);

	if (r == 0 && answer.status == 200) {
		*ret_answer = answer;
		return true;
	}
	miss_call(bundle, file, r, &answer);
	talk_client_answer_clear(&answer);
	return false;
}

/* Result: the answer's JSON, or NULL: the file is missing. */
static json_t *get_json(struct bundle *bundle, const char *file, const char *path)
{
	struct client_answer answer;
	json_t *json;

	if (!get(bundle, file, path, &answer))
		return NULL;
	json = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	if (!json)
		bundle_miss(bundle, file, "the daemon's answer is not JSON");
	return json;
}

/* GETs the page behind number after. Result: as get_json(). */
static json_t *get_page(struct bundle *bundle, const struct source *source, const char *path,
			json_int_t after)
{
	char *page_path;
	json_t *page;

	if (asprintf(&page_path, "%slimit=%d&after=%" JSON_INTEGER_FORMAT, path, PAGE_RECORDS,
		     after) < 0) {
		bundle_miss(bundle, source->file, "out of memory");
		return NULL;
	}
	page = get_json(bundle, source->file, page_path);
	free(page_path);
	return page;
}

/* Adds up the pages of a list; beyond MAX_RECORDS its next says where it goes on. */
static json_t *get_pages(struct bundle *bundle, const struct source *source, const char *path)
{
	json_t *all = get_page(bundle, source, path, 0);
	json_t *list = json_object_get(all, source->list);

	while (talk_number(all, "next") > 0 && json_array_size(list) < MAX_RECORDS) {
		json_t *page = get_page(bundle, source, path, talk_number(all, "next"));

		if (!page) {
			json_decref(all);
			return NULL;
		}
		json_array_extend(list, json_object_get(page, source->list));
		json_object_set(all, "next", json_object_get(page, "next"));
		json_decref(page);
	}
	return all;
}

static void gather_one(struct bundle *bundle, const struct source *source, const char *path)
{
	json_t *json = source->list ? get_pages(bundle, source, path)
				    : get_json(bundle, source->file, path);

	if (json)
		bundle_add_json(bundle, source->file, source->rules, json);
}

static void gather_each(struct bundle *bundle, const struct source *sources, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		gather_one(bundle, &sources[i], sources[i].path);
}

/* Result: path with the id in place of its %s, to be freed, or NULL. */
static char *fill_in(const char *path, const char *id)
{
	size_t before = strcspn(path, "%");
	char *filled;

	if (asprintf(&filled, "%.*s%s%s", (int)before, path, id, path + before + 2) < 0)
		return NULL;
	return filled;
}

/* Result: whether the daemon answers 404 to a source of the build of this id, escaped. */
static bool is_not_there(const struct bundle *bundle, const char *source, const char *id)
{
	struct client_answer answer = {0};
	char *path = fill_in(source, id);
	bool missing = path &&
		       talk_client_call(bundle->cli->client, "GET", path, NULL, &answer) == 0 &&
		       answer.status == 404;

	talk_client_answer_clear(&answer);
	free(path);
	return missing;
}

bool bundle_daemon_knows_not(const struct bundle *bundle, const char *build)
{
	char *id = talk_client_escape(bundle->cli->client, build);
	bool unknown = id && is_not_there(bundle, "/v1/builds/%s", id) &&
		       is_not_there(bundle, "/v1/builds/%s/attestation", id);

	free(id);
	return unknown;
}

static void gather_build(struct bundle *bundle, const char *build)
{
	char *id = talk_client_escape(bundle->cli->client, build);

	for (size_t i = 0; i < NR(build_sources); i++) {
		char *path = id ? fill_in(build_sources[i].path, id) : NULL;

		if (path)
			gather_one(bundle, &build_sources[i], path);
		else
			bundle_miss(bundle, build_sources[i].file, "out of memory");
		free(path);
	}
	free(id);
}

static void gather_metrics(struct bundle *bundle)
{
	struct client_answer answer;

	if (!get(bundle, "metrics.txt", "/metrics", &answer))
		return;
	bundle_add_text(bundle, "metrics.txt", redact_metrics(answer.body));
	talk_client_answer_clear(&answer);
}

static void take_event(void *context, const char *line)
{
	json_array_append_new(context, json_loads(line, 0, NULL));
}

/* The number of the event before the latest MAX_EVENTS. Result: -1 without a status. */
static json_int_t find_since(struct bundle *bundle)
{
	json_t *status = get_json(bundle, "events.json", "/v1/status");
	const json_t *events = json_object_get(status, "events");
	json_int_t oldest = talk_number(events, "oldest"), newest = talk_number(events, "newest");
	json_int_t since = newest > MAX_EVENTS ? newest - MAX_EVENTS : 0;

	if (!status)
		return -1;
	json_decref(status);
	return since + 1 < oldest ? oldest - 1 : since;
}

static void gather_events(struct bundle *bundle)
{
	json_t *events = json_array();
	struct client_answer answer = {0};
	json_int_t since = find_since(bundle);
	char path[64];
	int r;

	if (since < 0) {
		json_decref(events);
		return;
	}
	snprintf(path, sizeof(path), "/v1/events?follow=0&since=%" JSON_INTEGER_FORMAT, since);
	r = talk_client_lines(bundle->cli->client, path, take_event, events, &answer);
	if (r == 0 && answer.status == 200) {
		bundle_add_json(bundle, "events.json", &redact_rules_events, events);
	} else {
		miss_call(bundle, "events.json", r, &answer);
		json_decref(events);
	}
	talk_client_answer_clear(&answer);
}

static void miss_each(struct bundle *bundle, const struct source *sources, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		bundle_miss(bundle, sources[i].file, NOT_ASKED);
}

/* Of a daemon that does not say its version nothing more is asked: each call might wait long. */
static void miss_all(struct bundle *bundle, const char *build)
{
	miss_each(bundle, edge_sources, NR(edge_sources));
	if (build)
		miss_each(bundle, build_sources, NR(build_sources));
	else
		miss_each(bundle, list_sources, NR(list_sources));
	bundle_miss(bundle, "metrics.txt", NOT_ASKED);
	bundle_miss(bundle, "events.json", NOT_ASKED);
}

void bundle_daemon_gather(struct bundle *bundle)
{
	const char *build = talk_option(bundle->cli, "--build");
	json_t *version = get_json(bundle, "version.json", "/v1/version");

	if (!version) {
		miss_all(bundle, build);
		return;
	}
	bundle_add_json(bundle, "version.json", &redact_rules_version, version);
	gather_each(bundle, edge_sources, NR(edge_sources));
	if (build)
		gather_build(bundle, build);
	else
		gather_each(bundle, list_sources, NR(list_sources));
	gather_metrics(bundle);
	gather_events(bundle);
}
