/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody who follows a prefix knows of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "etcd/follow.h"

#define MIRROR_KEYS_MAX 256

struct mirror {
	struct {
		char key[64], value[64];
		bool seen; /* in the reading that goes on */
	} entry[MIRROR_KEYS_MAX];
	unsigned int nr;
	bool reading;
	bool away;
	char reason[256]; /* of the last time that it was away */
	unsigned int nr_begun, nr_whole, nr_away;
	/* Called by begin() and whole(), may be NULL. */
	void (*on_whole)(struct mirror *mirror);
	void (*on_put)(struct mirror *mirror);
};

/* Result: options to follow prefix into the mirror, so many keys a page. */
struct etcd_follow_options mirror_options(struct mirror *mirror, const char *prefix,
					  unsigned int page);

/* Result: the value of a key, NULL if it is not there. */
const char *mirror_get(const struct mirror *mirror, const char *key);
