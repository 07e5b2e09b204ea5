/* SPDX-License-Identifier: BSD-3-Clause */
/* Names below edge.bpf_dir, and what is done with them as files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sallyport/table.h>

#define PINS_PATH_SIZE	 256
#define PINS_NAME_SIZE	 32
#define PINS_LINK_PUBLIC "link_public"
#define PINS_LINK_BUILDS "link_builds"
#define PINS_XSKS_PUBLIC SP_PIN_XSKS_PUBLIC
#define PINS_XSKS_BUILDS SP_PIN_XSKS_BUILDS
/*
 * What is not in force yet: a directory with the maps of a table that is to take another's place,
 * and names on their way to their own. A start that finds such a directory begins that anew.
 */
#define PINS_NEXT     "next"
#define PINS_NEXT_OF  "-next"
#define PINS_DIR_MODE 0700

/* Writes "dir/name" to ret_path. Result: ret_path. */
const char *pins_path(const char *dir, const char *name, char ret_path[PINS_PATH_SIZE]);

/* Makes a directory and those above it. Result: 0 (also if it is there) or -errno. */
int pins_make_dir(const char *path);

/* Result: whether there is something of that name. */
bool pins_exist(const char *dir, const char *name);

/* Removes a name. Result: 0 (also if there is none) or -errno. */
int pins_unlink(const char *dir, const char *name);

/* Gives a BPF object a name, in one step, also if the name has another object. Result: 0 or -errno.
 */
int pins_put(const char *dir, const char *name, int fd);

/* Removes the maps of a table below dir, and dir if that leaves it empty. Result: 0 or -errno. */
int pins_unlink_table(const char *dir);

/* Removes the table that is not in force yet. Result: whether there was any, or -errno. */
int pins_unlink_next(const char *bpf_dir);

/* Removes bpf_dir, and those above it on the same file system, as far as they are empty. */
void pins_remove_dirs(const char *bpf_dir);
