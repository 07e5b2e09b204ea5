/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/holders.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A binary tree (tsearch(3)) of these. */
struct holder {
	struct endpoint endpoint;
	uint64_t serial;
};

struct holders {
	void *tree;
};

static int compare_number(unsigned int a, unsigned int b)
{
	return a < b ? -1 : a > b;
}

static int compare(const void *left, const void *right)
{
	const struct endpoint *a = &((const struct holder *)left)->endpoint;
	const struct endpoint *b = &((const struct holder *)right)->endpoint;
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	if (order == 0)
		order = compare_number(a->port_be, b->port_be);
	return order ? order : compare_number(a->protocol, b->protocol);
}

int state_holders_new(struct holders **ret_holders)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return -ENOMEM;
	*ret_holders = holders;
	return 0;
}

void state_holders_free(struct holders *holders)
{
	if (!holders)
		return;
	tdestroy(holders->tree, free);
	free(holders);
}

static struct holder *find(const struct holders *holders, const struct endpoint *endpoint)
{
	struct holder key = {.endpoint = *endpoint};
	void *found = tfind(&key, &holders->tree, compare);

	return found ? *(struct holder **)found : NULL;
}

uint64_t state_holders_get(const struct holders *holders, const struct endpoint *endpoint)
{
	const struct holder *holder = find(holders, endpoint);

	return holder ? holder->serial : 0;
}

static int add(struct holders *holders, const struct endpoint *endpoint, uint64_t serial)
{
	struct holder *holder = malloc(sizeof(*holder));

	if (!holder)
		return -ENOMEM;
	*holder = (struct holder){*endpoint, serial};
	if (!tsearch(holder, &holders->tree, compare)) {
		free(holder);
		return -ENOMEM;
	}
	return 0;
}

int state_holders_set(struct holders *holders, const struct endpoint *endpoint, uint64_t serial)
{
	struct holder *holder = find(holders, endpoint);

	if (!holder)
		return serial ? add(holders, endpoint, serial) : 0;
	holder->serial = serial;
	if (serial == 0) {
		tdelete(holder, &holders->tree, compare);
		free(holder);
	}
	return 0;
}
