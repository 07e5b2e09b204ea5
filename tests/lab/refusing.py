#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands before sallyportd: refusing.py SOCKET BEHIND GATE.

While GATE exists and is empty, a DELETE is answered with 503. If it names builds, their PUTs wait until it does not,
and with "!" before the name they are answered with 503.
"""
import http.client
import http.server
import os
import socket
import socketserver
import sys
import threading

OWN, BEHIND, GATE = sys.argv[1:]
STUCK = b'{"type":"urn:sallyport:problem:worker-stuck","status":503}'


PAUSE_S = 0.02
never = threading.Event()


def gate():
    """Returns the builds that it names, None if there is no gate."""
    try:
        with open(GATE, encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return None


class Behind(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(BEHIND)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, kind, body):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        while self.command == "PUT" and os.path.basename(self.path) in (gate() or ()):
            never.wait(PAUSE_S)
        if (self.command == "DELETE" and gate() == []) or \
                (self.command == "PUT" and "!" + os.path.basename(self.path) in (gate() or ())):
            self.answer(503, "application/problem+json", STUCK)
            return
        behind = Behind("edge")
        behind.request(self.command, self.path, body, {"Content-Type": "application/json"} if body else {})
        answer = behind.getresponse()
        if self.path.startswith("/v1/events"):
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type"))
            self.end_headers()
            self.close_connection = True
            for line in answer:
                self.wfile.write(line)
                self.wfile.flush()
            return
        self.answer(answer.status, answer.getheader("Content-Type"), answer.read())

    do_GET = do_PUT = do_POST = do_DELETE = pass_on

    def address_string(self):
        return "fleet"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(OWN, Handler).serve_forever()
