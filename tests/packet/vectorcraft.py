# SPDX-License-Identifier: BSD-3-Clause
"""What all vectors are made of: the hosts, packets between them, and the list of cases."""

import struct

from wirecraft import TCP, UDP, checksum, frame, ip4, ip6, pseudo, tcp, udp

PUBLIC, CLIENT, VM = "192.0.2.1", "198.51.100.9", "10.0.3.7"
PUBLIC6, CLIENT6, VM6 = "2001:db8:2::1", "2001:db8:c::9", "2001:db8:b::7"
STRANGER, ROUTER, ROUTER6 = "198.51.100.200", "203.0.113.99", "2001:db8:aa::1"
DATA = bytes(range(33, 60))
OPTIONS = bytes.fromhex("020405b40402080a0102030400000000" "01030307")

cases = []


def case(name, verdict, before, after=None, role="public", now=500, mtu=1500):
    cases.append((name, role, now, mtu, before, verdict, after))


def hop(ends, payload, before=None, ttl=64):
    """One packet between two ends ((address, port), (address, port)) of TCP or UDP."""
    (source, sport), (target, dport) = ends
    make = ip6 if ":" in source else ip4
    protocol, build = (UDP, udp) if isinstance(payload, bytes) else (TCP, tcp)
    options = {"payload": payload} if isinstance(payload, bytes) else payload
    hops = {"hops": ttl} if ":" in source else {"ttl": ttl}
    return frame(make(source, target, protocol, build(source, sport, target, dport, **options),
                      **hops))


def with_check(ends, wanted):
    """A UDP payload for which the checksum of the packet between these ends comes out so."""
    (source, sport), (target, dport) = ends
    data = struct.pack("!HHHH", sport, dport, 10, 0)
    rest = checksum(pseudo(source, target, UDP, 10) + data)
    word = (rest - wanted) % 0xFFFF
    return struct.pack("!H", word)
