/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether one of the two databases takes what the watch tells it: what fails is tried again a
 * second later, and logged when it begins and when it is over. On the event loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct instant;

struct store {
	const char *failed; /* sentences for the log */
	const char *resumed;
	uint64_t again_ns; /* until then it is not tried again */
	bool failing;	   /* it was not taken the last time */
};

/* What came of telling it: 0 or -errno. */
void watch_store_note(struct store *store, const struct instant *now, int error);

/* Result: whether it is not to be tried yet. */
bool watch_store_rests(const struct store *store, const struct instant *now);
