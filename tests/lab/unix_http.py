# SPDX-License-Identifier: BSD-3-Clause
"""HTTP over the daemon's UNIX socket, stdlib only."""

import http.client
import socket


class Connection(http.client.HTTPConnection):
    """One that is kept; it is made with the first request."""

    def __init__(self, path, timeout=30):
        super().__init__("edge", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        """Returns status and text; raises OSError or HTTPException if the daemon is gone."""
        self.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self.getresponse()
        return answer.status, answer.read().decode()
