#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes vectors.txt: a table, and packets with what must become of them.

    vectors.py > vectors.txt
    vectors.py --check vectors.txt

Each expected packet is built afresh from its own addresses, not out of the one that went in.
"""

import difflib
import pathlib
import struct
import sys

import vectors_own
import vectors_partial
from vectorcraft import (CLIENT, CLIENT6, DATA, OPTIONS, PUBLIC, PUBLIC6, ROUTER, ROUTER6, STRANGER,
                         VM, VM6, case, cases, hop, with_check)
from wirecraft import (ACK, FIN, ICMP, ICMP6, LINKS, PSH, RST, SYN, TCP, UDP, back, checksum, frame,
                       icmp, icmp6, ip4, ip6, tcp, udp)

TABLE = """\
public 0 192.0.2.1
public 1 2001:db8:2::1
prefix 2 2001:db8:5:0:a000::/80
local 192.0.2.9
local 10.0.0.1
local 2001:db8:b::1
network 10.0.0.0/16
network 2001:db8:b::/64
allow 1 198.51.100.0/25
allow 1 203.0.113.7/32
allow 1 ::/0
allow 2 2001:db8:c::/48
allow 2 0.0.0.0/0
lease 0 64784 live 10.0.3.7 22 tcp 1000 0
lease 0 64785 live 10.0.3.7 5901 tcp,udp 1000 0
lease 0 64786 reserved 0.0.0.0 0 tcp 1000 0
lease 0 64787 ended 10.0.3.8 22 tcp 1000 0
lease 0 64788 live 10.0.3.9 22 tcp 1000 1
lease 0 64789 ended 10.0.3.10 22 tcp 1000 0
lease 0 64790 live 10.0.3.10 22 tcp 1000 0
lease 0 64791 ended 10.0.3.11 60001 udp 1000 0
lease 0 64792 live 10.0.3.12 60001 udp 1000 0
lease 1 64784 live 2001:db8:b::7 22 tcp 1000 0
lease 1 64785 live 2001:db8:b::7 60001 udp 1000 0
lease 1 64787 ended 2001:db8:b::8 22 tcp 1000 0
lease 1 64788 live 2001:db8:b::9 22 tcp 1000 2
lease 2 64784 live 2001:db8:b::20 22 tcp 1000 0
lease 2 64787 ended 2001:db8:b::21 22 tcp 1000 0
lease 2 64788 reserved :: 0 tcp 1000 0"""

def both_ways(name, payload, client, lease, vm):
    case(f"{name}_from_client_reaches_vm", "forwarded", hop((client, lease), payload),
         hop((client, vm), payload, ttl=63))
    case(f"{name}_from_vm_reaches_client", "forwarded", hop((vm, client), payload),
         hop((lease, client), payload, ttl=63), role="builds")
    case(f"{name}_from_client_one_arm", "forwarded", hop((client, lease), payload),
         hop((client, vm), payload, ttl=63), role="both")
    case(f"{name}_from_vm_one_arm", "forwarded", hop((vm, client), payload),
         hop((lease, client), payload, ttl=63), role="both")


def plain():
    four = (CLIENT, 40000), (PUBLIC, 64784), (VM, 22)
    six = (CLIENT6, 40000), (PUBLIC6, 64784), (VM6, 22)
    for name, ends in (("tcp4", four), ("tcp6", six)):
        both_ways(f"{name}_data", {"seq": 7, "ack": 9, "flags": ACK | PSH, "payload": DATA}, *ends)
        both_ways(f"{name}_options", {"flags": SYN | ACK, "options": OPTIONS}, *ends)
        both_ways(f"{name}_fin", {"flags": FIN | ACK, "seq": 0xFFFFFFFF}, *ends)
        both_ways(f"{name}_reset", {"flags": RST, "seq": 5}, *ends)
        both_ways(f"{name}_urgent", {"flags": ACK | 0x20, "urgent": 3, "payload": DATA}, *ends)
        client, lease, vm = ends
        case(f"{name}_syn_reaches_vm", "forwarded",
             hop((client, lease), {"flags": SYN, "options": OPTIONS}),
             hop((client, vm), {"flags": SYN, "options": OPTIONS}, ttl=63))
    both_ways("udp4_data", DATA, (CLIENT, 60000), (PUBLIC, 64785), (VM, 5901))
    both_ways("udp4_empty", b"", (CLIENT, 60000), (PUBLIC, 64785), (VM, 5901))
    both_ways("udp6_data", DATA, (CLIENT6, 60000), (PUBLIC6, 64785), (VM6, 60001))


def checksums():
    client, lease, vm = (CLIENT, 60000), (PUBLIC, 64785), (VM, 5901)
    raw = ip4(CLIENT, PUBLIC, UDP, udp(*client, *lease, payload=DATA, check=0))
    case("udp4_without_checksum_stays_without", "forwarded", frame(raw),
         frame(ip4(CLIENT, VM, UDP, udp(*client, *vm, payload=DATA, check=0), ttl=63)))
    # The checksum becomes 0 by the translation: it must go out as ffff.
    payload = with_check((client, vm), 0)
    after = hop((client, vm), payload, ttl=63)
    assert after[40:42] == b"\xff\xff"
    case("udp4_checksum_becoming_zero_is_sent_as_ffff", "forwarded", hop((client, lease), payload),
         after)
    # It was ffff, which stands for 0, and becomes something else.
    payload = with_check((client, lease), 0)
    before = hop((client, lease), payload)
    assert before[40:42] == b"\xff\xff"
    case("udp4_checksum_ffff_is_translated", "forwarded", before,
         hop((client, vm), payload, ttl=63))
    tcp_check("tcp4_checksum_becoming_zero_is_zero", 0)
    header_check()
    bad = tcp(CLIENT, 40000, PUBLIC, 64784, payload=DATA)
    wrong = (struct.unpack("!H", bad[16:18])[0] + 0x0101) % 0xFFFF
    good = struct.unpack("!H", tcp(CLIENT, 40000, VM, 22, payload=DATA)[16:18])[0]
    case("tcp4_wrong_checksum_stays_wrong_by_as_much", "forwarded",
         frame(ip4(CLIENT, PUBLIC, TCP, tcp(CLIENT, 40000, PUBLIC, 64784, payload=DATA,
                                            check=wrong))),
         frame(ip4(CLIENT, VM, TCP, tcp(CLIENT, 40000, VM, 22, payload=DATA,
                                        check=(good + 0x0101) % 0xFFFF), ttl=63)))


def tcp_check(name, wanted):
    for window in range(0x10000):
        data = tcp(CLIENT, 40000, VM, 22, window=window)
        if struct.unpack("!H", data[16:18])[0] == wanted:
            break
    case(name, "forwarded", frame(ip4(CLIENT, PUBLIC, TCP,
                                      tcp(CLIENT, 40000, PUBLIC, 64784, window=window))),
         frame(ip4(CLIENT, VM, TCP, data, ttl=63)))


def header_check():
    """The IPv4 header's own checksum on both sides of its wrap."""
    for name, place, wanted in (("before_is_zero", 0, 0), ("after_is_zero", 1, 0),
                                ("before_is_fffe", 0, 0xFFFE)):
        for ident in range(0x10000):
            packets = [ip4(CLIENT, PUBLIC, TCP, tcp(CLIENT, 40000, PUBLIC, 64784), ident=ident),
                       ip4(CLIENT, VM, TCP, tcp(CLIENT, 40000, VM, 22), ident=ident, ttl=63)]
            if struct.unpack("!H", packets[place][10:12])[0] == wanted:
                break
        else:
            continue
        case(f"ip4_header_checksum_{name}", "forwarded", frame(packets[0]), frame(packets[1]))


