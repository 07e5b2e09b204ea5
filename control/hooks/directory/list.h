/* SPDX-License-Identifier: BSD-3-Clause */
/* What the hooks' directory has: hooks, and what looks like one. */
#pragma once

#include <stdbool.h>

/* Owned names, in the order of bytes. */
struct directory_list {
	char **name;
	unsigned int nr;
};

/*
 * Lists the executable files whose names begin with a letter or a digit and end with neither "~"
 * nor a package manager's suffix. Result: 0 or -errno.
 */
int directory_list_hooks(const char *directory, struct directory_list *ret_list);

/* The same of what has such a name and is no executable file. */
int directory_list_others(const char *directory, struct directory_list *ret_list);

/* Result: whether a list has a name. */
bool directory_list_has(const struct directory_list *list, const char *name);

void directory_list_clear(struct directory_list *list);

/* Result: why what has such a name is no hook, static; NULL if it is one. */
const char *directory_list_why_not(const char *directory, const char *name);
