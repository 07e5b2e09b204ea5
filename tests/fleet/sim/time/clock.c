/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock.h"

#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

#include "agenda.h"
#include "chance.h"
#include "host/boottime.h"

#define WALL_NS (1795000000 * NS_PER_S)
#define UP_NS	NS_PER_S /* a host's clock does not begin at 0 */

static const struct sim_clock *current;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_adjtimex(struct timex *timex);
ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned int flags);

void sim_clock_enter(const struct sim_clock *clock)
{
	current = clock;
}

uint64_t sim_clock_true_ns(const struct sim_clock *clock, uint64_t boot_ns)
{
	if (!clock || boot_ns > UINT64_MAX / 2)
		return boot_ns;
	return boot_ns > UP_NS ? clock->booted_ns + boot_ns - UP_NS : clock->booted_ns;
}

uint64_t sim_clock_boot_ns(const struct sim_clock *clock)
{
	return clock ? sim_agenda_now_ns() - clock->booted_ns + UP_NS : sim_agenda_now_ns();
}

uint64_t sim_clock_wall_ns(void)
{
	return WALL_NS + sim_agenda_now_ns();
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	uint64_t ns = clock == CLOCK_REALTIME
			      ? sim_clock_wall_ns() + (uint64_t)(current ? current->error_ns : 0)
			      : sim_clock_boot_ns(current);

	*ret = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
	return 0;
}

int __wrap_adjtimex(struct timex *timex)
{
	timex->status = current && current->lost ? STA_UNSYNC : 0;
	timex->maxerror = (long)((current ? current->bound_ns : 0) / NS_PER_US);
	return current && current->lost ? TIME_ERROR : TIME_OK;
}

ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned int flags)
{
	unsigned char *at = buffer;

	for (size_t i = 0; i < bytes; i++)
		at[i] = (unsigned char)sim_chance_below(256);
	return (ssize_t)bytes;
}