def lengths():
    data = {"flags": ACK | PSH, "payload": b"x"}
    client, lease, vm = (CLIENT, 40000), (PUBLIC, 64784), (VM, 22)
    short = hop((client, lease), data)
    case("padding_of_a_short_frame_is_kept", "forwarded", short + b"\xaa" * 5,
         hop((client, vm), data, ttl=63) + b"\xaa" * 5)
    packet = ip4(CLIENT, PUBLIC, TCP, tcp(CLIENT, 40000, PUBLIC, 64784, payload=DATA))
    case("ip4_longer_than_its_frame", "truncated", frame(packet[:-1]))
    case("ip4_total_length_below_its_header", "truncated",
         frame(ip4(CLIENT, PUBLIC, TCP, DATA, total=19)))
    case("ip4_total_length_cuts_the_tcp_header", "truncated",
         frame(ip4(CLIENT, PUBLIC, TCP, tcp(CLIENT, 1, PUBLIC, 64784), total=39)))
    case("ip4_of_version_5", "truncated", frame(b"\x55" + packet[1:]))
    case("ip4_header_of_16_bytes", "ip_options", frame(b"\x44" + packet[1:]))
    case("tcp_offset_below_its_header", "truncated", frame(ip4(
        CLIENT, PUBLIC, TCP, tcp(CLIENT, 1, PUBLIC, 64784)[:12] + b"\x40" + bytes(7))))
    case("tcp_offset_beyond_the_packet", "truncated", frame(ip4(
        CLIENT, PUBLIC, TCP, tcp(CLIENT, 1, PUBLIC, 64784)[:12] + b"\x60" + bytes(7))))
    case("udp_header_cut", "truncated", frame(ip4(CLIENT, PUBLIC, UDP, bytes(7))))
    case("eth_header_only", "truncated", frame(b"\x45")[:14])
    six = ip6(CLIENT6, PUBLIC6, TCP, tcp(CLIENT6, 1, PUBLIC6, 64784))
    case("ip6_longer_than_its_frame", "truncated", frame(six[:-1]))
    case("ip6_header_cut", "truncated", frame(six[:39]))
    case("ip6_jumbogram", "truncated",
         frame(ip6(CLIENT6, PUBLIC6, TCP, tcp(CLIENT6, 1, PUBLIC6, 64784), length=0)))


