/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * CLOCK_SECOND_NS + (uint64_t)time.tv_nsec;
}

void clock_read(struct instant *ret_now)
{
	ret_now->boot_ns = read_ns(CLOCK_BOOTTIME);
	ret_now->wall_ns = read_ns(CLOCK_REALTIME);
}

int clock_boot_id(char ret_id[CLOCK_BOOT_ID_SIZE])
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
