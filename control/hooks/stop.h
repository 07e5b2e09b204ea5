/* SPDX-License-Identifier: BSD-3-Clause */
/* Being asked to stop, by SIGTERM or SIGINT: seen between two steps and while waiting. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct stop {
	int fd; /* readable once asked; for others to wait on too */
};

/* Blocks both signals in this thread; a child must unblock them. Result: 0 or -errno. */
int hooks_stop_open(struct stop *stop);
void hooks_stop_close(struct stop *stop);

bool hooks_stop_asked(const struct stop *stop);

/* Waits so long. Result: true at once if asked to stop. */
bool hooks_stop_wait(const struct stop *stop, uint64_t wait_ns);
