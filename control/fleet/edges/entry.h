/* SPDX-License-Identifier: BSD-3-Clause */
/* What an edge says of itself in the store, for as long as it is alive. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fleet/edges/clock.h"
#include "host/config.h"

#define EDGES_ID_BYTES	  40
#define EDGES_ROUTE_BYTES 16
#define EDGES_WHY_BYTES	  160

struct edges_entry {
	char name[CONFIG_NAME_SIZE];
	char id[EDGES_ID_BYTES]; /* lasts as long as its state: another id is another edge */
	int64_t applied;	 /* its sallyportd has everything up to this revision */
	int64_t removed;	 /* and nothing that had ended up to this one */
	uint64_t since_ns;	 /* wall time: its sallyport-fleet was started */
	uint64_t wall_ns;	 /* and as it was when this was written */
	struct edges_clock clock;
	char announced[EDGES_ROUTE_BYTES]; /* to routers, as sallyportd spells it; "": not known */
	char why[EDGES_WHY_BYTES];	   /* it is not as it should be; "": it is */
};

/* Result: a text to be freed, NULL without memory. */
char *edges_entry_write(const struct edges_entry *entry);

/* Result: 0, or -EBADMSG for a value that is none. */
int edges_entry_read(const char *name, const char *value, struct edges_entry *ret_entry);
