/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_watch.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <sallyport/table.h>

uint32_t table_watch_id(const char *bpf_dir)
{
	struct bpf_map_info info = {0};
	uint32_t info_bytes = sizeof(info);
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", bpf_dir, SP_PIN_META) >= (int)sizeof(path))
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_bytes) < 0)
		info.id = 0;
	close(fd);
	return info.id;
}

bool table_watch_replaced(const char *bpf_dir, uint32_t id)
{
	uint32_t now = table_watch_id(bpf_dir);

	return now != 0 && now != id;
}
