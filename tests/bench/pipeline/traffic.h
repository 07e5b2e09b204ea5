/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of a situation, as a capture file that net_pcap repeats. */
#pragma once

struct situation;

/*
 * Writes nr_flows packets, each of a client of its own and a lease drawn at random, the same ones
 * every time. Result: 0, or -EIO.
 */
int traffic_write(const struct situation *situation, const char *path);
