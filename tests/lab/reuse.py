#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Gives one VM address to one build after another while clients of all of them keep sending.

  reuse.py CLIENT_NS VM_NS GATEWAY SOCKET VM_ADDRESS COUNT

Every packet carries the public port it was sent to. A packet crosses over if it reaches the VM after
another build's PUT was answered. Prints "COUNT builds, N packets arrived, N crossed over".
"""

import json
import sys

sys.dont_write_bytecode = True
import namespaces  # noqa: E402
import send  # noqa: E402
import unix_http  # noqa: E402

CLIENT_PORT = 41998
LATEST = 8  # earlier builds whose clients still send


class Api(unix_http.Connection):
    def call(self, method, path, body=None):
        """Returns the answer's JSON, which must be a success."""
        status, text = super().call(method, path, json.dumps(body) if body else None)
        if status // 100 != 2:
            sys.exit(f"reuse.py: {method} {path}: {status} {text}")
        return json.loads(text) if text else None


def frame_to(head, gateway, port):
    """Returns a frame to the port that names it in its sequence number."""
    source = ("192.0.2.2", CLIENT_PORT)
    return head + send.datagram("tcp", source, (gateway, port), "A", 64, sequence=port)


def arrivals(vm):
    """Returns the public ports of our packets that have come to the VM."""
    ports = []
    while True:
        try:
            frame = vm.recv(2048)
        except BlockingIOError:
            return ports
        if frame[34:36] == CLIENT_PORT.to_bytes(2, "big") and frame[23] == 6:
            ports.append(int.from_bytes(frame[38:42], "big"))


def main(client_ns, vm_ns, gateway, socket_path, address, count):
    client = namespaces.packet_socket(client_ns)
    with namespaces.entered(client_ns):
        macs = send.neighbour_mac("eth0", gateway) + ":" + send.own_mac("eth0")
    head = bytes.fromhex(macs.replace(":", "")) + b"\x08\x00"
    vm = namespaces.packet_socket(vm_ns)
    api = Api(socket_path)
    frames, arrived, crossed = [], 0, 0
    for number in range(int(count)):
        body = {"nodes": [{"index": 0, "address": address, "port": 22}]}
        build = api.call("PUT", f"/v1/builds/reuse-{number}", body)
        port = build["nodes"][0]["public_port"]
        arrived += len(arrivals(vm))
        frames = [*frames[-LATEST:], frame_to(head, gateway, port)]
        for frame in [*frames, frames[-1]]:
            client.send(frame)
        seen = arrivals(vm)
        api.call("DELETE", f"/v1/builds/reuse-{number}")
        seen += arrivals(vm)
        arrived += len(seen)
        crossed += sum(1 for other in seen if other != port)
    print(f"{count} builds, {arrived} packets arrived, {crossed} crossed over")


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
