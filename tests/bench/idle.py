#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How many packets reach an interface, a while after the first.

  idle.py INTERFACE FROM_MS UNTIL_MS

Says "ready", waits for a rush of packets, and prints thousands a second between FROM_MS and UNTIL_MS
after its begin. Gives up after 30 s.
"""

import pathlib
import sys
import time

RUSH = 20  # packets in a look: more than what a quiet link has
LOOK_S = 0.001
LIMIT_S = 30


def main():
    first_s, last_s = float(sys.argv[2]) / 1000, float(sys.argv[3]) / 1000

    def look():
        """Returns when it was, and how many packets had come: of the namespace that this runs in."""
        for line in pathlib.Path("/proc/self/net/dev").read_text().splitlines():
            name, _, figures = line.partition(":")
            if name.strip() == sys.argv[1]:
                return time.monotonic(), int(figures.split()[1])
        sys.exit(f"idle.py: there is no interface {sys.argv[1]}")

    limit = time.monotonic() + LIMIT_S
    begun, before = look()
    print("ready", flush=True)
    while True:
        time.sleep(LOOK_S)
        now, packets = look()
        if packets - before >= RUSH:
            break
        if now > limit:
            sys.exit("idle.py: no packets came")
        begun, before = now, packets
    time.sleep(max(0, begun + first_s - time.monotonic()))
    at_first, nr_first = look()
    time.sleep(max(0, begun + last_s - time.monotonic()))
    at_last, nr_last = look()
    print((nr_last - nr_first) / (at_last - at_first) / 1000)


main()
