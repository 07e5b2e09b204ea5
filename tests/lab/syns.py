#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends bare SYNs to a port, each in the name of another address, stdlib only.

  syns.py DEV GATEWAY TARGET:PORT COUNT RATE

The names are of 198.18.0.0/15, where nobody is: what answers them is lost. RATE is SYNs a second.
"""

import errno
import socket
import struct
import sys
import time

import send

FIRST = 0xC6120001


def segment(target, source, port):
    """Returns an IPv4 packet with a SYN."""
    addresses = struct.pack("!I", source) + socket.inet_aton(target)
    head = struct.pack("!HHIIBBHHH", 1024 + source % 60000, port, source, 0, 5 << 4, 2, 512, 0, 0)
    total = send.checksum(addresses + struct.pack("!BBH", 0, 6, 20) + head)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + addresses
    return packet[:10] + struct.pack("!H", send.checksum(packet)) + packet[12:] + head


def main(dev, gateway, target, count, rate):
    address, port = target.rsplit(":", 1)
    macs = send.neighbour_mac(dev, gateway) + ":" + send.own_mac(dev)
    ethernet = bytes.fromhex(macs.replace(":", "")) + b"\x08\x00"
    begun = time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((dev, 0))
        for number in range(int(count)):
            try:
                out.send(ethernet + segment(address, FIRST + number, int(port)))
            except OSError as error:  # too many are on their way
                if error.errno != errno.ENOBUFS:
                    raise
            ahead = begun + number / int(rate) - time.monotonic()
            if ahead > 0.01:
                time.sleep(ahead)


if __name__ == "__main__":
    main(*sys.argv[1:])
