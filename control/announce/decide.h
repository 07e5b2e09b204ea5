/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether routers are to be told of this edge, and how: a pure function of what is known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In the order of what metrics say. */
enum announce_state {
	ANNOUNCE_WITHDRAWN,
	ANNOUNCE_LAST_RESORT, /* routers take it if there is no other */
	ANNOUNCE_ANNOUNCED,
};

enum announce_drain {
	ANNOUNCE_NOT_DRAINED,
	ANNOUNCE_DRAINING, /* routers are moving */
	ANNOUNCE_DRAINED,
};

struct announce_known {
	uint64_t now_ns;
	const char *ill;      /* why packets are not carried here, NULL: they are */
	bool has_last_resort; /* there is a way to announce it as such */
	bool drained;
	uint64_t drained_until_ns; /* routers have so long to move */
	bool in_fleet;
	uint64_t current_until_ns; /* the table is as the store, as sallyport-fleet last said */
	const char *behind;	   /* why it is not, as sallyport-fleet said; "": it did not say */
	bool withdraws_without_store;
};

/*
 * Result: what is to be announced, and *ret_why in a sentence's words, NULL where all is well.
 * What it points to is as long as what known points to.
 */
enum announce_state announce_decide(const struct announce_known *known, const char **ret_why);

/* Result: how far a drain is. */
enum announce_drain announce_decide_drain(const struct announce_known *known);
