/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked for the build that is open. */
#pragma once

#include "cli/top/ask.h"

/* Asks for a part of top->detail. Result: 0, or -errno and top->lost says why. */
int top_feed_detail_ask(struct client *client, struct top *top, enum top_part part);

/* Looks for clients of it that were refused, among the latest events up to seq. */
int top_feed_detail_past(struct client *client, struct top *top, uint64_t seq);
