#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls the API at a steady rate and tells how long the answers took, stdlib only.

  api_probe.py SOCKET RATE SECONDS PATH...

GET of each PATH in turn over one connection. A call is due at its own moment, and its time counts
from then: one that had to wait for the answer before it is as late as its caller finds it. Prints
JSON: calls, failed (anything but 200), p50_us, p99_us, max_us.
"""

import http.client
import json
import sys
import time

sys.dont_write_bytecode = True
import unix_http  # noqa: E402


def call(connection, path):
    """Returns whether the answer was 200."""
    try:
        return connection.call("GET", path)[0] == 200
    except (OSError, http.client.HTTPException):
        connection.close()
        return False


def probe(connection, rate, total, paths):
    times_us, failed, begun = [], 0, time.monotonic()
    for i in range(total):
        due = begun + i / rate
        if (left := due - time.monotonic()) > 0:
            time.sleep(left)
        failed += not call(connection, paths[i % len(paths)])
        times_us.append((time.monotonic() - due) * 1e6)
    return sorted(times_us), failed


def main(path, rate, seconds, *targets):
    times_us, failed = probe(unix_http.Connection(path), float(rate), int(float(rate) * float(seconds)), targets)
    nr = len(times_us)
    print(json.dumps({"calls": nr, "failed": failed, "p50_us": round(times_us[nr // 2]),
                      "p99_us": round(times_us[nr * 99 // 100]), "max_us": round(times_us[-1])}))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
