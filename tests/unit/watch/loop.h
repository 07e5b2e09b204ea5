/* SPDX-License-Identifier: BSD-3-Clause */
/* An event loop that a test turns until it sees what it waits for. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

struct instant;

#define LOOP_LIMIT_NS (20 * 1000000000ULL)

/* Turns the loop once, for at most a moment. Result: false once begun is longer ago than
 * LOOP_LIMIT_NS. */
bool loop_turn(sd_event *event, const struct instant *begun);
