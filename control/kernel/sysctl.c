// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/pins/reason.h"
#include "kernel/ra_routes.h"

#define KEPT_NAME "lo-forwarding"
#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"
#define PATH_SIZE 256
#define LINE_SIZE 64

/* IPv6 may be missing from the kernel, and is left alone where no public address is of it. */
static const struct {
	const char *path, *name;
	bool v6;
} switches[] = {
	{"/proc/sys/net/ipv4/conf/lo/forwarding", "net.ipv4.conf.lo.forwarding", false},
	{"/proc/sys/net/ipv6/conf/lo/forwarding", "net.ipv6.conf.lo.forwarding", true},
};

#define NR_SWITCHES (sizeof(switches) / sizeof(*switches))

/* What was before: one line of the boot's id, one of a digit or '-' for each switch. */
struct kept {
	char boot_id[LINE_SIZE];
	char values[NR_SWITCHES + 1];
};

static int read_line(const char *path, char *ret_line, size_t size)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return -errno;
	if (!fgets(ret_line, (int)size, file))
		error = -EIO;
	else
		ret_line[strcspn(ret_line, "\n")] = '\0';
	fclose(file);
	return error;
}

static int write_switch(size_t i, char value)
{
	int fd = open(switches[i].path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, &value, 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

/*
 * Turns one on. Writing 1 over 1 would do harm too: the kernel removes default routes whenever
 * forwarding of IPv6 is written so.
 */
static int turn_on(size_t i)
{
	struct ra_routes routes;
	int error, release_error;

	if (!switches[i].v6)
		return write_switch(i, '1');
	error = kernel_ra_routes_hold(&routes);
	if (error)
		return error;
	error = write_switch(i, '1');
	release_error = kernel_ra_routes_release(&routes);
	return error ? error : release_error;
}

static bool is_wanted(size_t i, bool v6)
{
	return v6 || !switches[i].v6;
}

static int read_now(struct kept *now)
{
	char line[LINE_SIZE];
	int error = read_line(BOOT_ID, now->boot_id, sizeof(now->boot_id));

	if (error)
		return error;
	memset(now->values, 0, sizeof(now->values));
	for (size_t i = 0; i < NR_SWITCHES; i++) {
		error = read_line(switches[i].path, line, sizeof(line));
		if (error && !(switches[i].v6 && error == -ENOENT))
			return error;
		now->values[i] = error ? '-' : line[0];
	}
	return 0;
}

static const char *kept_path(const char *state_dir, char ret_path[PATH_SIZE])
{
	snprintf(ret_path, PATH_SIZE, "%s/" KEPT_NAME, state_dir);
	return ret_path;
}

/* Result: 0 and *ret_kept, or -ENOENT if nothing whole is kept. */
static int read_kept(const char *state_dir, struct kept *ret_kept)
{
	char path[PATH_SIZE];
	struct kept kept = {0};
	FILE *file = fopen(kept_path(state_dir, path), "re");
	int found;

	if (!file)
		return -errno;
	found = fscanf(file, "%63s %2s", kept.boot_id, kept.values);
	fclose(file);
	if (found != 2 || strlen(kept.values) != NR_SWITCHES)
		return -ENOENT;
	*ret_kept = kept;
	return 0;
}

static int keep(const char *state_dir, const struct kept *now)
{
	char path[PATH_SIZE], next[PATH_SIZE];
	FILE *file;
	int error = 0;

	if (mkdir(state_dir, 0700) && errno != EEXIST)
		return -errno;
	kept_path(state_dir, path);
	snprintf(next, sizeof(next), "%s/" KEPT_NAME ".next", state_dir);
	file = fopen(next, "we");
	if (!file)
		return -errno;
	if (fprintf(file, "%s %s\n", now->boot_id, now->values) < 0 || fflush(file) ||
	    fsync(fileno(file)))
		error = -errno;
	if (fclose(file) && !error)
		error = -errno;
	if (!error && rename(next, path))
		error = -errno;
	return error;
}

/* On a full disk sessions matter more than what --detach can put back. */
static int keep_if_room(const char *state_dir, const struct kept *now)
{
	int error = keep(state_dir, now);

	return error == -ENOSPC || error == -EDQUOT ? 0 : error;
}

/* What was kept by an earlier start of this boot stays; a switch that it had no use for is added.
 */
static int keep_now(const char *state_dir, const struct kept *now, bool v6)
{
	struct kept kept, next = *now;
	bool known = !read_kept(state_dir, &kept) && strcmp(kept.boot_id, now->boot_id) == 0;

	for (size_t i = 0; i < NR_SWITCHES; i++) {
		if (known && kept.values[i] != '-')
			next.values[i] = kept.values[i];
		else if (!is_wanted(i, v6))
			next.values[i] = '-';
	}
	return known && strcmp(next.values, kept.values) == 0 ? 0 : keep_if_room(state_dir, &next);
}

int kernel_sysctl_enable(const char *state_dir, bool v6, char **ret_reason)
{
	struct kept now;
	int error = read_now(&now);

	if (error)
		return pins_reason_give(ret_reason, error, "forwarding of lo cannot be read: %s",
					strerror(-error));
	error = keep_now(state_dir, &now, v6);
	if (error)
		return pins_reason_give(ret_reason, error,
					"edge.state_dir: %s cannot be written: %s", state_dir,
					strerror(-error));
	for (size_t i = 0; i < NR_SWITCHES; i++) {
		if (now.values[i] != '0' || !is_wanted(i, v6))
			continue;
		error = turn_on(i);
		if (error)
			return pins_reason_give(ret_reason, error,
						"%s cannot be set to 1, which next hops need: %s",
						switches[i].path, strerror(-error));
	}
	return 0;
}

unsigned int kernel_sysctl_correct(bool v6, char *ret_names, size_t size)
{
	unsigned int corrected = 0;
	size_t length = 0;
	struct kept now;

	*ret_names = '\0';
	if (read_now(&now))
		return 0;
	for (size_t i = 0; i < NR_SWITCHES; i++) {
		if (now.values[i] != '0' || !is_wanted(i, v6) || turn_on(i))
			continue;
		if (length < size)
			length += (size_t)snprintf(ret_names + length, size - length, "%s%s",
						   corrected ? ", " : "", switches[i].name);
		corrected++;
	}
	return corrected;
}

int kernel_sysctl_restore(const char *state_dir)
{
	char path[PATH_SIZE];
	struct kept now, kept;
	int error = 0;

	if (read_kept(state_dir, &kept))
		return 0;
	error = read_now(&now);
	if (error)
		return error;
	for (size_t i = 0; i < NR_SWITCHES; i++) {
		int one = 0;

		if (strcmp(kept.boot_id, now.boot_id) == 0 && kept.values[i] != '-' &&
		    kept.values[i] != now.values[i])
			one = kept.values[i] == '1' ? turn_on(i) : write_switch(i, kept.values[i]);
		if (!error)
			error = one;
	}
	if (!error && unlink(kept_path(state_dir, path)) && errno != ENOENT)
		error = -errno;
	return error;
}
