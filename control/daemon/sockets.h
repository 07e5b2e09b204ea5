/* SPDX-License-Identifier: BSD-3-Clause */
/* The listening sockets of the API, as configured. */
#pragma once

#include "api/server.h"

struct config;

/*
 * Opens the configured sockets; those not configured are -1. Result: 0, or -errno with *ret_reason,
 * a sentence to be freed (NULL without memory), and nothing left open.
 */
int daemon_sockets_open(const struct config *config, int ret_fds[API_DOORS_NR], char **ret_reason);

/* Removes their paths; the descriptors are the API's. */
void daemon_sockets_unlink(const struct config *config);
