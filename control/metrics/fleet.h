/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyport-fleet has said of its fleet, as metrics: by the table of roster/. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct roster_heard;

/* heard NULL: there is no fleet. What was said too long ago is not written. */
void metrics_fleet_write(const struct roster_heard *heard, uint64_t now_ns, FILE *out);
