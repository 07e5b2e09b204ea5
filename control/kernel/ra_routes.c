// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/ra_routes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ipv6_route.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROUTES	  "/proc/thread-self/net/ipv6_route"
#define PATH_SIZE 128
#define STAYS	  '2'

static int open_switch(const char *interface, int flags)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", interface);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_switch(const char *interface, char *ret_value)
{
	int fd = open_switch(interface, O_RDONLY), error = 0;

	if (fd < 0)
		return fd;
	if (read(fd, ret_value, 1) != 1)
		error = -EIO;
	close(fd);
	return error;
}

static int write_switch(const char *interface, char value)
{
	int fd = open_switch(interface, O_WRONLY), error = 0;

	if (fd < 0)
		return fd;
	if (write(fd, &value, 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

static bool is_held(const struct ra_routes *routes, const char *interface)
{
	for (unsigned int i = 0; i < routes->nr; i++)
		if (strcmp(routes->held[i].interface, interface) == 0)
			return true;
	return false;
}

static int hold(struct ra_routes *routes, const char *interface)
{
	char value;
	int error;

	if (is_held(routes, interface))
		return 0;
	error = read_switch(interface, &value);
	if (error || value == STAYS)
		return error;
	if (routes->nr == RA_ROUTES_MAX)
		return -E2BIG;
	error = write_switch(interface, STAYS);
	if (error)
		return error;
	snprintf(routes->held[routes->nr].interface, sizeof(routes->held[0].interface), "%s",
		 interface);
	routes->held[routes->nr++].accept_ra = value;
	return 0;
}

int kernel_ra_routes_hold(struct ra_routes *routes)
{
	char to[33], interface[16];
	unsigned int length, flags;
	FILE *file = fopen(ROUTES, "re");
	int error = 0;

	memset(routes, 0, sizeof(*routes));
	/* Without IPv6 there is no such file. */
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (!error && fscanf(file, "%32s %2x %*s %*s %*s %*s %*s %*s %8x %15s", to, &length,
				&flags, interface) == 4)
		if (length == 0 && flags & RTF_ADDRCONF && flags & RTF_DEFAULT)
			error = hold(routes, interface);
	fclose(file);
	if (error)
		kernel_ra_routes_release(routes);
	return error;
}

int kernel_ra_routes_release(struct ra_routes *routes)
{
	int error = 0;

	for (unsigned int i = 0; i < routes->nr; i++) {
		int one = write_switch(routes->held[i].interface, routes->held[i].accept_ra);

		/* One that is gone took its switch along. */
		if (!error && one != -ENOENT)
			error = one;
	}
	routes->nr = 0;
	return error;
}
