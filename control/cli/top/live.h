/* SPDX-License-Identifier: BSD-3-Clause */
/* The screen that lives: keys, ticks and signals. */
#pragma once

#include "cli/top/feed.h"

/*
 * Takes the terminal, and gives it back when somebody quits. The state has been fed once. Result:
 * CLI_EXIT_OK, or why there is no screen has been told; a signal that ends it ends the process.
 */
enum cli_exit top_live_run(struct top_feed *feed, unsigned int delay_ms);
