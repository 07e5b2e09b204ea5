#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A router that advertises itself on one link: advertise.py INTERFACE [LIFETIME_S]

Sends one router advertisement (RFC 4861) to all nodes, from the link-local address.
"""

import errno
import socket
import struct
import sys
import time

ALL_NODES = "ff02::1"
LIMIT_S = 10


def main():
    interface, lifetime_s = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1800
    index = socket.if_nametoindex(interface)
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    # Type 134, code, checksum (the kernel's), hop limit, flags, lifetime, reachable, retransmit.
    packet = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime_s, 0, 0)
    send(sock, packet, (ALL_NODES, 0, 0, index))


def send(sock, packet, to):
    """A link that has just come up has no way to its multicast addresses for a moment."""
    until = time.monotonic() + LIMIT_S
    while True:
        try:
            return sock.sendto(packet, to)
        except OSError as error:
            if error.errno not in (errno.ENETUNREACH, errno.EADDRNOTAVAIL) or time.monotonic() > until:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    main()