def not_ours():
    data = tcp(CLIENT, 1, PUBLIC, 64784)
    case("arp", "not_ip", frame(bytes(46), kind=0x0806))
    case("vlan_tag", "not_ip", frame(b"\0\1\x08\0" + ip4(CLIENT, PUBLIC, TCP, data), kind=0x8100))
    case("ip4_options", "ip_options", frame(ip4(CLIENT, PUBLIC, TCP, data, options=b"\1\1\1\0")))
    case("ip4_first_fragment", "fragment", frame(ip4(CLIENT, PUBLIC, TCP, data, fragment=0x2000)))
    case("ip4_later_fragment", "fragment", frame(ip4(CLIENT, PUBLIC, TCP, data, fragment=0x0010)))
    case("ip4_gre", "not_l4", frame(ip4(CLIENT, PUBLIC, 47, data)))
    case("ip4_ping", "not_l4", frame(ip4(CLIENT, PUBLIC, ICMP, icmp(8, 0, 1, DATA * 2))))
    case("ip4_icmpv6_is_nothing", "not_l4", frame(ip4(CLIENT, PUBLIC, ICMP6, data)))
    for header, verdict in ((0, "ip_options"), (43, "ip_options"), (44, "fragment"),
                            (60, "ip_options"), (59, "not_l4"), (ICMP, "not_l4")):
        case(f"ip6_next_header_{header}", verdict,
             frame(ip6(CLIENT6, PUBLIC6, header, b"\x06\0" + bytes(6) + data)))
    case("ip6_neighbour_solicitation", "not_l4", frame(ip6(
        CLIENT6, PUBLIC6, ICMP6, icmp6(CLIENT6, PUBLIC6, 135, 0, 0, bytes(24)), hops=255)))
    broadcast = b"\xff" * 6 + LINKS[6:]
    case("link_broadcast_is_not_ours", "not_unicast",
         frame(ip4(CLIENT, PUBLIC, TCP, data), links=broadcast))
    case("link_multicast_is_not_ours", "not_unicast",
         frame(ip4(CLIENT, PUBLIC, TCP, data), links=b"\x01\0\x5e\0\0\1" + LINKS[6:]))


