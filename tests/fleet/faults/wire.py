# SPDX-License-Identifier: BSD-3-Clause
"""Single packets from the client through an edge, and which of them VMs got."""

import os
import select
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "lab"))
import namespaces  # noqa: E402
import send  # noqa: E402

CLIENT, PUBLIC = "192.0.2.2", "192.0.2.1"
SOURCE_PORT = 30000
PORT_AT, SEQUENCE_AT, FLAGS_AT, SYN = 34, 38, 47, 2  # in a frame of IPv4 without options


class Wire:
    """All VMs are one machine, which hears of every probe that passes an edge.

    An edge without such a build answers by its kernel, and the client's resets come back by another edge: SYNs count.
    """

    def __init__(self, options, edges):
        self.sockets, self.heads = {}, {}
        for number, edge in enumerate(edges.values()):
            link = f"eth{number}"
            self.sockets[edge.name] = namespaces.packet_socket(f"{options.ns}-client", link)
            with namespaces.entered(f"{options.ns}-client"):
                own = send.own_mac(link)
            with namespaces.entered(edge.machine):
                there = send.own_mac("public")
            self.heads[edge.name] = bytes.fromhex((there + own).replace(":", "")) + b"\x08\x00"
        self.vms = namespaces.packet_socket(f"{options.ns}-vms")
        self.lock = threading.Lock()
        self.sent = 0
        self.heard = {}  # number: the VM that got it
        self.forbidden = {}  # number: the VM that must not, and why
        self.ended = threading.Event()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        while not self.ended.is_set():
            if not select.select([self.vms], [], [], 0.2)[0]:
                continue
            frame = self.vms.recv(2048)
            if len(frame) > FLAGS_AT and frame[23] == socket.IPPROTO_TCP and frame[FLAGS_AT] == SYN and \
                    struct.unpack_from("!H", frame, PORT_AT)[0] >= SOURCE_PORT:
                self.heard[struct.unpack_from("!I", frame, SEQUENCE_AT)[0]] = socket.inet_ntoa(frame[30:34])

    def probe(self, edge_name, port, forbidden=None):
        """Sends a SYN through an edge. Returns its number."""
        with self.lock:
            self.sent += 1
            number = self.sent
            if forbidden:
                self.forbidden[number] = forbidden
        source = (CLIENT, SOURCE_PORT + number % 20000)
        packet = send.datagram("tcp", source, (PUBLIC, port), "S", 64, number)
        try:
            self.sockets[edge_name].send(self.heads[edge_name] + packet)
        except OSError:
            pass  # its link is down
        return number

    def wrongly_heard(self):
        """Returns what is wrong with a packet that came through, None if none did."""
        for number, (vm, why) in list(self.forbidden.items()):
            if self.heard.get(number) == vm:
                return why
        return None

    def end(self):
        self.ended.set()
        self.listener.join()
