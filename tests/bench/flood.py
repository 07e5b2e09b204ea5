#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Numbered datagrams through a UDP forward, and how many of them do not come back.

  flood.py echo PORT                   on the VM: sends back what comes
  flood.py probe ADDRESS PORT RATE     on the client: RATE a second until SIGTERM, then waits a second
                                       for the last ones; prints how many were sent, and how many lost
"""

import select
import signal
import socket
import sys
import time

ROOM = 8 << 20
SO_RCVBUFFORCE = 33
LAST_S = 1.0


def udp():
    """Returns a socket that keeps what comes while nobody reads."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    return end


def echo(port):
    end = udp()
    end.bind(("0.0.0.0", int(port)))
    print("up", flush=True)
    while True:
        data, who = end.recvfrom(2048)
        end.sendto(data, who)


def take(end, missing, until):
    """Takes what comes back until then, or until nothing is missing."""
    while missing and select.select([end], [], [], max(0, until - time.monotonic()))[0]:
        try:
            missing.discard(int(end.recv(2048)))
        except ConnectionRefusedError:
            pass
    time.sleep(max(0, until - time.monotonic()))


def probe(address, port, rate):
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    end = udp()
    end.connect((address, int(port)))
    missing, number, begun = set(), 0, time.monotonic()
    while not ended:
        missing.add(number)
        end.send(str(number).encode())
        number += 1
        take(end, missing, begun + number / float(rate))
    take(end, missing, time.monotonic() + LAST_S)
    print(number, len(missing))


if __name__ == "__main__":
    {"echo": echo, "probe": probe}[sys.argv[1]](*sys.argv[2:])