def verdicts_from_client():
    def to(port, name, verdict, source=CLIENT, target=PUBLIC, **more):
        case(name, verdict, hop(((source, 40000), (target, port)), {"flags": ACK}), **more)
    to(64700, "port_without_lease", "no_lease")
    to(22, "sshd_of_the_host", "no_lease")
    to(64784, "address_without_leases", "no_lease", target="192.0.2.9")
    to(64784, "address_of_somebody_else", "no_lease", target="192.0.2.77")
    to(22, "vm_from_outside", "no_lease", target=VM)
    to(64786, "reserved_port", "reserved")
    to(64787, "ended_port", "ended")
    to(64784, "deadline_reached", "expired", now=1000)
    to(64784, "deadline_passed", "expired", now=1 << 62)
    to(64788, "client_not_allowed", "not_allowed", source=STRANGER)
    to(64788, "client6_not_allowed", "not_allowed", source=ROUTER6, target=PUBLIC6)
    for source in (VM, "10.0.77.1", PUBLIC, "192.0.2.9", "127.0.0.1", "0.0.0.0", "224.0.0.1",
                   "255.255.255.255"):
        to(64784, f"source_{source}_is_spoofed", "spoofed", source=source)
    for source in (VM6, PUBLIC6, "::1", "::", "ff02::1", "fe80::9", f"::ffff:{CLIENT}"):
        to(64784, f"source_{source}_is_spoofed", "spoofed", source=source, target=PUBLIC6)
    case("udp_to_a_tcp_lease", "no_lease", hop(((CLIENT, 1), (PUBLIC, 64784)), DATA))
    case("tcp_to_a_udp_lease", "no_lease", hop(((CLIENT, 1), (PUBLIC, 64792)), {"flags": SYN}))
    for name, port, want in (("allowed_by_network", 64788, CLIENT),
                             ("allowed_by_address", 64788, "203.0.113.7")):
        case(name, "forwarded", hop(((want, 9), (PUBLIC, port)), {"flags": SYN}),
             hop(((want, 9), ("10.0.3.9", 22)), {"flags": SYN}, ttl=63))
    case("allowed6_by_network", "forwarded", hop(((CLIENT6, 9), (PUBLIC6, 64788)), {"flags": SYN}),
         hop(((CLIENT6, 9), ("2001:db8:b::9", 22)), {"flags": SYN}, ttl=63))
    case("last_moment_before_the_deadline", "forwarded",
         hop(((CLIENT, 9), (PUBLIC, 64784)), {"flags": ACK}),
         hop(((CLIENT, 9), (VM, 22)), {"flags": ACK}, ttl=63), now=999)
    mapped = f"::ffff:{CLIENT}", f"::ffff:{PUBLIC}"
    case("ip4_lease_asked_for_by_mapped_ip6", "no_lease",
         hop(((mapped[0], 9), (mapped[1], 64784)), {"flags": ACK}))


