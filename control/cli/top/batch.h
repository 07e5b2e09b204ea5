/* SPDX-License-Identifier: BSD-3-Clause */
/* The list as plain text, for scripts. */
#pragma once

#include "cli/top/feed.h"

/* Prints the list count times, an empty line between; the state has been fed once. */
enum cli_exit top_batch_run(struct top_feed *feed, unsigned int delay_ms, unsigned long count);
