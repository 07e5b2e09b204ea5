#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""One UDP flow that is echoed, and how long it was silent.

    echo.py serve PORT              answers each datagram, until it is killed
    echo.py probe ADDRESS PORT FILE sends one each millisecond from one port, and writes the time (CLOCK_REALTIME, ns)
                                    of each answer to FILE, until it is killed
    echo.py silence FILE FROM TO    prints the longest time without an answer between two times (ns), in ms
"""

import select
import socket
import sys
import time

EVERY_S = 0.001


def serve(port):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(("0.0.0.0", port))
    while True:
        data, peer = end.recvfrom(2048)
        end.sendto(data, peer)


def probe(address, port, path):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.connect((address, port))
    end.setblocking(False)
    following = time.monotonic()
    with open(path, "w", buffering=1, encoding="ascii") as out:
        while True:
            now = time.monotonic()
            try:
                if now >= following:
                    following = max(following + EVERY_S, now)
                    end.send(b"x" * 64)
                if select.select([end], [], [], max(0, following - time.monotonic()))[0]:
                    end.recv(2048)
                    print(time.time_ns(), file=out)
            except OSError:  # an ICMP error, which the next answer is an end of
                continue


def silence(path, first, last):
    with open(path, encoding="ascii") as lines:
        times = [int(line) for line in lines.read().split("\n")[:-1]]
    times = [first] + [when for when in times if first <= when <= last] + [last]
    print(f"{max(b - a for a, b in zip(times, times[1:])) / 1e6:.1f}")


def main():
    verb, arguments = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        serve(int(arguments[0]))
    elif verb == "probe":
        probe(arguments[0], int(arguments[1]), arguments[2])
    else:
        silence(arguments[0], int(arguments[1]), int(arguments[2]))


if __name__ == "__main__":
    main()