def verdicts_from_vm():
    def out(name, verdict, source=(VM, 22), target=(CLIENT, 40000), flags=ACK, role="builds",
            **more):
        case(name, verdict, hop((source, target), {"flags": flags}), role=role, **more)
    out("vm_opens_from_its_ssh_port", "vm_opens", flags=SYN)
    out("vm_opens_with_odd_flags", "vm_opens", flags=SYN | FIN)
    out("other_port_of_a_vm", "no_endpoint", source=(VM, 2222))
    out("other_vm", "no_endpoint", source=("10.0.3.99", 22))
    out("vm_to_the_host_itself", "to_host", target=("10.0.0.1", 40000))
    out("vm_to_the_public_address", "to_host", target=(PUBLIC, 40000))
    out("vm_to_another_vm", "to_host", target=("10.0.9.9", 40000))
    out("vm_to_a_group", "to_host", target=("224.0.0.251", 5353))
    out("vm6_to_a_group", "to_host", source=(VM6, 22), target=("ff02::1", 1))
    out("vm6_to_another_vm", "to_host", source=(VM6, 22), target=("2001:db8:b::77", 1))
    out("vm_to_a_client_not_allowed", "not_allowed", source=("10.0.3.9", 22),
        target=(STRANGER, 40000))
    out("vm_after_reserved", "no_endpoint", source=("0.0.0.0", 0))
    out("vm_reset_after_the_end_is_dropped", "ended_vm", source=("10.0.3.8", 22), flags=RST)
    out("vm_from_mapped_ip6", "no_endpoint", source=(f"::ffff:{VM}", 22),
        target=(f"::ffff:{CLIENT}", 1))
    case("udp_from_a_tcp_endpoint", "no_endpoint", hop(((VM, 22), (CLIENT, 1)), DATA),
         role="builds")
    case("udp_from_vm_after_the_end_is_dropped", "ended_vm",
         hop((("10.0.3.11", 60001), (CLIENT, 1)), DATA), role="builds")
    flags = {"flags": ACK, "payload": DATA}
    case("endpoint_leased_anew_belongs_to_the_live_lease", "forwarded",
         hop((("10.0.3.10", 22), (CLIENT, 1)), flags),
         hop(((PUBLIC, 64790), (CLIENT, 1)), flags, ttl=63), role="builds")
    out("vm_side_packet_on_the_public_side", "no_lease", role="public")


def resets():
    def reset(name, sent, seq, ack, flags, vm="10.0.3.8", client=CLIENT, now=500, **before):
        make = ip6 if ":" in vm else ip4
        fresh = {} if ":" in vm else {"ident": 0}
        case(name, "reset_vm",
             frame(make(vm, client, TCP, tcp(vm, 22, client, 4000, **sent), **before)),
             frame(make(client, vm, TCP, tcp(client, 4000, vm, 22, seq=seq, ack=ack, flags=flags,
                                             window=0), **fresh), links=back()),
             role="builds", now=now)
    reset("reset_of_an_ack_takes_its_number", {"seq": 5, "ack": 77, "flags": ACK}, 77, 0, RST)
    reset("reset_of_data_takes_its_ack", {"seq": 5, "ack": 77, "flags": ACK, "payload": DATA}, 77,
          0, RST)
    reset("reset_of_urgent_data",
          {"seq": 5, "ack": 77, "flags": ACK | 0x20, "urgent": 3, "payload": DATA}, 77, 0, RST)
    reset("reset_of_syn_ack", {"seq": 5, "ack": 77, "flags": SYN | ACK, "options": OPTIONS}, 77, 0,
          RST)
    reset("reset_without_ack_counts_data_and_fin",
          {"seq": 0xFFFFFFF0, "ack": 77, "flags": FIN, "payload": DATA},
          0, (0xFFFFFFF0 + len(DATA) + 1) & 0xFFFFFFFF, RST | ACK)
    reset("reset_without_ack_counts_beyond_options",
          {"seq": 9, "flags": PSH, "payload": DATA, "options": OPTIONS}, 0, 9 + len(DATA),
          RST | ACK)
    reset("reset_after_the_deadline", {"seq": 5, "ack": 77, "flags": ACK}, 77, 0, RST, vm=VM,
          now=1000)
    reset("reset_with_ttl_one", {"seq": 5, "ack": 77, "flags": ACK}, 77, 0, RST, ttl=1)
    reset("reset6", {"seq": 5, "ack": 77, "flags": ACK, "payload": DATA}, 77, 0, RST,
          vm="2001:db8:b::8", client=CLIENT6)
    data = {"seq": 5, "ack": 77, "flags": ACK}
    case("reset_of_a_padded_frame_is_cut", "reset_vm",
         hop((("10.0.3.8", 22), (CLIENT, 4000)), data) + b"\xaa" * 6,
         frame(ip4(CLIENT, "10.0.3.8", TCP, tcp(CLIENT, 4000, "10.0.3.8", 22, seq=77, flags=RST,
                                                window=0), ident=0), links=back()),
         role="builds")


