/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/body/body.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body/tables.h"
#include "edge/state/call.h"
#include "model/clock.h"
#include "json/decode.h"

/* By so many times is a text looked through faster than it is read. */
#define SPLIT_FASTER 8

static int copy_text(const char *text, char **ret_copy)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

static int copy_strings(const struct json_list *list, struct strings *strings)
{
	const char *const *items = list->items;

	for (size_t i = 0; i < list->nr; i++) {
		int r = model_build_strings_add(strings, items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static void copy_pool(const char *pool, char to[BUILD_POOL_MAX + 1])
{
	snprintf(to, BUILD_POOL_MAX + 1, "%s", pool ? pool : "");
}

static int fill_forward(const struct forward_body *body, struct node_spec *node)
{
	struct forward_spec *forward = model_build_spec_node_spec_add_forward(node);

	if (!forward)
		return -ENOMEM;
	snprintf(forward->name, sizeof(forward->name), "%s", body->name);
	forward->port = body->port;
	forward->protocol_mask = body->protocol_mask ? body->protocol_mask : SP_PROTOCOL_TCP;
	forward->public_port = body->public_port;
	copy_pool(body->pool, forward->pool);
	return 0;
}

static int fill_node(const struct node_body *body, struct build_spec *spec)
{
	struct node_spec *node = model_build_spec_add_node(spec);
	const struct forward_body *forwards = body->forwards.items;
	int r = 0;

	if (!node)
		return -ENOMEM;
	node->index = body->index;
	node->has_address = body->address.given;
	node->address = body->address.addr;
	node->port = body->port;
	node->public_port = body->public_port;
	node->has_public_address = body->public_address.given;
	node->public_address = body->public_address.addr;
	copy_pool(body->pool, node->pool);
	for (size_t i = 0; r == 0 && i < body->forwards.nr; i++)
		r = fill_forward(&forwards[i], node);
	return r < 0 ? r : copy_strings(&body->host_keys, &node->host_keys);
}

static int fill_lists(const struct build_body *body, struct build_spec *spec)
{
	const struct node_body *nodes = body->nodes.items;
	int r = copy_strings(&body->actors, &spec->actors);

	if (r == 0)
		r = copy_strings(&body->key_fingerprints, &spec->key_fingerprints);
	for (size_t i = 0; r == 0 && i < body->nodes.nr; i++)
		r = fill_node(&nodes[i], spec);
	spec->everybody = body->allow.given && body->allow.nr == 0;
	return r < 0 ? r
		     : model_build_set_allow(&spec->allow, &spec->nr_allow, body->allow.items,
					     (unsigned int)body->allow.nr);
}

/* Seconds as given to nanoseconds as meant. */
static uint64_t to_ns(uint64_t seconds)
{
	return seconds == BUILD_DEFAULT ? BUILD_DEFAULT : seconds * CLOCK_SECOND_NS;
}

static uint64_t given_or_default(uint64_t wall_ns)
{
	return wall_ns ? wall_ns : BUILD_DEFAULT;
}

static int fill_spec(const struct build_body *body, struct build_spec *spec)
{
	int r = copy_text(body->title, &spec->title);

	if (r == 0)
		r = copy_text(body->user, &spec->user);
	if (r == 0)
		r = copy_text(body->organisation, &spec->organisation);
	spec->supersede = body->supersede;
	spec->keys_as_of_wall_ns = given_or_default(body->keys_as_of_wall_ns);
	spec->finished_wall_ns = given_or_default(body->finished_wall_ns);
	spec->linger_ns = to_ns(body->linger_s);
	spec->max_lifetime_ns = to_ns(body->max_lifetime_s);
	spec->connect_within_ns = to_ns(body->connect_within_s);
	return r < 0 ? r : fill_lists(body, spec);
}

int body_read_build(const char *text, size_t bytes, struct build_spec *spec,
		    struct problem *problem)
{
	struct json_document document = {0};
	struct build_body body = {0};
	int r = json_decode(&document, text, bytes, &body_tables_build, &body, problem);

	if (r == 0)
		r = fill_spec(&body, spec);
	json_decode_document_clear(&document);
	return r;
}

/* No body is an empty object. */
static int decode_optional(struct json_document *document, const char *text, size_t bytes,
			   const struct json_table *table, void *body, struct problem *problem)
{
	if (bytes == 0)
		return json_decode(document, "{}", 2, table, body, problem);
	return json_decode(document, text, bytes, table, body, problem);
}

int body_read_finish(const char *text, size_t bytes, uint64_t *ret_wall_ns, struct problem *problem)
{
	struct json_document document = {0};
	struct finish_body body = {0};
	int r = decode_optional(&document, text, bytes, &body_tables_finish, &body, problem);

	json_decode_document_clear(&document);
	if (r == 0)
		*ret_wall_ns = given_or_default(body.finished_wall_ns);
	return r;
}

int body_read_extend(const char *text, size_t bytes, struct edge_extension *ret_extension,
		     struct problem *problem)
{
	struct json_document document = {0};
	struct extend_body body = {0};
	int r = decode_optional(&document, text, bytes, &body_tables_extend, &body, problem);

	json_decode_document_clear(&document);
	if (r < 0)
		return r;
	if (!body.by_s == !body.until_wall_ns) {
		json_problem_set(problem, PROBLEM_INVALID, "say either by_s or until");
		return -EINVAL;
	}
	ret_extension->by_ns = body.by_s ? to_ns(body.by_s) : BUILD_DEFAULT;
	ret_extension->until_wall_ns = given_or_default(body.until_wall_ns);
	return 0;
}

int body_read_drain(const char *text, size_t bytes, uint64_t *ret_wait_ns, struct problem *problem)
{
	struct json_document document = {0};
	struct drain_body body = {0};
	int r = decode_optional(&document, text, bytes, &body_tables_drain, &body, problem);

	json_decode_document_clear(&document);
	if (r == 0)
		*ret_wait_ns = body.wait_s == BUILD_DEFAULT ? BUILD_DEFAULT : to_ns(body.wait_s);
	return r;
}

int body_read_store(const char *text, size_t bytes, struct body_store *ret_store,
		    struct problem *problem)
{
	struct json_document document = {0};
	struct store_body body = {0};
	int r = json_decode(&document, text, bytes, &body_tables_store, &body, problem);

	if (r == 0) {
		ret_store->current_for_ns = body.current ? to_ns(body.for_s) : 0;
		snprintf(ret_store->why, sizeof(ret_store->why), "%s",
			 body.reason ? body.reason : "");
	}
	json_decode_document_clear(&document);
	return r;
}

int body_read_dead_letter(const char *text, size_t bytes, struct edge_dead_letter *ret_letter,
			  struct problem *problem)
{
	struct json_document document = {0};
	struct dead_letter_body body = {0};
	int r = json_decode(&document, text, bytes, &body_tables_dead_letter, &body, problem);

	if (r == 0) {
		ret_letter->seq = body.seq;
		ret_letter->nr_tries = body.tries;
		snprintf(ret_letter->hook, sizeof(ret_letter->hook), "%s", body.hook);
		snprintf(ret_letter->reason, sizeof(ret_letter->reason), "%s",
			 body.reason ? body.reason : "not said");
	}
	json_decode_document_clear(&document);
	return r;
}

static int add_build(const struct build_body *body, struct api_sync *sync)
{
	struct build_spec *spec = &sync->specs[sync->nr_specs++];

	model_build_spec_init(spec);
	snprintf(spec->id, sizeof(spec->id), "%s", body->id);
	return fill_spec(body, spec);
}

static int copy_cancelled(const struct json_list *list, struct api_sync *sync)
{
	const char *const *ids = list->items;

	sync->cancel = calloc(list->nr + 1, sizeof(*sync->cancel));
	for (size_t i = 0; sync->cancel && i < list->nr; i++) {
		sync->cancel[i] = strdup(ids[i]);
		if (!sync->cancel[i])
			return -ENOMEM;
		sync->nr_cancel++;
	}
	return sync->cancel ? 0 : -ENOMEM;
}

/* Everything but the builds, for which there is room then. */
static int begin_sync(const struct sync_body *body, size_t nr_builds, struct api_sync *sync,
		      struct problem *problem)
{
	if (body->cancel.nr && !body->partial) {
		json_problem_add(problem, PROBLEM_INVALID, "/cancel", "is of a partial set alone");
		return -EINVAL;
	}
	sync->dry_run = body->dry_run;
	sync->allow_empty = body->allow_empty;
	sync->generation = body->generation;
	sync->partial = body->partial;
	sync->specs = calloc(nr_builds + 1, sizeof(*sync->specs));
	return sync->specs ? copy_cancelled(&body->cancel, sync) : -ENOMEM;
}

static int fill_sync(const struct sync_body *body, struct api_sync *sync, struct problem *problem)
{
	const struct build_body *builds = body->builds.items;
	int r = begin_sync(body, body->builds.nr, sync, problem);

	for (size_t i = 0; r == 0 && i < body->builds.nr; i++)
		r = add_build(&builds[i], sync);
	return r;
}

int body_read_sync(const char *text, size_t bytes, struct api_sync *ret_sync,
		   struct problem *problem)
{
	struct json_document document = {0};
	struct sync_body body = {0};
	struct api_sync sync = {0};
	int r = json_decode(&document, text, bytes, &body_tables_sync, &body, problem);

	if (r == 0)
		r = fill_sync(&body, &sync, problem);
	json_decode_document_clear(&document);
	if (r < 0) {
		body_sync_free(&sync);
		return r;
	}
	*ret_sync = sync;
	return 0;
}

bool body_sync_free_some(struct api_sync *sync, unsigned int most)
{
	for (; most > 0 && sync->nr_specs > 0; most--)
		model_build_spec_free(&sync->specs[--sync->nr_specs]);
	return sync->nr_specs > 0;
}

void body_sync_free(struct api_sync *sync)
{
	body_sync_free_some(sync, UINT_MAX);
	free(sync->specs);
	while (sync->nr_cancel > 0)
		free(sync->cancel[--sync->nr_cancel]);
	free(sync->cancel);
	*sync = (struct api_sync){0};
}

int body_begin_sync(const char *text, size_t bytes, struct api_sync_reading *reading)
{
	int r;

	*reading = (struct api_sync_reading){.text = text, .bytes = bytes};
	r = json_split_begin(text, bytes, "builds", &reading->split);
	return r == -EINVAL ? 0 : r; /* the reading will say what is wrong */
}

static int read_rest(struct api_sync_reading *reading, struct problem *problem)
{
	const struct json_split *split = &reading->split;
	struct json_document document = {0};
	struct sync_body body = {0};
	int r = split->nr > SYNC_BUILDS_MAX ? -EINVAL : 0;

	if (r == 0)
		r = json_decode(&document, split->rest, split->rest_bytes, &body_tables_sync, &body,
				problem);
	if (r == 0)
		r = begin_sync(&body, split->nr, &reading->sync, problem);
	json_decode_document_clear(&document);
	return r;
}

static int read_next(struct api_sync_reading *reading, struct problem *problem)
{
	const struct json_part *part = &reading->split.item[reading->sync.nr_specs];
	struct json_document document = {0};
	struct build_body body = {0};
	int r = json_decode(&document, part->text, part->bytes, &body_tables_sync_build, &body,
			    problem);

	if (r == 0)
		r = add_build(&body, &reading->sync);
	json_decode_document_clear(&document);
	return r;
}

static int read_part(struct api_sync_reading *reading, unsigned int most)
{
	struct problem problem;
	int r;

	json_problem_clear(&problem);
	r = reading->sync.specs ? 0 : read_rest(reading, &problem);
	for (; r == 0 && most > 0 && reading->sync.nr_specs < reading->split.nr; most--)
		r = read_next(reading, &problem);
	return r < 0 || reading->sync.nr_specs == reading->split.nr ? r : -EAGAIN;
}

static int read_or_split(struct api_sync_reading *reading, unsigned int most)
{
	int r = -EINVAL;

	if (reading->split.rest)
		return read_part(reading, most);
	if (reading->split.text)
		r = json_split_some(&reading->split, (size_t)most * SPLIT_FASTER);
	return r == 0 ? -EAGAIN : r;
}

/* What is wrong somewhere is read once more as a whole: then its place is known. */
int body_read_some(struct api_sync_reading *reading, unsigned int most, struct api_sync *ret_sync,
		   struct problem *problem)
{
	int r = read_or_split(reading, most);

	if (r == -EINVAL || r == -EBADMSG)
		return body_read_sync(reading->text, reading->bytes, ret_sync, problem);
	if (r == 0) {
		*ret_sync = reading->sync;
		reading->sync = (struct api_sync){0};
	}
	return r;
}

void body_end_sync(struct api_sync_reading *reading)
{
	json_split_clear(&reading->split);
	body_sync_free(&reading->sync);
}
