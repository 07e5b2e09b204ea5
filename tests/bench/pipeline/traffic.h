/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of a situation, as a capture file that net_pcap repeats. */
#pragma once

struct situation;

/*
 * Where packets have hints, so many bytes of each record come before the frame, the hint being the
 * last of them: a cache line, so that the frame begins one, too.
 */
#define TRAFFIC_HINT_BYTES 64u

/*
 * Writes nr_flows packets, each of a client of its own and a lease drawn at random, the same ones
 * every time. Result: 0, or -EIO.
 */
int traffic_write(const struct situation *situation, const char *path);