def quote_error(name, verdict, before, target, kind, role, mtu=1500, public=PUBLIC):
    """The error sent back about the frame before, to its sender."""
    packet = before[14:]
    if ":" in public:
        body = icmp6(public, target, *kind, packet[:48])
        answer = ip6(public, target, ICMP6, body)
    else:
        answer = ip4(public, target, ICMP, icmp(*kind, packet[:28]), ident=0)
    case(name, verdict, before, frame(answer, links=back()), role=role, mtu=mtu)


def answers():
    four = ((CLIENT, 40000), (PUBLIC, 64784)), CLIENT, PUBLIC
    six = ((CLIENT6, 40000), (PUBLIC6, 64784)), CLIENT6, PUBLIC6
    vm4 = ((VM, 22), (CLIENT, 40000)), VM, PUBLIC
    vm6 = ((VM6, 22), (CLIENT6, 40000)), VM6, PUBLIC6
    data = {"payload": DATA}
    for name, (ends, target, public), role in (
            ("from_client", four, "public"), ("6_from_client", six, "public"),
            ("from_vm", vm4, "builds"), ("6_from_vm", vm6, "builds")):
        is6 = ":" in public
        for ttl in (0, 1):
            quote_error(f"ttl_{ttl}_{name}", "ttl_exceeded", hop(ends, data, ttl=ttl), target,
                        (3, 0, 0) if is6 else (11, 0, 0), role, public=public)
        quote_error(f"too_big_{name}", "too_big", hop(ends, {"payload": DATA * 60}), target,
                    (2, 0, 1400) if is6 else (3, 4, 1400), role, mtu=1400, public=public)
    quote_error("ttl_1_of_the_shortest_udp", "ttl_exceeded",
                hop(((CLIENT, 1), (PUBLIC, 64785)), b"", ttl=1), CLIENT, (11, 0, 0), "public")
    loose = frame(ip4(CLIENT, PUBLIC, TCP, tcp(CLIENT, 1, PUBLIC, 64784, payload=DATA * 60),
                      fragment=0))
    quote_error("too_big_without_dont_fragment", "too_big", loose, CLIENT, (3, 4, 1400), "public",
                mtu=1400)
    case("exactly_the_mtu", "forwarded", hop(((CLIENT, 1), (PUBLIC, 64785)), bytes(1372)),
         hop(((CLIENT, 1), (VM, 5901)), bytes(1372), ttl=63), mtu=1400)


def error_case(name, kind, quotes, outer, role, verdict="forwarded", ttl=64, **more):
    """An ICMP error, before and after: quotes and outer are pairs of each."""
    def build(quote, ends, hops):
        source, target = ends
        if ":" in source:
            return frame(ip6(source, target, ICMP6, icmp6(source, target, *kind, quote),
                             hops=hops))
        return frame(ip4(source, target, ICMP, icmp(*kind, quote), ttl=hops))
    case(name, verdict, build(quotes[0], outer[0], ttl),
         build(quotes[1], outer[1], ttl - 1) if verdict == "forwarded" else None, role=role, **more)


def quote(ends, build, protocol, size, **options):
    """The first size bytes of a packet between two ends, as an error carries them."""
    (source, sport), (target, dport) = ends
    body = build(source, sport, target, dport, payload=DATA * 4, **options)
    if ":" in source:
        return ip6(source, target, protocol, body, hops=3)[:size]
    return ip4(source, target, protocol, body, ttl=3)[:size]


