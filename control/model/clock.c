/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/boottime.h"

void model_clock_read(struct instant *ret_now)
{
	ret_now->boot_ns = boottime_now_ns();
	ret_now->wall_ns = boottime_wall_ns();
}

int model_clock_boot_id(char ret_id[CLOCK_BOOT_ID_SIZE])
{
	char line[CLOCK_BOOT_ID_SIZE];
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	int result = 0;

	if (!file)
		return -errno;
	if (!fgets(line, sizeof(line), file) || strlen(line) != CLOCK_BOOT_ID_SIZE - 1)
		result = -EIO;
	else
		memcpy(ret_id, line, sizeof(line));
	fclose(file);
	return result;
}
