/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's side of a memif. DPDK's driver dials once, when the device starts, and a device that
 * did not start must not be polled: so whether anybody listens is asked before.
 */
#pragma once

#include <stdbool.h>

/* Result: whether devargs name a memif that is the client, which is who dials. */
bool memif_is_client(const char *devargs);

/*
 * Result: a connection to who listens where such a client dials, to be closed; -1 if nobody does,
 * or if two that it has not accepted yet, which are all that its queue holds, are still before us
 * after most_ms (0: now). The server greets whom it has accepted, and a caller waits for that
 * before it hangs up.
 */
int memif_call(const char *devargs, int most_ms);

enum memif_answer {
	MEMIF_SILENT,  /* it has not greeted yet */
	MEMIF_GREETED, /* it serves */
	MEMIF_GONE,
};

/* Waits for the greeting for so long at most. */
enum memif_answer memif_hear(int fd, int most_ms);
