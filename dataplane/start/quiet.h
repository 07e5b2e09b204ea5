/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What libbpf, libxdp and DPDK's driver say by themselves. That our program is none that libxdp
 * counts users of, and that a pinned link keeps it from being taken off, is what we want.
 */
#pragma once

/* Has libbpf and libxdp say what they say to our log, as LOG_DEBUG. Before the first port. */
void quiet_libraries(void);

/* Has the driver not complain that it cannot take our program off. Before ports are closed. */
void quiet_driver(void);
