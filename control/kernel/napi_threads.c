// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/napi_threads.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kernel/device/device.h"

/*
 * Opens the switch of an interface. /sys shows the interfaces of the namespace that it was mounted
 * in, which need not be ours, so one of our own is asked, mounted nowhere.
 */
static int open_switch(const char *interface, int flags)
{
	int fs = fsopen("sysfs", FSOPEN_CLOEXEC), mount = -1, fd = -1;
	char path[sizeof("class/net//threaded") + IF_NAMESIZE];

	snprintf(path, sizeof(path), "class/net/%s/threaded", interface);
	if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0)
		fd = openat(mount, path, flags | O_CLOEXEC);
	if (fd < 0)
		fd = errno == ENOENT ? -EOPNOTSUPP : -errno;
	if (mount >= 0)
		close(mount);
	if (fs >= 0)
		close(fs);
	return fd;
}

int kernel_napi_threads_look(const char *interface)
{
	int fd = open_switch(interface, O_RDONLY), result;
	char value = '0';

	if (fd < 0)
		return fd;
	result = read(fd, &value, 1) == 1 ? value != '0' : -errno;
	close(fd);
	return result;
}

static bool is_down(const char *interface)
{
	int flags = device_flags(interface);

	return flags >= 0 && !(flags & IFF_UP);
}

static int set(const char *interface, bool threads)
{
	int fd, result = kernel_napi_threads_look(interface);

	if (result < 0 || result == threads)
		return result < 0 ? result : 0;
	fd = open_switch(interface, O_WRONLY);
	if (fd < 0)
		return fd;
	result = write(fd, threads ? "1" : "0", 1) == 1 ? 1 : -errno;
	close(fd);
	return result == -EOPNOTSUPP && is_down(interface) ? -ENETDOWN : result;
}

static bool is_veth(const char *interface)
{
	char driver[DEVICE_DRIVER_SIZE];

	return device_driver(interface, driver) && strcmp(driver, "veth") == 0;
}

/*
 * With engine dpdk a veth keeps to its sender: the workers have cores of their own, and a thread
 * between them and the sender would only add a hop.
 */
static bool wants_threads(const struct config *config)
{
	return config->dataplane.napi_threads == CONFIG_NAPI_THREADS_ON ||
	       (config->dataplane.napi_threads == CONFIG_NAPI_THREADS_AUTO &&
		config->dataplane.engine == SP_ENGINE_XDP);
}

static bool decides(const struct config *config, const char *interface)
{
	return config->dataplane.napi_threads != CONFIG_NAPI_THREADS_AUTO || is_veth(interface);
}

int kernel_napi_threads_apply(const struct config *config, const char *interface)
{
	return decides(config, interface) ? set(interface, wants_threads(config)) : 0;
}

int kernel_napi_threads_undo(const struct config *config, const char *interface)
{
	int error;

	if (!decides(config, interface))
		return 0;
	error = set(interface, false);
	return error == -EOPNOTSUPP || error > 0 ? 0 : error;
}
