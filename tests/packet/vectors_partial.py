# SPDX-License-Identifier: BSD-3-Clause
"""Vectors of partial checksums, for vectors.py."""

import struct

from vectorcraft import (CLIENT, CLIENT6, DATA, PUBLIC, PUBLIC6, VM, VM6, case, hop, with_check)
from wirecraft import ACK, TCP, UDP, frame, ip4, ip6, left, tcp, udp


def partials():
    """The sender left the checksum to its NIC, and there is none on the way."""
    four = (CLIENT, 60000), (PUBLIC, 64785), (VM, 5901)
    tcp6 = (CLIENT6, 40000), (PUBLIC6, 64784), (VM6, 22)
    udp6 = (CLIENT6, 60000), (PUBLIC6, 64785), (VM6, 60001)
    for name, build, protocol, ends in (("tcp4", tcp, TCP, four), ("udp4", udp, UDP, four),
                                        ("tcp6", tcp, TCP, tcp6), ("udp6", udp, UDP, udp6)):
        client, lease, vm = ends
        for size in (0, 1, 2, 3, 15, 16, 31, 33, 64, 1001, 1448 if protocol == TCP else 1452):
            if ":" in client[0]:
                size = min(size, 1428)
            partial(f"{name}_{size}_from_client", build, protocol, (client, lease), (client, vm),
                    size, "public")
            partial(f"{name}_{size}_from_vm", build, protocol, (vm, client), (lease, client), size,
                    "builds")
    client, lease, vm = four
    data = {"flags": ACK, "payload": b"x"}
    before = frame(ip4(CLIENT, PUBLIC, TCP, tcp(*client, *lease, **data,
                                                check=left(CLIENT, PUBLIC, TCP, 21))))
    case("partial_padded_frame", "completed", before + b"\xaa" * 5,
         hop((client, vm), data, ttl=63) + b"\xaa" * 5)
    payload = with_check((client, vm), 0)
    after = hop((client, vm), payload, ttl=63)
    assert after[40:42] == b"\xff\xff"
    case("partial_udp4_becoming_zero_is_sent_as_ffff", "completed",
         frame(ip4(CLIENT, PUBLIC, UDP, udp(*client, *lease, payload=payload,
                                            check=left(CLIENT, PUBLIC, UDP, 10)))), after)
    case("partial_fragment_is_left_alone", "fragment",
         frame(ip4(CLIENT, PUBLIC, UDP, udp(*client, *lease, payload=DATA,
                                            check=left(CLIENT, PUBLIC, UDP, 8 + len(DATA))),
                   fragment=0x2000)))
    whole_by_chance(client, lease, vm)


def partial(name, build, protocol, before, after, size, role):
    make = ip6 if ":" in before[0][0] else ip4
    payload = (DATA * 60)[:size]
    check = left(before[0][0], before[1][0], protocol, (20 if protocol == TCP else 8) + size)
    raw = build(*before[0], *before[1], payload=payload, check=check)
    case(f"partial_{name}", "completed",
         frame(make(before[0][0], before[1][0], protocol, raw)),
         hop(after, payload if protocol == UDP else {"payload": payload}, ttl=63), role=role)


def whole_by_chance(client, lease, vm):
    """A whole checksum that is what would be left to a NIC: it is no other for being looked at."""
    wanted = left(CLIENT, PUBLIC, UDP, 10)
    payload = with_check((client, lease), wanted)
    before = hop((client, lease), payload)
    assert struct.unpack("!H", before[40:42])[0] == wanted
    case("udp4_whole_and_like_a_partial", "forwarded", before, hop((client, vm), payload, ttl=63))
    wanted = left(CLIENT, PUBLIC, TCP, 20)
    for window in range(0x10000):
        data = {"window": window}
        before = hop((client, lease), data)
        if struct.unpack("!H", before[50:52])[0] == wanted:
            break
    else:
        raise AssertionError("no such window")
    case("tcp4_whole_and_like_a_partial", "forwarded", before, hop((client, vm), data, ttl=63))
