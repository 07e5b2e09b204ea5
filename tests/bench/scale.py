#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many leases at once, through the API of a real sallyportd.

  scale.py SOCKET PID COUNT LIFETIME_S PUT_SECONDS PUTS

COUNT builds of one node are declared by one sync; all have the same deadline, LIFETIME_S later; when
all have ended and been forgotten the same sync is sent again. Then 16 connections of the program PUTS
(puts.c) send PUTs of other builds for PUT_SECONDS; without any seconds the first sync is all. Meanwhile another process asks for GET /v1/version every 10 ms on a connection
of its own; a question is timed from when it should have been sent, so that those held up behind a
slow answer count as slow too. VMs are at 10.0.16.0 and up, port 7000.

Beside what takes how long stands how much CPU time sallyportd needs for it, with what it leaves to be
done: of a busy machine that is the steadier figure.

Prints "NAME|UNIT|VALUE", a figure a line.
"""

import json
import math
import multiprocessing
import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402

PROBE_EVERY_S = 0.01
IDLE_S = 3
AFTER_S = 1  # what a change leaves to be done is still in its phase
CONNECTIONS = 16
FIRST_VM = (10 << 24) + (16 << 8)
VMS = 61440
LIMIT_S = 600  # for whatever is waited for


class Api(unix_http.Connection):
    def __init__(self, path):
        super().__init__(path, LIMIT_S)

    def call(self, method, path, body=None):
        """Returns the answer's JSON, which must be a success."""
        status, text = super().call(method, path, body)
        if status >= 300:
            sys.exit(f"scale.py: {method} {path}: {status} {text[:400]}")
        return json.loads(text) if text else None


def probe(path, times, ending):
    """Asks on an absolute schedule and sends (when it was due, how long it took) when told to end."""
    os.nice(-10)
    api, taken = Api(path), []
    due = time.monotonic()
    while not ending.is_set():
        time.sleep(max(0, due - time.monotonic()))
        api.call("GET", "/v1/version")
        taken.append((due, time.monotonic() - due))
        due += PROBE_EVERY_S
    times.send(taken)


class Prober:
    def __init__(self, path):
        self.ending = multiprocessing.Event()
        self.times, far = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=probe, args=(path, far, self.ending), daemon=True)
        self.phases = []

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.ending.set()

    def phase(self, name, began):
        """What began then and ends now is to be reported by that name."""
        self.phases.append((name, began, time.monotonic()))

    def report(self):
        self.ending.set()
        taken = self.times.recv()
        for name, began, ended in self.phases:
            part = sorted(took for due, took in taken if began <= due < ended)
            for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
                figure(f"API {label}, {name}", "ms", part[math.ceil(share * len(part)) - 1] * 1e3)


def figure(name, unit, value):
    print(f"{name}|{unit}|{value:.6g}", flush=True)


def memory(pid, when):
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            if line.startswith(("Rss:", "Pss:")):
                figure(f"{line[:3].upper()}, {when}", "MiB", int(line.split()[1]) / 1024)
            if line.startswith("Rss:"):
                rss_kib = int(line.split()[1])
    return rss_kib


def cpu_s(pid):
    """Of all its threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def vm_address(number):
    return socket.inet_ntoa((FIRST_VM + number).to_bytes(4, "big"))


def node_at(number, first_port):
    return {"index": 0, "address": vm_address(number % VMS), "port": first_port + number // VMS}


def sync_body(count, lifetime_s):
    builds = [
        {
            "id": f"b{i}",
            "user": "ubuntu",
            "max_lifetime_s": lifetime_s,
            "nodes": [node_at(i, 7000)],
        }
        for i in range(count)
    ]
    return json.dumps({"builds": builds})


def wait_ended(path, since, count):
    """Reads the event stream until so many builds have ended; returns when, and the last one's id."""
    api = Api(path)
    api.request("GET", f"/v1/events?since={since}")
    answer = api.getresponse()
    while count > 0:
        line = answer.readline()
        count -= b'"build.ended"' in line
    at = time.monotonic()
    api.close()
    return at, json.loads(line)["build"]


def wait_forgotten(api):
    until = time.monotonic() + LIMIT_S
    while api.call("GET", "/v1/builds?limit=1")["builds"]:
        if time.monotonic() > until:
            sys.exit("scale.py: ended builds are not forgotten")
        time.sleep(0.02)


def declare(api, prober, pid, body, count, name):
    began, began_cpu_s = time.monotonic(), cpu_s(pid)
    answer = api.call("POST", "/v1/sync", body)
    figure(f"time to install, {name}", "s", time.monotonic() - began)
    figure(f"CPU time until then, {name}", "s", cpu_s(pid) - began_cpu_s)
    if answer["created"] != count:
        sys.exit(f"scale.py: {answer['created']} builds were created")
    time.sleep(AFTER_S)
    prober.phase(f"during the sync, {name}", began)
    figure(f"CPU time of it all, {name}", "s", cpu_s(pid) - began_cpu_s)
    return began


def end(api, prober, pid, path, since, count, deadline):
    began_cpu_s = cpu_s(pid)
    if time.monotonic() >= deadline:
        sys.exit("scale.py: the deadline came before everything was installed")
    ended, last = wait_ended(path, since, count)
    figure("time to end: deadline to the last build.ended", "s", ended - deadline)
    api.call("DELETE", f"/v1/builds/{last}")  # answered once nobody can use what was removed
    figure("time to end: deadline to the removal confirmed", "s", time.monotonic() - deadline)
    time.sleep(AFTER_S)
    prober.phase("while all end", deadline)
    figure("CPU time to end", "s", cpu_s(pid) - began_cpu_s)


def put_for(program, path, seconds):
    """Returns how many a second; the program prints it."""
    vms = [str(CONNECTIONS), str(seconds), vm_address(0), str(VMS), "8000"]
    return float(subprocess.run([program, path, *vms], check=True, capture_output=True, text=True).stdout)


def put(prober, pid, program, path, seconds):
    began, began_cpu_s = time.monotonic(), cpu_s(pid)
    rate = put_for(program, path, seconds)
    figure(f"PUTs over {CONNECTIONS} connections", "per second", rate)
    figure("CPU time of a PUT", "us", (cpu_s(pid) - began_cpu_s) * 1e6 / (rate * seconds))
    prober.phase("during PUTs", began)


def main(path, pid, count, lifetime_s, put_seconds, program):
    count, lifetime_s, put_seconds = int(count), int(lifetime_s), int(put_seconds)
    body, api = sync_body(count, lifetime_s), Api(path)
    with Prober(path) as prober:
        began = time.monotonic()
        time.sleep(IDLE_S)
        prober.phase("idle", began)
        base_kib = memory(pid, "before")
        deadline = lifetime_s + declare(api, prober, pid, body, count, "first")
        more_kib = memory(pid, "all installed") - base_kib
        figure("RSS beyond the base, each lease", "KiB", more_kib / count)
        if not put_seconds:
            prober.report()
            return
        since = api.call("GET", "/v1/status")["events"]["newest"]
        end(api, prober, pid, path, since, count, deadline)
        began = time.monotonic()
        wait_forgotten(api)
        prober.phase("while all are forgotten", began)
        memory(pid, "all forgotten")
        declare(api, prober, pid, body, count, "again")
        memory(pid, "installed again")
        put(prober, pid, program, path, put_seconds)
        prober.report()


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
