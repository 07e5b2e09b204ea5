/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/clock.h"

#define TURN_US 100000

bool loop_turn(sd_event *event, const struct instant *begun)
{
	struct instant now;

	assert_true(sd_event_run(event, TURN_US) >= 0);
	model_clock_read(&now);
	return now.boot_ns - begun->boot_ns < LOOP_LIMIT_NS;
}
