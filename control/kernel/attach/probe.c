// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/probe.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/config.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"

static const struct {
	unsigned int number;
	const char *name;
	const char *purpose;
} capabilities[] = {
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach programs to interfaces"},
	{CAP_BPF, "CAP_BPF", "to load programs and make maps"},
	{CAP_PERFMON, "CAP_PERFMON", "to have the programs verified"},
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "to tell its own programs from others'"},
};

static int probe_capabilities(char **ret_reason)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return pins_reason_give(ret_reason, -errno, "capabilities cannot be read: %s",
					strerror(errno));
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities); i++) {
		unsigned int number = capabilities[i].number;

		if (!(data[number / 32].effective & 1u << number % 32))
			return pins_reason_give(
				ret_reason, -EPERM,
				"sallyportd lacks %s, which it needs %s: start it as "
				"root or by its systemd unit",
				capabilities[i].name, capabilities[i].purpose);
	}
	return 0;
}

/* Asks about the file system of the part of the path that is there. */
static int nearest_fs(const char *path, struct statfs *ret_fs)
{
	char part[PINS_PATH_SIZE];
	char *last;

	snprintf(part, sizeof(part), "%s", path);
	while (statfs(part, ret_fs)) {
		last = strrchr(part, '/');
		if (errno != ENOENT || !last || last == part)
			return -errno;
		*last = '\0';
	}
	return 0;
}

bool attach_probe_is_bpffs(const char *bpf_dir)
{
	struct statfs fs;

	return nearest_fs(bpf_dir, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

const char *attach_probe_bpffs_mount(const char *bpf_dir)
{
	static const char usual[] = "/sys/fs/bpf";

	return strncmp(bpf_dir, usual, sizeof(usual) - 1) == 0 ? usual : bpf_dir;
}

static int probe_bpffs(const struct config *config, char **ret_reason)
{
	const char *dir = config->edge.bpf_dir;

	if (attach_probe_is_bpffs(dir))
		return 0;
	return pins_reason_give(
		ret_reason, -ENODEV,
		"edge.bpf_dir (%s) is not on a BPF file system: mount -t bpf bpf %s", dir,
		attach_probe_bpffs_mount(dir));
}

int attach_probe_rights(const struct config *config, char **ret_reason)
{
	int error = probe_capabilities(ret_reason);

	return error ? error : probe_bpffs(config, ret_reason);
}

static int probe_interface(const char *key, const char *name, uint32_t *ret_ifindex,
			   char **ret_reason)
{
	unsigned int ifindex = if_nametoindex(name);
	char called[IF_NAMESIZE];

	if (!ifindex)
		return pins_reason_give(ret_reason, -ENODEV,
					"%s: there is no interface %s in this network namespace",
					key, name);
	/* It is told of, and looked for below /sys and /proc, by its own name alone. */
	if (if_indextoname(ifindex, called) && strcmp(called, name) != 0)
		return pins_reason_give(ret_reason, -ENODEV,
					"%s: %s is another name of the interface %s: write that",
					key, name, called);
	*ret_ifindex = ifindex;
	return 0;
}

static int probe_helper(enum bpf_func_id helper, const char *name, char **ret_reason)
{
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, helper, NULL) == 1)
		return 0;
	return pins_reason_give(ret_reason, -EOPNOTSUPP, "this kernel has no %s for XDP programs",
				name);
}

int attach_probe_features(char **ret_reason)
{
	int error;

	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL) != 1)
		return pins_reason_give(ret_reason, -EOPNOTSUPP,
					"this kernel loads no XDP programs");
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_XSKMAP, NULL) != 1)
		return pins_reason_give(ret_reason, -EOPNOTSUPP,
					"this kernel has no XSKMAP (CONFIG_XDP_SOCKETS)");
	error = probe_helper(BPF_FUNC_fib_lookup, "bpf_fib_lookup", ret_reason);
	if (error)
		return error;
	return probe_helper(BPF_FUNC_ktime_get_boot_ns, "bpf_ktime_get_boot_ns", ret_reason);
}

int attach_probe_host(const struct config *config, struct probe_interfaces *ret_interfaces,
		      char **ret_reason)
{
	struct probe_interfaces interfaces;
	int error = attach_probe_rights(config, ret_reason);

	if (error)
		return error;
	error = probe_interface("public.interface", config->public.interface,
				&interfaces.public_ifindex, ret_reason);
	if (error)
		return error;
	error = probe_interface("builds.interface", config->builds.interface,
				&interfaces.builds_ifindex, ret_reason);
	if (error)
		return error;
	error = attach_probe_features(ret_reason);
	if (error)
		return error;
	*ret_interfaces = interfaces;
	return 0;
}
