/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the processes' logs are shown. */
#pragma once

#include <stdbool.h>

extern bool sim_quiet_talks;

/* A line of ours between theirs. */
void sim_quiet_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whose lines come from here on. */
void sim_quiet_enter(int host);
