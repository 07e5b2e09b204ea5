# SPDX-License-Identifier: BSD-3-Clause
"""Vectors of a prefix of which each session has an address of its own."""

import ipaddress

from vectorcraft import CLIENT6, DATA, ROUTER6, case, hop
from wirecraft import ACK, ICMP6, PSH, SYN, TCP, frame, icmp6, ip6, tcp

PREFIX = 0x20010DB800050000A000 << 48
VM, PORT = "2001:db8:b::20", 22


def own(number, port=PORT):
    """As fixture_public_addr() has it: the last 16 bits lead to the slot."""
    bits = (number * 0x51ED & 0xFFFF) << 32 | (number * 0x9E37 & 0xFFFF) << 16 | number ^ port
    return str(ipaddress.IPv6Address(PREFIX | bits))


def near(number, bit, port=PORT):
    """An address that differs in one bit."""
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(own(number, port))) ^ 1 << bit))


def add():
    client, lease, vm = (CLIENT6, 40000), (own(64784), PORT), (VM, 22)
    data = {"flags": ACK | PSH, "payload": DATA}
    case("own_address_reaches_vm", "forwarded", hop((client, lease), data),
         hop((client, vm), data, ttl=63))
    case("own_address_answers", "forwarded", hop((vm, client), data),
         hop((lease, client), data, ttl=63), role="builds")
    quoted = ip6(own(64784), CLIENT6, TCP, tcp(own(64784), PORT, CLIENT6, 40000), hops=3)
    inside = ip6(VM, CLIENT6, TCP, tcp(VM, 22, CLIENT6, 40000), hops=3)
    case("own_address_error_reaches_vm", "forwarded",
         frame(ip6(ROUTER6, own(64784), ICMP6, icmp6(ROUTER6, own(64784), 2, 0, 1280, quoted))),
         frame(ip6(ROUTER6, VM, ICMP6, icmp6(ROUTER6, VM, 2, 0, 1280, inside), hops=63)))
    for bit in (0, 15, 16, 31, 32, 47):
        case(f"own_address_with_bit_{bit}_changed_had_no_session", "no_lease",
             hop((client, (near(64784, bit), PORT)), {"flags": ACK}))
    for bit in (48, 63, 64, 127):
        case(f"own_address_with_bit_{bit}_changed_is_of_no_prefix", "no_lease",
             hop((client, (near(64784, bit), PORT)), {"flags": ACK}))
    case("own_address_at_another_port", "no_lease",
         hop((client, (own(64784), PORT + 1)), {"flags": SYN}))
    # The port that an address of another session would have that slot at.
    case("own_address_at_the_port_of_another_slot", "no_lease",
         hop((client, (own(64784), PORT ^ 64784 ^ 64787)), {"flags": SYN}))
    case("own_address_by_udp", "no_lease", hop((client, lease), DATA))
    case("own_address_ended", "ended", hop((client, (own(64787), PORT)), {"flags": ACK}))
    case("own_address_reserved", "reserved", hop((client, (own(64788), PORT)), {"flags": SYN}))
    for name, source in (("own", own(64784)), ("never_given", near(64784, 40))):
        case(f"own_address_{name}_is_no_client", "spoofed",
             hop(((source, 40000), lease), {"flags": ACK}))
        case(f"own_address_{name}_is_no_destination", "to_host",
             hop((vm, (source, 40000)), {"flags": ACK}), role="builds")
    case("own_address_beside_the_prefix_is_a_client", "forwarded",
         hop(((near(64784, 60), 40000), lease), {"flags": ACK}),
         hop(((near(64784, 60), 40000), vm), {"flags": ACK}, ttl=63))
