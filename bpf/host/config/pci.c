// SPDX-License-Identifier: BSD-3-Clause
/* Who has a PCI device that is to be a port. */
#include "host/config_questions.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOMAIN "0000:"

/* Drivers of the kernel's that DPDK's go by; with the last three the kernel keeps the device too.
 */
static const char *const for_dpdk[] = {"vfio-pci",  "uio_pci_generic", "igb_uio",
				       "mlx5_core", "mlx4_core",       "mana"};

bool config_question_is_pci(const char *port)
{
	return port[0] != '\0' && strncmp(port, "net_", 4) != 0 &&
	       strncmp(port, "auxiliary:", 10) != 0;
}

/* The address alone, as it is called below /sys: in full, and in small letters. */
static void name_device(const char *port, char ret[CONFIG_PCI_SIZE])
{
	int bytes = (int)strcspn(port, ",");

	snprintf(ret, CONFIG_PCI_SIZE, "%s%.*s", bytes > (int)strlen("01:00.0") ? "" : DOMAIN,
		 bytes, port);
	for (char *c = ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

enum config_pci config_question_pci(const char *root, const char *port,
				    struct config_pci_device *ret)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct stat ignored;
	const char *name;
	ssize_t bytes;

	*ret = (struct config_pci_device){0};
	name_device(port, ret->address);
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", root ? root : "", ret->address);
	if (stat(path, &ignored) < 0)
		return CONFIG_PCI_ABSENT;
	strncat(path, "/driver", sizeof(path) - strlen(path) - 1);
	bytes = readlink(path, target, sizeof(target) - 1);
	if (bytes < 0)
		return errno == ENOENT ? CONFIG_PCI_UNBOUND : CONFIG_PCI_KERNELS;
	target[bytes] = '\0';
	name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	snprintf(ret->driver, sizeof(ret->driver), "%.*s", (int)sizeof(ret->driver) - 1, name);
	for (size_t i = 0; i < sizeof(for_dpdk) / sizeof(for_dpdk[0]); i++)
		if (strcmp(ret->driver, for_dpdk[i]) == 0)
			return CONFIG_PCI_READY;
	return CONFIG_PCI_KERNELS;
}
