/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host that starts has its addresses before sallyportd has its programs on the interfaces, and
 * would reset every session that sends meanwhile. So packets for the public ports are held back, by
 * a filter on the public interface (bpf/hold.bpf.c), from before there are addresses. It needs no
 * process and no pin, and ends by itself at a time of its own. One thread.
 */
#pragma once

#include <stdint.h>

struct config;

/*
 * Holds until then (CLOCK_BOOTTIME), or that much longer if it does already. Result: 0; -ENODEV if
 * there is no public interface yet; or -errno and *ret_reason, a sentence freed by the caller.
 */
int hold_begin(const struct config *config, uint64_t until_ns, char **ret_reason);

/*
 * Takes the filter off whatever interfaces have it; what else hangs there stays. Result: 0 or the
 * first -errno met; *ret_held is how many packets were held.
 */
int hold_end(uint64_t *ret_held);

/* Result: the sum of what the calls of hold_end() said. */
uint64_t hold_total(void);
