#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""An orchestrator in small: orchestrator.py SOCKET BUILD VM-ADDRESS..."""
import http.client
import json
import socket
import sys


class Edge(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("edge", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        self.request(method, path, json.dumps(body) if body is not None else None,
                     {"Content-Type": "application/json"})
        answer = self.getresponse()
        text = answer.read().decode()
        if answer.status >= 400:
            problem = json.loads(text)
            sys.exit(f"{problem['status']} {problem['title']}: {problem.get('detail')}")
        return json.loads(text) if "json" in (answer.getheader("Content-Type") or "") else text


edge, build = Edge(sys.argv[1]), sys.argv[2]
nodes = [{"index": i, "address": address} for i, address in enumerate(sys.argv[3:])]
put = edge.call("PUT", f"/v1/builds/{build}", {"user": "ubuntu", "nodes": nodes})
print("\n".join(node["ssh"] for node in put["nodes"]))
print(edge.call("GET", f"/v1/builds/{build}/connect?view=enable"))
done = edge.call("POST", f"/v1/builds/{build}/finish")
print(done["state"], "until", done["deadline"])
edge.call("DELETE", f"/v1/builds/{build}")
