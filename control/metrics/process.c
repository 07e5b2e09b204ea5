/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/boottime.h"

/* Field 22 of /proc/self/stat, when it started, and the two behind it. */
struct stat_fields {
	unsigned long long start_ticks; /* since boot */
	unsigned long virtual_bytes;
	long resident_pages;
};

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static uint64_t count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	uint64_t nr = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		nr++;
	closedir(directory);
	/* ".", ".." and the directory's own. */
	return nr - 3;
}

static uint64_t max_fds(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

/* The name in the second field may hold blanks and brackets: its last bracket ends it. */
static void read_stat(struct stat_fields *ret_fields)
{
	FILE *stat = fopen("/proc/self/stat", "re");
	char text[1024] = "";
	const char *rest;

	*ret_fields = (struct stat_fields){0};
	if (!stat)
		return;
	if (fgets(text, sizeof(text), stat) && (rest = strrchr(text, ')')))
		sscanf(rest + 1,
		       " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		       "%*s %llu %lu %ld",
		       &ret_fields->start_ticks, &ret_fields->virtual_bytes,
		       &ret_fields->resident_pages);
	fclose(stat);
}

void metrics_process_read(struct metrics_process *ret_process)
{
	double boot_s = (double)(boottime_wall_ns() - boottime_now_ns()) / (double)NS_PER_S;
	struct stat_fields fields;

	read_stat(&fields);
	*ret_process = (struct metrics_process){
		.started_s = boot_s + (double)fields.start_ticks / (double)sysconf(_SC_CLK_TCK),
		.cpu_s = cpu_seconds(),
		.resident_bytes = (uint64_t)fields.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE),
		.virtual_bytes = fields.virtual_bytes,
		.fds = count_fds(),
		.fds_max = max_fds(),
	};
}
