#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a NIC would make of the TCP segments that arrive at an interface.

    vnet.py INTERFACE PORT COUNT     from that source port, so many

packet(7) with PACKET_VNET_HDR says of each whether its checksum was left to a NIC, as a driver that
sends it would be told. Such a one is completed as hardware does (RFC 1071, from csum_start). Prints
how many were left, whole, and wrong after that; merged ones are passed over.
"""

import socket
import struct
import sys

PACKET_VNET_HDR, NEEDS_CSUM, SOL_PACKET, ETH_P_ALL = 15, 1, 263, 3


def fold(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def segment_of(frame, port):
    """Returns (offset of TCP, its end, pseudo header) of a segment from that port, or None."""
    if frame[12:14] == b"\x08\x00" and frame[23] == 6:
        start, end = 34, 14 + struct.unpack("!H", frame[16:18])[0]
        addresses = frame[26:34]
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 6:
        start, end = 54, 54 + struct.unpack("!H", frame[18:20])[0]
        addresses = frame[22:54]
    else:
        return None
    if struct.unpack("!H", frame[start:start + 2])[0] != port:
        return None
    return start, end, addresses + struct.pack("!HH", 6, end - start)


def main():
    interface, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    packets.bind((interface, ETH_P_ALL))
    packets.settimeout(60)
    print("ready", flush=True)
    left = whole = wrong = 0
    while left + whole < count:
        data, where = packets.recvfrom(70000)
        flags, kind, _, _, begin, offset = struct.unpack("=BBHHHH", data[:10])
        frame = bytearray(data[10:])
        found = segment_of(frame, port)
        if where[2] == socket.PACKET_OUTGOING or kind or not found:
            continue
        start, end, pseudo = found
        if flags & NEEDS_CSUM:
            left += 1
            frame[begin + offset:begin + offset + 2] = struct.pack(
                "!H", ~fold(bytes(frame[begin:end])) & 0xffff)
        else:
            whole += 1
        wrong += fold(pseudo + bytes(frame[start:end])) != 0xffff
    print(f"left {left} whole {whole} wrong {wrong}", flush=True)


main()
