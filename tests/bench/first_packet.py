#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Waits for the first packet to come through, while it sends one every 200 microseconds.

  first_packet.py CLIENT_NS VM_NS GATEWAY PORT BEGIN LIMIT_S [SOCKET METHOD PATH BODY]

TCP segments (ACK, no SYN) go out of the client's eth0 to GATEWAY:PORT; the VM's eth0 is watched for
them. BEGIN is the CLOCK_REALTIME time in ns that the first arrival is counted from, or "call": the
moment the HTTP request SOCKET METHOD PATH BODY is sent. Prints milliseconds to the first
arrival and, with a request, to its whole answer: "12.345" or "1.234 0.987".
"""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
sys.dont_write_bytecode = True
import namespaces  # noqa: E402
import send  # noqa: E402

EVERY_NS = 200_000
CLIENT = ("192.0.2.2", 41999)


def arrived(vm):
    """Returns whether one of our segments is among what the VM received."""
    while True:
        try:
            frame = vm.recv(2048)
        except BlockingIOError:
            return False
        if frame[26:30] == socket.inet_aton(CLIENT[0]) and frame[34:36] == CLIENT[1].to_bytes(2, "big"):
            return True


def begin_call(path, method, target, body):
    """Sends one HTTP request and returns the socket its answer comes on."""
    api = socket.socket(socket.AF_UNIX)
    api.connect(path)
    head = f"{method} {target} HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\n"
    api.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
    api.setblocking(False)
    return api


def answer_over(api):
    """Returns whether the whole answer is here; a refusal ends the measurement."""
    try:
        data = api.recv(65536)
    except BlockingIOError:
        return False
    if data and not data.startswith(b"HTTP/1.1 20"):
        sys.exit(f"first_packet.py: {data.decode(errors='replace')}")
    return True


def main(client_ns, vm_ns, gateway, port, begin, limit_s, *call):
    client, vm = namespaces.packet_socket(client_ns), namespaces.packet_socket(vm_ns)
    with namespaces.entered(client_ns):
        macs = send.neighbour_mac("eth0", gateway) + ":" + send.own_mac("eth0")
    frame = bytes.fromhex(macs.replace(":", "")) + b"\x08\x00"
    frame += send.datagram("tcp", CLIENT, (gateway, int(port)), "A", 64)
    first_ns = answer_ns = None
    began_ns = time.monotonic_ns()
    if begin != "call":
        began_ns -= time.time_ns() - int(begin)
    api = begin_call(*call) if call else None
    next_ns = time.monotonic_ns()
    while first_ns is None or (api and answer_ns is None):
        now_ns = time.monotonic_ns()
        if now_ns - began_ns > float(limit_s) * 1e9:
            sys.exit("first_packet.py: nothing came through in time")
        if now_ns >= next_ns:
            client.send(frame)
            next_ns = max(next_ns + EVERY_NS, now_ns)
        if first_ns is None and arrived(vm):
            first_ns = time.monotonic_ns()
        if api and answer_ns is None and answer_over(api):
            answer_ns = time.monotonic_ns()
    times = [first_ns] + ([answer_ns] if api else [])
    print(*(f"{(at - began_ns) / 1e6:.3f}" for at in times))


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
