/* SPDX-License-Identifier: BSD-3-Clause */
/* The API on the fleet's socket: changes of builds are the fleet's, looks are passed to sallyportd.
 */
#pragma once

struct fleet;
struct fleet_changes;
struct fleet_serve;

/*
 * listen_fd is taken over, also on failure. Result: 0, -ENOMEM, what sd-event says, or as
 * roles_new() with *ret_reason.
 */
int fleet_serve_open(struct fleet *fleet, struct fleet_changes *changes, int listen_fd,
		     struct fleet_serve **ret_serve, char **ret_reason);

/* After the changes were closed. NULL is allowed. */
void fleet_serve_close(struct fleet_serve *serve);
