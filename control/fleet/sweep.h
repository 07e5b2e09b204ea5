/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has to be done now and then: the store is told of builds that have ended here, records whose
 * ports have rested are forgotten, and builds that are open here without a record are cancelled.
 */
#pragma once

struct fleet;
struct fleet_changes;
struct sweep;

/* Result: 0, -ENOMEM, or what sd-event says. */
int fleet_sweep_open(struct fleet *fleet, struct fleet_changes *changes, struct sweep **ret_sweep);

/* NULL is allowed. */
void fleet_sweep_close(struct sweep *sweep);

/* The store was read as a whole: what is open here is compared with it. */
void fleet_sweep_compare(struct sweep *sweep);
