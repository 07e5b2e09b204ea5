/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When what has ended may be another's: ends are numbered, and once every reader has been drained
 * since some moment, all ends before it are over. Part of the edge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct edge;

/* Result: the number of an end that is published now; each is greater than those before. */
uint64_t state_drain_number(struct edge *edge);

/*
 * Result: whether every reader is past that end, 0 being one of an earlier process, with nothing
 * left that was steered before. Sees to it that there is a wait for it if not.
 */
bool state_drain_is_over(struct edge *edge, uint64_t end_number, uint64_t now_ns);

/* Result: when to ask again. */
uint64_t state_drain_again_ns(const struct edge *edge, uint64_t now_ns);
