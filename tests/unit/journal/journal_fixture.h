/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the journal share: a place for its file, and a world that writes it. */
#pragma once

#include "../edge/world.h"

/* A directory of its own, in which the journal may be or not. */
struct place {
	char directory[64];
	char path[96]; /* of the journal */
	char wal[104]; /* of its log */
};

/* Setup and teardown of cmocka: *state is an empty place, which goes with all that is in it. */
int set_up(void **state);
int tear_down(void **state);

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Puts "full", a build of two nodes with everything that can be said of one. */
void put_full(struct world *world);

/* Result: the one number a query of the world's journal gives; -1 for none. */
int ask(struct world *world, const char *text);
