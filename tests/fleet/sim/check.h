/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what must hold does (design.md 2, ADR 27 and 28): what does not is noted in the ledger.
 */
#pragma once

#include <stdbool.h>

struct sim_promise;
struct sim_world;

/* At any moment, over all hosts. */
void sim_check_now(struct sim_world *world);

/* A removal was answered, a build was promised, a moment ago. */
void sim_check_removal(struct sim_world *world, const struct sim_promise *promise,
		       unsigned int host);
void sim_check_promise(struct sim_world *world, const struct sim_promise *promise,
		       unsigned int host);

/* Result: whether the store has it as one that has not ended. */
bool sim_check_is_open(const struct sim_promise *promise);

/* When all is well again and nobody asks any more: all edges and the store are equal, and are what
 * was promised. */
void sim_check_end(struct sim_world *world);
