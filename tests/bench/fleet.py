#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a fleet takes, through the API of real edges.

  fleet.py alone SOCKET COUNT                  a sync of so many builds at one sallyportd
  fleet.py sync FLEET_SOCKET COUNT SOCKET...   the same at a fleet, until each sallyportd has them
  fleet.py puts FLEET_SOCKET COUNT URL SOCKET...
      single PUTs, one after the other, each until each sallyportd has it, and puts of etcd's at URL

Prints "NAME|UNIT|VALUE", a figure a line.
"""

import base64
import http.client
import json
import math
import os
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402
from scale import sync_body, vm_address  # noqa: E402

LIMIT_S = 600
LIFETIME_S = 3600


def figure(name, unit, value):
    print(f"{name}|{unit}|{value:.6g}", flush=True)


def call(api, method, path, body=None):
    status, text = api.call(method, path, body)
    if status >= 300:
        sys.exit(f"fleet.py: {method} {path}: {status} {text[:400]}")
    return json.loads(text) if text else None


class Follower(threading.Thread):
    """Reads an edge's events, and knows when each build was enabled there, and when how many were."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.api = unix_http.Connection(path, LIMIT_S)
        newest = call(unix_http.Connection(path, LIMIT_S), "GET", "/v1/status")["events"]["newest"]
        self.api.request("GET", f"/v1/events?since={newest}")
        self.answer = self.api.getresponse()
        self.enabled = {}
        self.changed = threading.Condition()
        self.start()

    def run(self):
        for line in self.answer:
            at = time.monotonic()
            event = json.loads(line)
            if event["type"] == "build.enabled":
                with self.changed:
                    self.enabled[event["build"]] = at
                    self.changed.notify_all()

    def wait(self, is_there):
        with self.changed:
            if not self.changed.wait_for(is_there, LIMIT_S):
                sys.exit(f"fleet.py: an edge has {len(self.enabled)} builds after {LIMIT_S} s")


def sync(api, count):
    body = sync_body(count, LIFETIME_S)
    began = time.monotonic()
    answer = call(api, "POST", "/v1/sync", body)
    took_s = time.monotonic() - began
    if answer["created"] != count:
        sys.exit(f"fleet.py: {answer['created']} builds were created")
    return began, took_s


def wait_running(path, count):
    """Asks until the edge has so many running builds; its events would cost it more."""
    api = unix_http.Connection(path, LIMIT_S)
    until = time.monotonic() + LIMIT_S
    while call(api, "GET", "/v1/status")["builds"]["running"] < count:
        if time.monotonic() > until:
            sys.exit("fleet.py: an edge does not get all builds")
        time.sleep(0.25)
    return time.monotonic()


def main_alone(path, count):
    _, took_s = sync(unix_http.Connection(path, LIMIT_S), int(count))
    figure("one edge alone", "s", took_s)


def main_sync(fleet, count, *paths):
    live = {}

    def watch(path):
        live[path] = wait_running(path, int(count))

    threads = [threading.Thread(target=watch, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    began, took_s = sync(unix_http.Connection(fleet, LIMIT_S), int(count))
    for thread in threads:
        thread.join()
    figure("the sync is answered", "s", took_s)
    figure("live on the edge asked", "s", live[paths[0]] - began)
    figure("live on the others", "s", max(live[path] for path in paths[1:]) - began)


def shares(name, times_s):
    times_s = sorted(times_s)
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        figure(f"{name}, {label}", "ms", times_s[math.ceil(share * len(times_s)) - 1] * 1e3)


def etcd_put(connection, number):
    body = {
        "key": base64.b64encode(f"/bench/{number}".encode()).decode(),
        "value": base64.b64encode(b"x" * 300).decode(),
    }
    began = time.monotonic()
    connection.request("POST", "/v3/kv/put", json.dumps(body))
    connection.getresponse().read()
    return time.monotonic() - began


def main_puts(fleet, count, url, *paths):
    api = unix_http.Connection(fleet, LIMIT_S)
    etcd = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=LIMIT_S)
    followers = [Follower(path) for path in paths]
    answered, live, puts = [], [], []
    for number in range(int(count)):
        build = f"single{number}"
        body = {"nodes": [{"index": 0, "address": vm_address(number), "port": 9000}]}
        began = time.monotonic()
        call(api, "PUT", f"/v1/builds/{build}", json.dumps(body))
        answered.append(time.monotonic() - began)
        for follower in followers:
            follower.wait(lambda follower=follower: build in follower.enabled)
        live.append(max(follower.enabled[build] for follower in followers) - began)
        puts.append(etcd_put(etcd, number))
    shares("a PUT is answered", answered)
    shares("a PUT is live on all", live)
    shares("etcd's own put", puts)


if __name__ == "__main__":
    mains = {"alone": main_alone, "sync": main_sync, "puts": main_puts}
    if len(sys.argv) < 4 or sys.argv[1] not in mains:
        sys.exit(__doc__)
    mains[sys.argv[1]](*sys.argv[2:])
