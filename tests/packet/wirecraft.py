# SPDX-License-Identifier: BSD-3-Clause
"""Frames byte by byte, every checksum summed in full. Shares nothing with the code under test."""

import ipaddress
import struct

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
LINKS = bytes.fromhex("020000000001" "020000000002")  # to, from


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    total = 0
    for at in range(0, len(data) - 1, 2):
        total += data[at] << 8 | data[at + 1]
    if len(data) % 2:
        total += data[-1] << 8
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def pseudo(source, target, protocol, length):
    s, t = address(source), address(target)
    if len(s) == 4:
        return s + t + struct.pack("!BBH", 0, protocol, length)
    return s + t + struct.pack("!IxxxB", length, protocol)


def tcp(source, sport, target, dport, seq=0, ack=0, flags=ACK, payload=b"", options=b"",
        window=0xFFFF, check=None, urgent=0):
    offset = (20 + len(options)) // 4
    parts = [struct.pack("!HHIIBBH", sport, dport, seq, ack, offset << 4, flags, window),
             struct.pack("!H", urgent) + options + payload]
    data = parts[0] + b"\0\0" + parts[1]
    if check is None:
        check = checksum(pseudo(source, target, TCP, len(data)) + data)
    return parts[0] + struct.pack("!H", check) + parts[1]


def udp(source, sport, target, dport, payload=b"", check=None):
    length = 8 + len(payload)
    data = struct.pack("!HHHH", sport, dport, length, 0) + payload
    if check is None:
        check = checksum(pseudo(source, target, UDP, length) + data) or 0xFFFF
    return data[:6] + struct.pack("!H", check) + payload


def icmp(kind, code, rest, payload):
    head = struct.pack("!BB", kind, code)
    check = checksum(head + b"\0\0" + struct.pack("!I", rest) + payload)
    return head + struct.pack("!HI", check, rest) + payload


def icmp6(source, target, kind, code, rest, payload):
    head = struct.pack("!BB", kind, code)
    data = head + b"\0\0" + struct.pack("!I", rest) + payload
    check = checksum(pseudo(source, target, ICMP6, len(data)) + data)
    return head + struct.pack("!HI", check, rest) + payload


def left(source, target, protocol, length):
    """What a sender leaves in the checksum's field for its NIC to complete."""
    return 0xFFFF - checksum(pseudo(source, target, protocol, length))


def ip4(source, target, protocol, payload, ttl=64, tos=0, ident=0x1234, fragment=0x4000,
        options=b"", total=None, check=None):
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack("!BBHHHBB", 0x40 | (20 + len(options)) // 4, tos, length, ident, fragment,
                       ttl, protocol)
    ends = address(source) + address(target) + options
    if check is None:
        check = checksum(head + b"\0\0" + ends)
    return head + struct.pack("!H", check) + ends + payload


def ip6(source, target, protocol, payload, hops=64, flow=0, length=None):
    return struct.pack("!IHBB", 0x60000000 | flow, len(payload) if length is None else length,
                       protocol, hops) + address(source) + address(target) + payload


def frame(packet, links=LINKS, kind=None, pad=b""):
    kind = kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)
    return links + struct.pack("!H", kind) + packet + pad


def back(links=LINKS):
    return links[6:12] + links[:6]