def errors():
    client, lease, vm = (CLIENT, 40000), (PUBLIC, 64784), (VM, 22)
    client6, lease6, vm6 = (CLIENT6, 40000), (PUBLIC6, 64784), (VM6, 22)
    # Bytes of the quoted TCP header: only the ports; to before, into and behind its checksum.
    for extra in (8, 9, 16, 17, 18, 20, 21, 60):
        error_case(f"error4_quoting_{extra}_bytes_of_tcp_to_vm", (3, 4, 1280),
                   (quote_tcp(lease, client, extra, vm), quote_tcp(vm, client, extra, vm)),
                   ((ROUTER, PUBLIC), (ROUTER, VM)), "public")
        error_case(f"error4_quoting_{extra}_bytes_of_tcp_to_client", (3, 1, 0),
                   (quote_tcp(client, vm, extra, vm), quote_tcp(client, lease, extra, vm)),
                   ((VM, CLIENT), (PUBLIC, CLIENT)), "builds")
        error_case(f"error6_quoting_{extra}_bytes_of_tcp_to_vm", (2, 0, 1280),
                   (quote_tcp(lease6, client6, extra, vm6), quote_tcp(vm6, client6, extra, vm6)),
                   ((ROUTER6, PUBLIC6), (ROUTER6, VM6)), "public")
    error_case("error4_from_a_router_behind_hides_it", (11, 0, 0),
               (quote_tcp(client, vm, 20, vm), quote_tcp(client, lease, 20, vm)),
               (("192.168.44.1", CLIENT), (PUBLIC, CLIENT)), "builds")
    error_case("error6_to_client", (1, 4, 0),
               (quote_tcp(client6, vm6, 20, vm6), quote_tcp(client6, lease6, 20, vm6)),
               ((VM6, CLIENT6), (PUBLIC6, CLIENT6)), "builds")
    udp_errors()
    refused_errors()


def quote_tcp(source, target, extra, vm):
    """A quoted TCP packet cut after so many bytes; a checksum that is cut off cannot be put right,
    so that of the packet as the VM sent or got it stays as far as it is quoted."""
    size = (40 if ":" in source[0] else 20) + extra
    if extra >= 18:
        return quote((source, target), tcp, TCP, size)
    lease = (PUBLIC6 if ":" in source[0] else PUBLIC, 64784)
    outside = [lease if end == vm else end for end in (source, target)]
    outside_tcp = tcp(*outside[0], *outside[1], payload=DATA * 4)
    inside = struct.unpack("!H", outside_tcp[16:18])[0]
    return quote((source, target), tcp, TCP, size, check=inside)


def udp_errors():
    client, lease, vm = (CLIENT, 60000), (PUBLIC, 64785), (VM, 5901)
    error_case("error4_quoting_udp", (3, 3, 0),
               (quote((client, vm), udp, UDP, 28), quote((client, lease), udp, UDP, 28)),
               ((VM, CLIENT), (PUBLIC, CLIENT)), "builds")
    error_case("error4_quoting_udp_without_checksum", (3, 3, 0),
               (quote((client, vm), udp, UDP, 28, check=0),
                quote((client, lease), udp, UDP, 28, check=0)),
               ((VM, CLIENT), (PUBLIC, CLIENT)), "builds")
    client, lease, vm = (CLIENT6, 60000), (PUBLIC6, 64785), (VM6, 60001)
    error_case("error6_quoting_udp", (1, 4, 0),
               (quote((client, vm), udp, UDP, 48), quote((client, lease), udp, UDP, 48)),
               ((VM6, CLIENT6), (PUBLIC6, CLIENT6)), "builds")


