/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/directory/list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static bool wanted_name(const char *name)
{
	static const char *const left_overs[] = {"~",	      ".bak",	    ".dpkg-old",
						 ".dpkg-new", ".dpkg-dist", ".dpkg-tmp",
						 ".rpmsave",  ".rpmnew"};

	for (size_t i = 0; i < sizeof(left_overs) / sizeof(left_overs[0]); i++)
		if (ends_with(name, left_overs[i]))
			return false;
	return isalnum((unsigned char)name[0]);
}

static int select_entry(const struct dirent *entry)
{
	return wanted_name(entry->d_name);
}

static int compare(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

const char *directory_list_why_not(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (stat(path, &status))
		return errno == ENOENT ? "it leads to nothing" : "it cannot be looked at";
	if (S_ISDIR(status.st_mode))
		return "it is a directory";
	if (!S_ISREG(status.st_mode))
		return "it is no regular file";
	if (!(status.st_mode & 0111))
		return "it is not executable: chmod +x";
	return access(path, X_OK) ? "it cannot be executed by this user or here" : NULL;
}

/* Lists the hooks, or the others. */
static int list_names(const char *directory, bool hooks, struct directory_list *ret_list)
{
	struct directory_list list = {0};
	struct dirent **entries;
	int nr = scandir(directory, &entries, select_entry, compare), error = 0;

	if (nr < 0)
		return -errno;
	list.name = calloc((size_t)nr + 1, sizeof(*list.name));
	if (!list.name)
		error = -ENOMEM;
	for (int i = 0; i < nr; i++) {
		if (!error && !directory_list_why_not(directory, entries[i]->d_name) == hooks) {
			list.name[list.nr] = strdup(entries[i]->d_name);
			if (list.name[list.nr])
				list.nr++;
			else
				error = -ENOMEM;
		}
		free(entries[i]);
	}
	free(entries);
	if (error)
		directory_list_clear(&list);
	else
		*ret_list = list;
	return error;
}

int directory_list_hooks(const char *directory, struct directory_list *ret_list)
{
	return list_names(directory, true, ret_list);
}

int directory_list_others(const char *directory, struct directory_list *ret_list)
{
	return list_names(directory, false, ret_list);
}

bool directory_list_has(const struct directory_list *list, const char *name)
{
	for (unsigned int i = 0; i < list->nr; i++)
		if (strcmp(list->name[i], name) == 0)
			return true;
	return false;
}

void directory_list_clear(struct directory_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		free(list->name[i]);
	free(list->name);
	*list = (struct directory_list){0};
}
