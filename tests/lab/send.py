#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends IPv4 packets as they are told, past the machine's own stack, stdlib only.

  send.py DEV GATEWAY tcp|udp|icmp SOURCE:PORT TARGET:PORT [FLAGS [COUNT [TTL]]]

GATEWAY is the address whose link address they go to; FLAGS are of SAFRPU or "-"; the payload is
"sallyport-test". ICMP sends an echo request and ignores the ports.
"""

import re
import socket
import struct
import subprocess
import sys

PAYLOAD = b"sallyport-test"
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "-": 0}


def checksum(data):
    """Returns the Internet checksum of some bytes."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout


def own_mac(dev):
    return re.search(r"link/ether ([0-9a-f:]{17})", ip("link", "show", dev)).group(1)


def neighbour_mac(dev, address):
    """Returns a neighbour's link address, made known by a UDP packet to it if it is not yet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"", (address, 9))
    for _ in range(1000):
        found = re.search(r"lladdr ([0-9a-f:]{17})", ip("neigh", "show", address, "dev", dev))
        if found:
            return found.group(1)
    sys.exit(f"send.py: nobody answers for {address} on {dev}")


def l4(protocol, source, target, flags, sequence):
    """Returns (protocol number, segment) with a right checksum."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    if protocol == "icmp":
        body = struct.pack("!BBHHH", 8, 0, 0, 1, 1) + PAYLOAD
        return 1, body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    if protocol == "udp":
        head = struct.pack("!HHHH", source[1], target[1], 8 + len(PAYLOAD), 0)
        number, at = 17, 6
    else:
        bits = sum(FLAGS[letter] for letter in flags)
        head = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 2000, 5 << 4, bits, 512, 0, 0)
        number, at = 6, 16
    pseudo = addresses + struct.pack("!BBH", 0, number, len(head) + len(PAYLOAD))
    total = checksum(pseudo + head + PAYLOAD)
    return number, head[:at] + struct.pack("!H", total) + head[at + 2 :] + PAYLOAD


def datagram(protocol, source, target, flags, ttl, sequence=1000):
    number, segment = l4(protocol, source, target, flags, sequence)
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, ttl, number, 0) + addresses
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + segment


def endpoint(text):
    address, _, port = text.partition(":")
    return address, int(port or 0)


def main(dev, gateway, protocol, source, target, flags="-", count="1", ttl="64"):
    packet = datagram(protocol, endpoint(source), endpoint(target), flags, int(ttl))
    macs = neighbour_mac(dev, gateway) + ":" + own_mac(dev)
    frame = bytes.fromhex(macs.replace(":", "")) + b"\x08\x00" + packet
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((dev, 0))
        for _ in range(int(count)):
            out.send(frame)


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
