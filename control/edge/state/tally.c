/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/tally.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A binary tree (tsearch(3)) of these. */
struct count {
	unsigned int number;
	char kind;
	const char *name;
};

struct tally {
	void *tree;
};

static int compare(const void *left, const void *right)
{
	const struct count *a = left, *b = right;

	return a->kind != b->kind ? a->kind - b->kind : strcmp(a->name, b->name);
}

int state_tally_new(struct tally **ret_tally)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	*ret_tally = tally;
	return 0;
}

void state_tally_free(struct tally *tally)
{
	if (!tally)
		return;
	tdestroy(tally->tree, free);
	free(tally);
}

static struct count *find(const struct tally *tally, char kind, const char *name)
{
	struct count key = {.kind = kind, .name = name};
	void *found = tfind(&key, &tally->tree, compare);

	return found ? *(struct count **)found : NULL;
}

unsigned int state_tally_get(const struct tally *tally, char kind, const char *name)
{
	const struct count *count = find(tally, kind, name);

	return count ? count->number : 0;
}

/* The name lies behind the count, in one piece of memory. */
static struct count *make(char kind, const char *name)
{
	size_t bytes = strlen(name) + 1;
	struct count *count = malloc(sizeof(*count) + bytes);

	if (!count)
		return NULL;
	memcpy(count + 1, name, bytes);
	*count = (struct count){.kind = kind, .name = (const char *)(count + 1)};
	return count;
}

int state_tally_add(struct tally *tally, char kind, const char *name)
{
	struct count *count = find(tally, kind, name);

	if (!count) {
		count = make(kind, name);
		if (!count || !tsearch(count, &tally->tree, compare)) {
			free(count);
			return -ENOMEM;
		}
	}
	count->number++;
	return 0;
}

void state_tally_subtract(struct tally *tally, char kind, const char *name)
{
	struct count *count = find(tally, kind, name);

	assert(count && count->number > 0);
	count->number--;
}

void state_tally_forget(struct tally *tally, char kind, const char *name)
{
	struct count *count = find(tally, kind, name);

	if (!count || count->number > 0)
		return;
	tdelete(count, &tally->tree, compare);
	free(count);
}
