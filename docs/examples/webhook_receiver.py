#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Takes events that sallyport-hooks posts, if they are signed, and prints each once.

    webhook_receiver.py KEYS [PORT]

KEYS is a file with keys "whsec_…", one a line: the one that sallyport-hooks signs with now, and perhaps the
next one. This is the check of Standard Webhooks 1.0, whose libraries do as well:
https://www.standardwebhooks.com.
"""

import base64
import hashlib
import hmac
import http.server
import pathlib
import sys
import time

TOLERANCE_S = 300


def read_keys(path):
    """The secrets of a file of keys."""
    lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
    return [base64.b64decode(line.removeprefix("whsec_"), validate=True)
            for line in lines if line and not line.startswith("#")]


def is_signed(headers, body, keys, now_s):
    """Whether the body, as bytes, came with a signature by one of the keys, made lately."""
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isdecimal() or abs(now_s - int(sent)) > TOLERANCE_S:
        return False
    content = f"{message_id}.{sent}.".encode() + body
    good = [b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()) for key in keys]
    return any(hmac.compare_digest(one.encode(), wanted)
               for one in headers.get("webhook-signature", "").split() for wanted in good)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 401 to what is not signed; an event posted again is taken and not printed again."""
    keys = []
    seen = set()  # a service keeps this where it keeps what it made of the event

    def do_POST(self):
        """One event."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        good = is_signed(self.headers, body, self.keys, time.time())
        self.send_response(204 if good else 401)
        self.end_headers()
        if good and self.headers["webhook-id"] not in self.seen:
            self.seen.add(self.headers["webhook-id"])
            print(self.headers["webhook-id"], body.decode(), flush=True)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """No line a request."""


if __name__ == "__main__":
    Receiver.keys = read_keys(sys.argv[1])
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8099
    http.server.HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
