#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Gives few public ports to many builds, one after another, behind several gateways.

  reuse.py CLIENT_NS EDGE SOCKET FIRST COUNT GATEWAY_NS=PREFIX...

Builds FIRST to FIRST + COUNT - 1 lie by turns behind each gateway, at PREFIX.1 to PREFIX.8, and end
by turns as cancelled, expired or superseded. Every packet carries the number of the build that its
client means; clients of builds that have ended go on sending until their port is another's. A packet
is astray if it comes to a gateway or a VM other than its build's. A build begins with nothing used.
Prints "COUNT builds on N ports, N packets arrived, N astray, N used before".
"""

import json
import select
import sys
import time

sys.dont_write_bytecode = True
import namespaces  # noqa: E402
import send  # noqa: E402
import unix_http  # noqa: E402

CLIENT = ("192.0.2.2", 41998)
LATEST = 8  # builds that have ended whose clients still send
HOSTS = 8  # VMs behind a gateway
DEADLINE_S = 30
FIRST_SEQUENCE = 1 << 20  # none of the kernel's own segments looks like one of ours


class Api(unix_http.Connection):
    def call(self, method, path, body=None):
        """Returns the answer's JSON, which must be a success; a port may take a moment to be free."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            status, text = super().call(method, path, json.dumps(body) if body else None)
            if status // 100 == 2:
                return json.loads(text) if text else None
            if "problem:no-ports" not in text:
                sys.exit(f"reuse.py: {method} {path}: {status} {text}")
            if time.monotonic() > deadline:
                sys.exit(f"reuse.py: no port is free after {DEADLINE_S} s: {text}")


class Gateway:
    def __init__(self, argument):
        namespace, self.prefix = argument.split("=")
        self.socket = namespaces.packet_socket(namespace)

    def arrivals(self):
        """Yields (build number, target address) of each packet of ours that has come."""
        while True:
            try:
                frame = self.socket.recv(2048)
            except BlockingIOError:
                return
            sequence = int.from_bytes(frame[38:42], "big")
            if frame[23] == 6 and frame[34:36] == CLIENT[1].to_bytes(2, "big") and (
                    sequence >= FIRST_SEQUENCE):
                yield sequence - FIRST_SEQUENCE, ".".join(map(str, frame[30:34]))


class Reuse:
    def __init__(self, client_ns, edge, socket_path, gateways):
        self.client = namespaces.packet_socket(client_ns)
        with namespaces.entered(client_ns):
            macs = send.neighbour_mac("eth0", edge) + ":" + send.own_mac("eth0")
        self.head = bytes.fromhex(macs.replace(":", "")) + b"\x08\x00"
        self.edge = edge
        self.api = Api(socket_path)
        self.gateways = [Gateway(argument) for argument in gateways]
        self.ports, self.ended = set(), []
        self.arrived = self.astray = self.used = 0

    def place(self, number):
        gateway = self.gateways[number % len(self.gateways)]
        return gateway, f"{gateway.prefix}.{number // len(self.gateways) % HOSTS + 1}"

    def send(self, number, port):
        self.client.send(self.head + send.datagram("tcp", CLIENT, (self.edge, port), "A", 64,
                                                   sequence=FIRST_SEQUENCE + number))

    def collect(self):
        """Takes what has come to any gateway. Returns the numbers of the builds it is of."""
        numbers = set()
        for gateway in self.gateways:
            for number, address in gateway.arrivals():
                numbers.add(number)
                self.arrived += 1
                self.astray += self.place(number) != (gateway, address)
        return numbers

    def await_arrival(self, number, port):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            self.send(number, port)
            select.select([gateway.socket for gateway in self.gateways], [], [], 0.01)
            if number in self.collect():
                return
            if time.monotonic() > deadline:
                sys.exit(f"reuse.py: nothing reaches build {number} on port {port}")

    def put(self, number, supersede=False):
        body = {"nodes": [{"index": 0, "address": self.place(number)[1], "port": 22}],
                "supersede": supersede, "linger_s": 0}
        build = self.api.call("PUT", f"/v1/builds/reuse-{number}", body)
        port = build["nodes"][0]["public_port"]
        self.ended = [(other, old) for other, old in self.ended if old != port]
        usage = build["usage"]
        if usage["to_vm"]["packets"] or usage["to_client"]["packets"] or usage["last_seen_at"]:
            self.used += 1
            print(f"build {number} on port {port}: {json.dumps(usage)}", file=sys.stderr)
        self.ports.add(port)
        return port

    def run_one(self, number):
        """One build from its beginning to its end."""
        port = self.put(number)
        for other, old in self.ended:
            self.send(other, old)
        self.await_arrival(number, port)
        if number % 3 == 0:
            self.api.call("DELETE", f"/v1/builds/reuse-{number}")
        elif number % 3 == 1:
            self.api.call("POST", f"/v1/builds/reuse-{number}/finish")
        else:
            self.supersede(number)
        self.collect()
        self.ended = [*self.ended[-LATEST:], (number, port)]
        for other, old in self.ended:
            self.send(other, old)
        self.collect()

    def supersede(self, number):
        """Another build takes the VM, on another port, for a moment."""
        other = number + self.period()
        self.put(other, supersede=True)
        self.api.call("DELETE", f"/v1/builds/reuse-{other}")

    def period(self):
        """A multiple of the cycle of places, beyond all numbers: builds that supersede."""
        return len(self.gateways) * HOSTS << 20


def main(client_ns, edge, socket_path, first, count, *gateways):
    reuse = Reuse(client_ns, edge, socket_path, gateways)
    for number in range(int(first), int(first) + int(count)):
        reuse.run_one(number)
    print(f"{count} builds on {len(reuse.ports)} ports, {reuse.arrived} packets arrived, "
          f"{reuse.astray} astray, {reuse.used} used before")


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
