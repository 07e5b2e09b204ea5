// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/pins/pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sallyport/table.h>

#include "host/table_map.h"

const char *pins_path(const char *dir, const char *name, char ret_path[PINS_PATH_SIZE])
{
	snprintf(ret_path, PINS_PATH_SIZE, "%s/%s", dir, name);
	return ret_path;
}

int pins_make_dir(const char *path)
{
	char part[PINS_PATH_SIZE];

	for (const char *end = path; *end; end += strspn(end, "/")) {
		end += strcspn(end, "/");
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (*part && mkdir(part, PINS_DIR_MODE) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

bool pins_exist(const char *dir, const char *name)
{
	char path[PINS_PATH_SIZE];

	return access(pins_path(dir, name, path), F_OK) == 0;
}

int pins_unlink(const char *dir, const char *name)
{
	char path[PINS_PATH_SIZE];

	return unlink(pins_path(dir, name, path)) && errno != ENOENT && errno != ENOTDIR ? -errno
											 : 0;
}

int pins_put(const char *dir, const char *name, int fd)
{
	char final[PINS_PATH_SIZE], next_name[PINS_NAME_SIZE], next[PINS_PATH_SIZE];
	int error;

	snprintf(next_name, sizeof(next_name), "%s" PINS_NEXT_OF, name);
	error = pins_unlink(dir, next_name);
	if (error)
		return error;
	error = bpf_obj_pin(fd, pins_path(dir, next_name, next));
	if (error)
		return error;
	if (rename(next, pins_path(dir, name, final))) {
		error = -errno;
		unlink(next);
	}
	return error;
}

int pins_unlink_table(const char *dir)
{
	/* Names do not hang on sizes, so the least will do. */
	struct sp_meta least = {
		.nr_publics = 1, .nr_buckets = 2, .nr_allow = 1, .nr_usage = 1, .nr_cpus = 1};
	struct table_layout layout[TABLE_PARTS];
	char *reason = NULL;
	int error;

	table_meta_init(&least);
	error = table_layout(&least, layout, &reason);
	free(reason);
	for (enum table_part part = 0; part < TABLE_PARTS && !error; part++)
		error = pins_unlink(dir, layout[part].name);
	if (!error && rmdir(dir) && errno != ENOENT && errno != ENOTEMPTY)
		error = -errno;
	return error;
}

int pins_unlink_next(const char *bpf_dir)
{
	char dir[PINS_PATH_SIZE];
	int found = pins_exist(bpf_dir, PINS_NEXT);
	int error = pins_unlink_table(pins_path(bpf_dir, PINS_NEXT, dir));

	return error ? error : found;
}

void pins_remove_dirs(const char *bpf_dir)
{
	char path[PINS_PATH_SIZE];
	struct statfs above;
	char *last;

	snprintf(path, sizeof(path), "%s", bpf_dir);
	for (;;) {
		/* The root of the file system is a mount point and not removed: EBUSY. */
		if (rmdir(path) && errno != ENOENT)
			return;
		last = strrchr(path, '/');
		if (!last || last == path)
			return;
		*last = '\0';
		if (statfs(path, &above) || (unsigned long)above.f_type != BPF_FS_MAGIC)
			return;
	}
}
