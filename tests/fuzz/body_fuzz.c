/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a request body; the first byte says of which call. What is accepted must keep what
 * the model and the renderers build upon; what is refused must say why, as a problem that can be
 * sent.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "api/body/body.h"
#include "edge/edge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	json_t *string;

	if (!text)
		return;
	assert(strlen(text) <= BUILD_KEY_MAX);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		assert(*c >= 0x20 && *c != 0x7f);
	string = json_string(text);
	assert(string);
	json_decref(string);
}

static void check_strings(const struct strings *strings)
{
	assert(strings->nr <= BUILD_STRINGS_MAX);
	for (unsigned int i = 0; i < strings->nr; i++)
		check_text(strings->item[i]);
}

static void check_node(const struct node_spec *node)
{
	assert(node->index <= BUILD_NODE_INDEX_MAX);
	assert(node->nr_forwards < BUILD_FORWARDS_MAX);
	check_strings(&node->host_keys);
	for (unsigned int i = 0; i < node->nr_forwards; i++) {
		const struct forward_spec *forward = &node->forwards[i];

		assert(forward->port > 0 && forward->name[0]);
		assert(forward->protocol_mask == SP_PROTOCOL_TCP ||
		       forward->protocol_mask == SP_PROTOCOL_UDP);
	}
}

static void check_duration(uint64_t duration_ns)
{
	assert(duration_ns == BUILD_DEFAULT || duration_ns < UINT64_MAX / 4);
}

static void check_spec(const struct build_spec *spec)
{
	check_text(spec->title);
	check_text(spec->user);
	check_text(spec->organisation);
	check_strings(&spec->actors);
	check_strings(&spec->key_fingerprints);
	assert(!spec->user ||
	       (spec->user[0] != '-' && !strpbrk(spec->user, " ;|&$`'\"\\<>(){}*?~#")));
	assert(spec->nr_nodes > 0 && spec->nr_allow <= SP_ALLOW_PREFIXES);
	for (unsigned int i = 0; i < spec->nr_nodes; i++)
		check_node(&spec->nodes[i]);
	check_duration(spec->linger_ns);
	check_duration(spec->max_lifetime_ns);
	check_duration(spec->connect_within_ns);
}

static void check_problem(int r, const struct problem *problem)
{
	struct http_answer answer = {0};

	assert(problem_is_set(problem) == (r < 0));
	if (r == 0)
		return;
	assert(problem->detail[0] && json_problem_status(problem->type) == 400);
	assert(answer_problem(&answer, problem) == 0);
	http_answer_clear(&answer);
}

static int read_build(const char *text, size_t bytes, struct problem *problem)
{
	struct build_spec spec;
	int r;

	model_build_spec_init(&spec);
	r = body_read_build(text, bytes, &spec, problem);
	if (r == 0)
		check_spec(&spec);
	model_build_spec_free(&spec);
	return r;
}

static int read_sync(const char *text, size_t bytes, struct problem *problem)
{
	struct api_sync sync;
	int r = body_read_sync(text, bytes, &sync, problem);

	if (r < 0)
		return r;
	for (unsigned int i = 0; i < sync.nr_specs; i++) {
		assert(model_build_id_valid(sync.specs[i].id));
		check_spec(&sync.specs[i]);
	}
	body_sync_free(&sync);
	return 0;
}

static int read_extend(const char *text, size_t bytes, struct problem *problem)
{
	struct edge_extension extension;
	int r = body_read_extend(text, bytes, &extension, problem);

	if (r == 0)
		assert((extension.by_ns == BUILD_DEFAULT) !=
		       (extension.until_wall_ns == BUILD_DEFAULT));
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct problem problem;
	uint64_t wall_ns;
	int r;

	if (size < 1)
		return 0;
	json_problem_clear(&problem);
	switch (data[0] % 4) {
	case 0:
		r = read_build(text, size - 1, &problem);
		break;
	case 1:
		r = read_sync(text, size - 1, &problem);
		break;
	case 2:
		r = read_extend(text, size - 1, &problem);
		break;
	default:
		r = body_read_finish(text, size - 1, &wall_ns, &problem);
	}
	check_problem(r, &problem);
	return 0;
}
