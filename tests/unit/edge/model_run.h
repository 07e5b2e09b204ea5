/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run of random sequences against the edge and its simple model: where it is, what it does, and
 * what must hold after each step.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "simple_model.h"
#include "world.h"

/* Where the run is, for whoever wants it again, and what it has met so far. */
struct model_run {
	uint64_t sequence;
	uint64_t seed;
	unsigned int step;
	const char *action;
	uint64_t nr_refused_by_disk;
	uint64_t nr_cut_by_refused;
};

extern struct model_run model_run;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s:%d: %s; sequence %llu, step %u (%s); again: "                 \
				 "SALLYPORT_SEED=%llu SALLYPORT_SEQUENCES=1",                      \
				 __FILE__, __LINE__, #condition,                                   \
				 (unsigned long long)model_run.sequence, model_run.step,           \
				 model_run.action, (unsigned long long)model_run.seed);            \
	} while (0)

/* Result: the edge's build of the model's id, or NULL. */
const struct build *find(const struct world *world, unsigned int id);

/* Result: whether events may be missing: those of cuts on a full disk, until it is known not to be.
 */
bool owes_events(const struct world *world, const struct simple *simple);

/* The edge, its table and its events are what the model says. */
void check_all(const struct world *world, struct simple *simple);

/* Each: a random call, made of the edge and of the model. */
void do_put(struct world *world, struct simple *simple);
/* Nothing is overdue. */
void do_puts(struct world *world, struct simple *simple);
void do_finish(struct world *world, struct simple *simple, unsigned int id);
void do_extend(struct world *world, struct simple *simple, unsigned int id);
void do_cancel(struct world *world, struct simple *simple, unsigned int id);
/* Nothing is overdue. */
void do_sync(struct world *world, struct simple *simple);
void do_connect(struct world *world, struct simple *simple, unsigned int id);
