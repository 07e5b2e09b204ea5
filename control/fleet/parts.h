/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of sallyport-fleet, made in order and undone in reverse, on a loop of the caller's. */
#pragma once

#include <systemd/sd-event.h>

struct config;
struct fleet;
struct fleet_parts;

/* The loop and the configuration outlive them. Result: 0 or -errno; what is wrong was logged. */
int fleet_parts_open(sd_event *event, const struct config *config, struct fleet_parts **ret_parts);

/* NULL is allowed. */
void fleet_parts_close(struct fleet_parts *parts);

/* Result: what they share; lives as long as they do. */
struct fleet *fleet_parts_fleet(struct fleet_parts *parts);
