/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_watch.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

/* Result: the kernel's id of a pinned map, 0 if none can be seen. */
static uint32_t id_of(const char *bpf_dir, const char *name)
{
	struct bpf_map_info info = {0};
	uint32_t info_bytes = sizeof(info);
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", bpf_dir, name) >= (int)sizeof(path))
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_bytes) < 0)
		info.id = 0;
	close(fd);
	return info.id;
}

uint32_t table_watch_id(const char *bpf_dir)
{
	return id_of(bpf_dir, SP_PIN_META);
}

const char *table_watch_sockets_pin(uint32_t role)
{
	return role == SP_ROLE_BUILDS ? SP_PIN_XSKS_BUILDS : SP_PIN_XSKS_PUBLIC;
}

uint32_t table_watch_sockets(const char *bpf_dir, uint32_t role)
{
	return id_of(bpf_dir, table_watch_sockets_pin(role));
}

bool table_watch_other_sockets(const char *bpf_dir, uint32_t role, uint32_t id)
{
	uint32_t now = table_watch_sockets(bpf_dir, role);

	return now != 0 && now != id;
}

bool table_watch_program(uint32_t ifindex)
{
	uint32_t id = 0;

	return bpf_xdp_query_id((int)ifindex, 0, &id) == 0 && id != 0;
}

bool table_watch_replaced(const char *bpf_dir, uint32_t id)
{
	uint32_t now = table_watch_id(bpf_dir);

	return now != 0 && now != id;
}
