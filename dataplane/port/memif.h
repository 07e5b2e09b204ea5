/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's side of a memif. DPDK's driver dials once, when the device starts, and a device that
 * did not start must not be polled: so whether anybody listens is asked before.
 */
#pragma once

#include <stdbool.h>

/* Result: whether devargs name a memif that is the client, which is who dials. */
bool memif_is_client(const char *devargs);

/* Result: whether somebody answers where such a client dials. It waits while one is busy. */
bool memif_has_server(const char *devargs);