def refused_errors():
    good = quote(((PUBLIC, 64784), (CLIENT, 40000)), tcp, TCP, 40)
    ends = ((ROUTER, PUBLIC), None)

    def refused(name, verdict, quoted, kind=(3, 4, 1280), outer=ends, role="public", **more):
        error_case(name, kind, (quoted, None), outer, role, verdict=verdict, **more)
    refused("error_with_spent_ttl_is_not_answered", "error_unanswered", good, ttl=1)
    refused("error_quoting_seven_bytes", "truncated", good[:27])
    refused("error_quoting_half_an_ip_header", "truncated", good[:10])
    refused("error_quoting_options", "ip_options", b"\x46" + good[1:])
    refused("error_quoting_a_later_fragment", "fragment", good[:6] + b"\x00\x10" + good[8:])
    refused("error_quoting_gre", "not_l4", good[:9] + b"\x2f" + good[10:])
    refused("error_quoting_another_sender", "not_l4",
            quote((("192.0.2.9", 64784), (CLIENT, 40000)), tcp, TCP, 40))
    refused("redirect_is_for_the_kernel", "not_l4", good, kind=(5, 1, 0))
    refused("error_to_a_reserved_port", "reserved",
            quote(((PUBLIC, 64786), (CLIENT, 1)), tcp, TCP, 40))
    refused("error_to_an_ended_port", "ended", quote(((PUBLIC, 64787), (CLIENT, 1)), tcp, TCP, 40))
    refused("error_about_a_client_not_allowed", "not_allowed",
            quote(((PUBLIC, 64788), (STRANGER, 1)), tcp, TCP, 40))
    refused("error_about_an_inside_connection", "spoofed",
            quote(((PUBLIC, 64784), ("10.0.9.9", 1)), tcp, TCP, 40))
    refused("error_from_an_inside_address", "spoofed", good, outer=(("10.0.9.9", PUBLIC), None))
    refused("error_from_another_vm", "vm_opens",
            quote(((CLIENT, 40000), (VM, 22)), tcp, TCP, 40),
            outer=(("10.0.44.1", CLIENT), None), role="builds")
    refused("error_after_the_deadline", "expired", good, now=1000)
    refused("error_from_vm_after_the_end", "ended_vm",
            quote(((CLIENT, 1), ("10.0.3.8", 22)), tcp, TCP, 40),
            outer=(("10.0.3.8", CLIENT), None), role="builds")
    six = quote(((PUBLIC6, 64784), (CLIENT6, 1)), tcp, TCP, 60)
    outer6 = ((ROUTER6, PUBLIC6), None)
    refused("error6_quoting_version_4", "not_l4", b"\x40" + six[1:], kind=(1, 0, 0), outer=outer6)
    refused("error6_quoting_an_extension", "ip_options", six[:6] + b"\x00" + six[7:],
            kind=(1, 0, 0), outer=outer6)
    refused("error6_quoting_a_fragment", "fragment", six[:6] + b"\x2c" + six[7:],
            kind=(1, 0, 0), outer=outer6)
    refused("error6_quoting_seven_bytes", "truncated", six[:47], kind=(1, 0, 0), outer=outer6)


def render():
    for make in (plain, checksums, vectors_partial.partials, lengths, not_ours,
                 verdicts_from_client, verdicts_from_vm, resets, answers, errors, vectors_own.add):
        make()
    names = [entry[0] for entry in cases]
    assert len(set(names)) == len(names), "a name twice"
    out = ["# SPDX-License-Identifier: BSD-3-Clause",
           "# Written by vectors.py. The table, then: packet NAME ROLE NOW_NS MTU, the frame that",
           "# comes in, the verdict and the frame that it becomes (- if it stays as it is).", TABLE]
    for name, role, now, mtu, before, verdict, after in cases:
        out += [f"packet {name} {role} {now} {mtu}", f"in {before.hex()}",
                f"out {verdict} {after.hex() if after else '-'}"]
    return "\n".join(out) + "\n"


def main():
    text = render()
    if len(sys.argv) < 3:
        sys.stdout.write(text)
        return 0
    kept = pathlib.Path(sys.argv[2]).read_text(encoding="ascii")
    for line in difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "written",
                                     lineterm="", n=1):
        print(f"# {line[:90]}")
    print(f"{'ok' if kept == text else 'not ok'} 1 - vectors.txt is what vectors.py writes")
    print("1..1")
    return kept != text


if __name__ == "__main__":
    sys.exit(main())
