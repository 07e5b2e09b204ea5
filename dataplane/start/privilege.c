/* SPDX-License-Identifier: BSD-3-Clause */
#include "start/privilege.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

static const struct {
	int number;
	const char *name;
	bool by_id;
} needed[] = {
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", false}, /* AF_XDP, netlink */
	{CAP_NET_RAW, "CAP_NET_RAW", false},	 /* AF_XDP */
	{CAP_BPF, "CAP_BPF", false},		 /* the pinned maps */
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
	 true}, /* libxdp finds our program and its map by their ids */
	{CAP_IPC_LOCK, "CAP_IPC_LOCK", false}, /* the buffers' memory */
};

const char *privilege_missing(bool by_id)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	uint64_t effective;

	if (syscall(SYS_capget, &header, data) < 0)
		return NULL;
	effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if ((by_id || !needed[i].by_id) && !(effective >> needed[i].number & 1))
			return needed[i].name;
	return NULL;
}
