#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks two edges of a fleet about one build, one behind the other as fast as it goes.

  calls_race.py SOCKET OTHER_SOCKET BUILDS

What one edge has answered the other must count on, whether or not the watch has told it yet.
"""

import concurrent.futures
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402

CLIENTS = 8
LIFETIME_S = 3600
PAST = {"until": "2020-01-01T00:00:00Z"}


def soon(after_s):
    return {"until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + after_s))}


def expect(what, answer, statuses):
    if answer[0] not in statuses:
        raise AssertionError(f"{what} is answered with {answer[0]}: {answer[1]}")


def client(number, sockets, builds):
    one, other = (unix_http.Connection(socket) for socket in sockets)
    for made in range(builds):
        path = f"/v1/builds/r{number}-{made}"
        body = json.dumps({"nodes": [{"index": 0, "address": f"10.0.{100 + number}.{made + 1}"}],
                           "max_lifetime_s": LIFETIME_S, "linger_s": 60})
        expect("PUT", one.call("PUT", path, body), (201,))
        verb = made % 4
        if verb == 0:
            expect("the same PUT at another edge", other.call("PUT", path, body), (200,))
        elif verb == 1:
            expect("an extension at another edge", other.call("POST", f"{path}/extend", '{"by_s": 60}'), (200,))
        elif verb == 2:
            expect("an extension into the past at another edge", other.call("POST", f"{path}/extend", json.dumps(PAST)),
                   (400, 422))
        else:
            expect("a finish at another edge", other.call("POST", f"{path}/finish", "{}"), (200,))
            expect("an extension behind a finish", one.call("POST", f"{path}/extend", '{"by_s": 60}'), (200,))
            expect("the same PUT behind both", one.call("PUT", path, body), (200,))
        expect("DELETE at another edge", other.call("DELETE", path), (204,))
        one, other = other, one


def main(one, other, builds):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as workers:
        jobs = [workers.submit(client, number, (one, other), int(builds)) for number in range(CLIENTS)]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
