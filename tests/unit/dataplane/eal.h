/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment for tests. */
#pragma once

/* Starts EAL once for the program: no hugepages, no devices. Result: 0 or -EIO. */
int eal_start(void);
