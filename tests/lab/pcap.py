#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads the lab's captures (pcap, Ethernet, microseconds or nanoseconds), stdlib only.

  pcap.py count FILE              packets in the capture
  pcap.py after FILE NS           packets captured after a CLOCK_REALTIME time in nanoseconds
  pcap.py last FILE               time of the last packet, ns
  pcap.py silences FILE NS…       for each moment, the longest gap in the 0.2 s after it, in ms
  pcap.py flows FILE              distinct TCP/UDP connections, one a line
"""

import struct
import sys


def records(path):
    """Yields (time in ns, frame) of each packet; a half-written last one is left out."""
    with open(path, "rb") as file:
        header = file.read(24)
        if len(header) < 24:
            return
        order = "<" if header[0] in (0xD4, 0x4D) else ">"
        magic = struct.unpack(order + "I", header[:4])[0]
        unit = 1 if magic == 0xA1B23C4D else 1000
        while True:
            header = file.read(16)
            if len(header) < 16:
                return
            seconds, fraction, length, _ = struct.unpack(order + "IIII", header)
            frame = file.read(length)
            if len(frame) < length:
                return
            yield seconds * 1_000_000_000 + fraction * unit, frame


def flow(frame):
    """Returns the connection an IPv4 TCP or UDP frame belongs to, the same both ways, or None."""
    if len(frame) < 38 or frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return None
    ports = 14 + (frame[14] & 15) * 4
    source = ".".join(map(str, frame[26:30])), *struct.unpack("!H", frame[ports : ports + 2])
    target = ".".join(map(str, frame[30:34])), *struct.unpack("!H", frame[ports + 2 : ports + 4])
    return tuple(sorted((source, target)))


def silences(times, moments, window_ns=200_000_000):
    """Returns, for each moment, the longest gap between packets that touches the 0.2 s after it."""
    times = sorted(times)
    result = []
    for moment in moments:
        longest = 0
        for before, after in zip(times, times[1:]):
            if after >= moment and before <= moment + window_ns:
                longest = max(longest, after - before)
        result.append(longest)
    return result


def main(arguments):
    verb, path, rest = arguments[0], arguments[1], arguments[2:]
    if verb == "count":
        print(sum(1 for _ in records(path)))
    elif verb == "after":
        print(sum(1 for time, _ in records(path) if time > int(rest[0])))
    elif verb == "last":
        print(max((time for time, _ in records(path)), default=0))
    elif verb == "silences":
        for gap in silences([time for time, _ in records(path)], map(int, rest)):
            print(f"{gap / 1e6:.2f}")
    elif verb == "flows":
        for one in sorted({flow(frame) for _, frame in records(path)} - {None}):
            print("{}:{} {}:{}".format(*one[0], *one[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
