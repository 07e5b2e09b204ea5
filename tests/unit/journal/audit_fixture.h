/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the audit share: an audit in a directory of its own, and plain SQL on it. */
#pragma once

#include <stdint.h>

struct journal;

struct place {
	char dir[64];
	char path[96];
	struct journal *audit;
};

/* Setup and teardown of cmocka: *state is the place of an empty audit, which goes with it. */
int set_up(void **state);
int tear_down(void **state);

/* Runs statements, or fails the test. */
void run(struct journal *database, const char *text);

/* Result: the one number of a query. */
int64_t ask(struct journal *database, const char *query);
