#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Dials ports as many strangers would: real TCP connections at a steady rate, stdlib only.

  dial.py [--hold] NAMESPACE ADDRESS RATE SECONDS SOURCES PORT...

From SOURCES addresses of the namespace, 192.0.2.10 and up, in turn, to ADDRESS and each PORT in
turn. A dial is due at its own moment, whatever became of those before. Each reads what it is told
until the other end closes, and then closes too, or with --hold stays until all are dialled. Prints
JSON: how many were dialled, explained (something in SSH was said), reset, silent (neither in 20 s)
and odd (anything else), and the seconds it took.
"""

import errno
import json
import selectors
import socket
import sys
import time

import namespaces

PATIENCE_S = 20.0
FIRST_SOURCE = 10


class Dial:
    """One connection; said holds the beginning of what the other end says."""

    def __init__(self, source, target):
        self.said = b""
        self.until = time.monotonic() + PATIENCE_S
        self.end = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.end.bind((source, 0))
        self.end.connect_ex(target)

    def fate(self):
        """Takes what has come. Returns what became of the dial, or None while it lasts."""
        try:
            data = self.end.recv(4096)
        except BlockingIOError:
            return None
        except OSError as error:
            if self.said.startswith(b"SSH-2.0-"):
                return "explained"
            return "reset" if error.errno in (errno.ECONNRESET, errno.ECONNREFUSED) else "odd"
        self.said += data
        if data:
            return None
        return "explained" if self.said.startswith(b"SSH-2.0-") else "odd"


class Flood:
    """The dials that last, and what became of the others."""

    def __init__(self, hold):
        self.selector = selectors.EpollSelector()
        self.fates = {"explained": 0, "reset": 0, "silent": 0, "odd": 0}
        self.held = [] if hold else None

    def begin(self, dial):
        self.selector.register(dial.end, selectors.EVENT_READ, dial)

    def end(self, dial, fate):
        self.selector.unregister(dial.end)
        self.fates[fate] += 1
        if self.held is None or fate != "explained":
            dial.end.close()
        else:
            self.held.append(dial)

    def take(self, wait_s):
        """Attends to what the dials are told, at most so long."""
        for key, _ in self.selector.select(wait_s):
            fate = key.data.fate()
            if fate:
                self.end(key.data, fate)

    def finish(self):
        while self.selector.get_map():
            self.take(0.1)
            now = time.monotonic()
            for key in list(self.selector.get_map().values()):
                if now >= key.data.until:
                    self.end(key.data, "silent")
        return self.fates


def dial_all(flood, rate, seconds, sources, targets):
    total, begun = int(rate * seconds), time.monotonic()
    for i in range(total):
        flood.take(0)
        while (left := begun + i / rate - time.monotonic()) > 0:
            flood.take(left)
        flood.begin(Dial(sources[i % len(sources)], targets[i % len(targets)]))
    took = time.monotonic() - begun
    return {"dialled": total, **flood.finish(), "seconds": round(took, 3)}


def main(hold, namespace, address, rate, seconds, nr_sources, *ports):
    sources = [f"192.0.2.{FIRST_SOURCE + i}" for i in range(int(nr_sources))]
    targets = [(address, int(port)) for port in ports]
    with namespaces.entered(namespace):
        fates = dial_all(Flood(hold), float(rate), float(seconds), sources, targets)
    print(json.dumps(fates))


if __name__ == "__main__":
    HOLD = sys.argv[1:2] == ["--hold"]
    ARGUMENTS = sys.argv[2:] if HOLD else sys.argv[1:]
    if len(ARGUMENTS) < 6:
        sys.exit(__doc__)
    main(HOLD, *ARGUMENTS)
