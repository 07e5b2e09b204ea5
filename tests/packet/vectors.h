/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading vectors.txt: a table, and packets with what must become of them. */
#pragma once

#include <stdio.h>

#include "engine/host_engine.h"
#include "fixture.h"
#include "run.h"

#include <sallyport/verdict.h>

struct vector {
	char name[128];
	struct run run;
	struct frame in, expected;
	enum sp_verdict verdict;
};

/*
 * Puts the file's table into the fixture and calls each with every vector as it is read. Result: 0,
 * or the number of the first line that means nothing.
 */
int vectors_read(FILE *file, struct fixture *fixture,
		 void (*each)(void *context, const struct vector *vector), void *context);

/* Result: a verdict's name. */
const char *vectors_verdict(__u32 verdict);
