/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Another clock for the program it is preloaded into: wall time is OTHER_CLOCK_S seconds ahead, and
 * synchronised, with a bound of a millisecond, unless OTHER_CLOCK_LOST is set.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
	const char *ahead_s = getenv("OTHER_CLOCK_S");
	int error = (int)syscall(SYS_clock_gettime, clock, time);

	if (!error && clock == CLOCK_REALTIME && ahead_s)
		time->tv_sec += atol(ahead_s);
	return error;
}

int adjtimex(struct timex *timex)
{
	if (getenv("OTHER_CLOCK_LOST")) {
		*timex = (struct timex){.status = STA_UNSYNC, .maxerror = 16000000};
		return TIME_ERROR;
	}
	*timex = (struct timex){.maxerror = 1000};
	return TIME_OK;
}
