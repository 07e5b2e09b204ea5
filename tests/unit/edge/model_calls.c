/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of the API, each made of the edge and of the model. */
#include "model_run.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "edge/put/all.h"
#include "edge/put/build.h"

/* Sessions that a refused change was to end have ended all the same. */
static void take_over_ends(struct simple *simple, const struct simple *after)
{
	for (unsigned int id = 0; id < SIMPLE_IDS; id++)
		if (simple->build[id].exists && simple->build[id].state != SESSION_ENDED &&
		    after->build[id].state == SESSION_ENDED) {
			simple->build[id] = after->build[id];
			model_run.nr_cut_by_refused++;
		}
}

/* The model is changed only if the edge has been; a full disk may refuse what would have gone. */
static void take_over(struct world *world, struct simple *simple, const struct simple *after,
		      int result, enum problem_type expected)
{
	if (result < 0 && world->problem.type == PROBLEM_JOURNAL) {
		CHECK(simple->disk_full);
		CHECK(strcmp(model_run.action, "cancel") != 0 &&
		      strcmp(model_run.action, "finish") != 0);
		model_run.nr_refused_by_disk++;
		take_over_ends(simple, after);
		return;
	}
	CHECK((result < 0) == (expected != PROBLEM_NONE));
	CHECK(world->problem.type == expected);
	if (result == 0)
		*simple = *after;
}

/* A call first ends its build if that is overdue, in a transaction of its own. */
static void settle(struct world *world, struct simple *simple, unsigned int id)
{
	struct simple_build *own = &simple->build[id];
	const struct build *build;

	if (!own->exists || own->state == SESSION_ENDED || own->deadline_ns > world->now.boot_ns)
		return;
	build = find(world, id);
	CHECK(build->state == SESSION_ENDED);
	simple_end(own, SESSION_EXPIRE, world->now.boot_ns);
}

void do_put(struct world *world, struct simple *simple)
{
	struct simple_spec drawn = draw_spec();
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct build_spec spec;
	struct simple after;
	int error;

	model_run.action = "put";
	draw_fill_spec(&drawn, &spec);
	error = put_build(world->edge, &call, &spec, &result);
	model_build_spec_free(&spec);
	settle(world, simple, drawn.id);
	after = *simple;
	expected = simple_put(&after, &drawn, world->now.boot_ns);
	take_over(world, simple, &after, error, expected);
}

#define TOGETHER_MAX 5

struct together {
	struct simple_spec drawn;
	struct world *world;
	struct simple *simple;
};

/* The same as one after the other, each against what the others before it have left. */
static void check_put(struct edge_put *put, int result, const struct edge_result *put_result)
{
	struct together *together = put->context;
	struct simple after = *together->simple;
	enum problem_type expected =
		simple_put(&after, &together->drawn, together->world->now.boot_ns);

	together->world->problem = *put->call.problem;
	take_over(together->world, together->simple, &after, result, expected);
}

void do_puts(struct world *world, struct simple *simple)
{
	unsigned int nr = 2 + (unsigned int)draw_below(TOGETHER_MAX - 1);
	struct together together[TOGETHER_MAX];
	struct build_spec specs[TOGETHER_MAX];
	struct problem problems[TOGETHER_MAX];
	struct edge_put puts[TOGETHER_MAX];

	model_run.action = "puts";
	for (unsigned int i = 0; i < nr; i++) {
		together[i] = (struct together){draw_spec(), world, simple};
		draw_fill_spec(&together[i].drawn, &specs[i]);
		puts[i] = (struct edge_put){world_call(world), &specs[i], check_put, &together[i]};
		json_problem_clear(&problems[i]);
		puts[i].call.problem = &problems[i];
	}
	put_all_builds(world->edge, puts, nr);
	for (unsigned int i = 0; i < nr; i++)
		model_build_spec_free(&specs[i]);
}

void do_finish(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_call call = world_call(world);
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	model_run.action = "finish";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_finish(world->edge, &call, text, BUILD_DEFAULT, &result);
	settle(world, simple, id);
	after = *simple;
	take_over(world, simple, &after, error,
		  simple_finish(&after.build[id], world->now.boot_ns));
	if (error == 0)
		*simple = after;
}

void do_extend(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_extension extension = {(1 + draw_below(6 * 60)) * MINUTE, BUILD_DEFAULT};
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	model_run.action = "extend";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_extend(world->edge, &call, text, &extension, &result);
	settle(world, simple, id);
	after = *simple;
	expected = simple_extend(&after.build[id], extension.by_ns);
	take_over(world, simple, &after, error, expected);
}

void do_cancel(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	model_run.action = "cancel";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_cancel(world->edge, &call, text, &result);
	settle(world, simple, id);
	after = *simple;
	expected = after.build[id].exists ? PROBLEM_NONE : PROBLEM_NOT_FOUND;
	if (expected == PROBLEM_NONE && after.build[id].state != SESSION_ENDED)
		simple_end(&after.build[id], SESSION_CANCEL, world->now.boot_ns);
	take_over(world, simple, &after, error, expected);
}

static enum problem_type predict_sync(struct simple *after, const struct simple_spec *specs,
				      unsigned int nr_specs, uint64_t now_ns)
{
	enum problem_type problem = nr_specs ? PROBLEM_NONE : PROBLEM_EMPTY_SYNC;

	simple_cancel_others(after, specs, nr_specs, now_ns);
	for (unsigned int i = 0; i < nr_specs && problem == PROBLEM_NONE; i++) {
		const struct simple_build *build = &after->build[specs[i].id];

		if (!build->exists || build->state != SESSION_ENDED)
			problem = simple_put(after, &specs[i], now_ns);
	}
	return problem;
}

void do_sync(struct world *world, struct simple *simple)
{
	struct simple_spec drawn[SIMPLE_IDS];
	struct build_spec specs[SIMPLE_IDS];
	struct edge_sync sync = {
		.specs = specs, .generation = BUILD_DEFAULT, .dry_run = draw_chance(20)};
	struct edge_call call = world_call(world);
	struct edge_sync_result result;
	enum problem_type expected;
	struct simple after;
	int error;

	model_run.action = "sync";
	for (unsigned int id = 0; id < SIMPLE_IDS; id++) {
		if (draw_chance(40))
			continue;
		drawn[sync.nr_specs] = draw_spec();
		drawn[sync.nr_specs].id = id;
		drawn[sync.nr_specs].supersede = false;
		draw_fill_spec(&drawn[sync.nr_specs], &specs[sync.nr_specs]);
		sync.nr_specs++;
	}
	error = edge_sync(world->edge, &call, &sync, NULL, NULL, &result);
	for (unsigned int i = 0; i < sync.nr_specs; i++)
		model_build_spec_free(&specs[i]);
	after = *simple;
	expected = predict_sync(&after, drawn, sync.nr_specs, world->now.boot_ns);
	take_over(world, simple, sync.dry_run ? simple : &after, error, expected);
}

void do_connect(struct world *world, struct simple *simple, unsigned int id)
{
	struct sp_addr client = world_addr("198.51.100.9");
	struct simple_build *own = &simple->build[id];
	const struct build *build = find(world, id);
	int result;

	model_run.action = "connect";
	if (!build)
		return;
	result = edge_notes_connected(world->edge, &world->now,
				      build->nodes[0].forwards[0].slot_index, &client, 5000);
	if (own->state == SESSION_ENDED)
		CHECK(result == -ENOENT);
	else
		CHECK(result == 0 || simple->disk_full);
	if (result < 0)
		return;
	own->connect_by_ns = 0;
	own->connected = true;
}
