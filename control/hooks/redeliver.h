/* SPDX-License-Identifier: BSD-3-Clause */
/* Delivering what was given up once more. */
#pragma once

struct options;
struct stop;

/*
 * Takes all dead letters and delivers each to whom it was for, once; one that is not taken now
 * either is a dead letter again. Interrupted by whatever, the next call begins with the same ones.
 * Result: 0 if there are none any more; -EBUSY some were not taken; -EINTR; -EWOULDBLOCK another
 * process is at it; or -errno. All is logged.
 */
int hooks_redeliver_run(const struct options *options, const struct stop *stop);
