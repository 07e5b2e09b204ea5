// SPDX-License-Identifier: BSD-3-Clause
#include "claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BPFFS  "/sys/fs/bpf"
#define PREFIX "sptest-rig-"
/* Not of the directory itself: sallyportd removes empty ones above its own, and makes them anew. */
#define LOCK "/lock"

static int open_lock(const char *dir)
{
	char path[CLAIM_DIR_BYTES + sizeof(LOCK)];

	snprintf(path, sizeof(path), "%s" LOCK, dir);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int make_lock(const char *dir)
{
	char path[CLAIM_DIR_BYTES + sizeof(LOCK)];

	snprintf(path, sizeof(path), "%s" LOCK, dir);
	return mkdir(path, 0700) ? -1 : open_lock(dir);
}

/* Result: whether it is still what that path leads to. */
static bool is_there(const char *dir, int lock_fd)
{
	struct stat held, there;
	int fd = open_lock(dir);
	bool same;

	if (fd < 0)
		return false;
	same = fstat(lock_fd, &held) == 0 && fstat(fd, &there) == 0 && held.st_ino == there.st_ino;
	close(fd);
	return same;
}

int claim_make(struct claim *ret_claim)
{
	struct claim claim;

	for (;;) {
		strcpy(claim.dir, BPFFS "/" PREFIX "XXXXXX");
		if (!mkdtemp(claim.dir))
			return -errno;
		claim.lock_fd = make_lock(claim.dir);
		if (claim.lock_fd < 0 && errno != ENOENT)
			return -errno;
		/* A sweep may have come before the lock was held. */
		if (claim.lock_fd >= 0 && flock(claim.lock_fd, LOCK_EX) == 0 &&
		    is_there(claim.dir, claim.lock_fd))
			break;
		close(claim.lock_fd);
	}
	*ret_claim = claim;
	return 0;
}

static void remove_all(const char *dir)
{
	char command[CLAIM_DIR_BYTES + 16];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "failed: %s\n", command);
}

void claim_remove(struct claim *claim)
{
	remove_all(claim->dir);
	close(claim->lock_fd);
}

static void sweep(const char *dir)
{
	int fd = open_lock(dir);

	if (fd < 0) {
		rmdir(dir); /* empty: whoever is about to lock it will make another */
		return;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_all(dir);
	close(fd);
}

void claim_sweep(void)
{
	DIR *all = opendir(BPFFS);
	const struct dirent *entry;

	while (all && (entry = readdir(all))) {
		char dir[CLAIM_DIR_BYTES];

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    snprintf(dir, sizeof(dir), BPFFS "/%s", entry->d_name) < (int)sizeof(dir))
			sweep(dir);
	}
	if (all)
		closedir(all);
}
