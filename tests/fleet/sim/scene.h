/* SPDX-License-Identifier: BSD-3-Clause */
/* A scene: a fleet that is well, to which something happens. What is wrong then fails the test. */
#pragma once

#include <stdint.h>

#include "host/boottime.h"
#include "world.h"

#define SCENE_LOOK_NS	(500 * NS_PER_MS)
#define SCENE_SETTLE_NS (180 * NS_PER_S)
#define SCENE_SWEPT_NS	(60 * NS_PER_S) /* behind which a record that has ended is forgotten */

/* Begins one of nr_hosts edges, whose chances are of seed; scene_end() ends it. */
void scene_begin(struct sim_world *world, uint64_t seed, unsigned int nr_hosts);

/* Mends what is out of order, lets the edges settle, and compares them; what is said if they
 * differ. */
void scene_end(struct sim_world *world, const char *what);

/* The same where nothing is out of order: all is well again and nobody asks. */
void scene_settle(struct sim_world *world, const char *what);

/* Fails if a promise has been broken. */
void scene_judge(struct sim_world *world, const char *what);

/* Declares nr builds for twelve hours, at each edge in turn. Result: the first one's promise. */
unsigned int scene_put(struct sim_world *world, unsigned int nr);
