/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/grace.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

static int membarrier(int command)
{
	long result = syscall(SYS_membarrier, command, 0, 0);

	return result < 0 ? -errno : (int)result;
}

static int open_maps(struct grace *grace)
{
	LIBBPF_OPTS(bpf_map_create_opts, outer);

	grace->inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "sp_grace", 4, 4, 1, NULL);
	if (grace->inner_fd < 0)
		return -errno;
	outer.inner_map_fd = (uint32_t)grace->inner_fd;
	grace->outer_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "sp_grace", 4, 4, 1, &outer);
	return grace->outer_fd < 0 ? -errno : 0;
}

int table_grace_open(struct grace *ret_grace)
{
	struct grace grace = {.outer_fd = -1, .inner_fd = -1};
	int commands = membarrier(MEMBARRIER_CMD_QUERY), r = open_maps(&grace);

	grace.membarrier = commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL);
	if (r < 0 && !grace.membarrier) {
		table_grace_close(&grace);
		return -EOPNOTSUPP;
	}
	*ret_grace = grace;
	return 0;
}

void table_grace_close(struct grace *grace)
{
	if (grace->outer_fd >= 0)
		close(grace->outer_fd);
	if (grace->inner_fd >= 0)
		close(grace->inner_fd);
	grace->outer_fd = grace->inner_fd = -1;
}

/* Kernel commit 1ae80cf31938: map_update_elem() of a map of maps waits for running programs. */
static int replace_map(const struct grace *grace)
{
	uint32_t index = 0, inner_fd = (uint32_t)grace->inner_fd;

	if (grace->outer_fd < 0)
		return -EOPNOTSUPP;
	return bpf_map_update_elem(grace->outer_fd, &index, &inner_fd, BPF_ANY) < 0 ? -errno : 0;
}

int table_grace_wait(const struct grace *grace)
{
	if (grace->membarrier && membarrier(MEMBARRIER_CMD_GLOBAL) == 0)
		return 0;
	return replace_map(grace);
}

int table_grace_once(void)
{
	struct grace grace;
	int r = table_grace_open(&grace);

	if (r < 0)
		return r;
	r = table_grace_wait(&grace);
	table_grace_close(&grace);
	return r;
}
