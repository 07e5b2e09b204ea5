#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kills sallyportd with -9 at random moments under random calls, and looks at what it comes back with.

  kills.py EDGE_NS PROGRAM CONFIG SOCKET BPF_DIR LOG KILLS SEED

Some clients put, finish, extend and cancel builds of their own. After each restart every build is as
it was last acknowledged, in the API and in the table; a call that the kill cut off has happened whole
or not at all. Before one restart in ten the pins go, as after a reboot; one start in ten is killed too.
"""

import concurrent.futures
import ctypes
import http.client
import json
import mmap
import os
import random
import select
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import table  # noqa: E402
import unix_http  # noqa: E402

CLIENTS = 4
BUILDS_OF_CLIENT = 12
WORK_S = 0.15  # a kill comes at most so long after the start
START_S = 0.05
READY_S = 20
TABLE_BYTES = 65536 * table.SLOT.size
TRAITS = ("state", "reason", "user", "linger_s", "created_at", "finished_at")


class Wrong(Exception):
    """The edge is not as it promised."""


def check(condition, what):
    if not condition:
        raise Wrong(what)


class Table:
    """The pinned leases, as packets meet them."""

    def __init__(self, bpf_dir):
        descriptor = ctypes.CDLL("libbpf.so.1").bpf_obj_get(f"{bpf_dir}/leases".encode())
        check(descriptor >= 0, f"no table is pinned in {bpf_dir}")
        self.memory = mmap.mmap(descriptor, TABLE_BYTES, prot=mmap.PROT_READ)
        os.close(descriptor)

    def slot(self, port):
        """Returns state, deadline, VM and its port; a slot that carries nothing has no more than a state."""
        slot = table.SLOT.unpack_from(self.memory, port * table.SLOT.size)
        state = table.STATES[slot[0]]
        return (state, slot[2], slot[3], slot[5]) if state == "live" else (state, 0, b"", b"")

    def carried(self):
        """Returns the ports that somebody's build has."""
        slots = enumerate(table.SLOT.iter_unpack(self.memory))
        return {port for port, slot in slots if table.STATES[slot[0]] in ("reserved", "live")}


class Daemon:
    def __init__(self, options):
        self.command = ["nsenter", f"--net=/run/netns/{options.edge_ns}", options.program, "-c", options.config]
        self.log = open(options.log, "a", encoding="utf-8")
        self.process = None

    def start(self):
        self.spoken, self.carries = threading.Event(), threading.Event()
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self.read, args=(self.process, self.spoken, self.carries))
        self.reader.start()

    def read(self, process, spoken, carries):
        for line in process.stdout:
            self.log.write(line)
            self.log.flush()
            if "Ready." in line:
                carries.set()
                spoken.set()
        spoken.set()

    def wait_ready(self):
        check(self.spoken.wait(READY_S), "sallyportd is not ready in time")
        check(self.carries.is_set(), "sallyportd ended at its start")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()


class Known:
    """What a build's client was told: how the API and the table show it."""

    def __init__(self, shown, leases):
        self.traits = {name: shown[name] for name in TRAITS}
        self.ended = shown["state"] == "ended"
        self.deadline_s = 0 if self.ended else time.mktime(time.strptime(shown["deadline"], "%Y-%m-%dT%H:%M:%SZ"))
        self.nodes = {node["index"]: (node.get("address"), node["port"], node["public_port"])
                      for node in shown["nodes"]}
        self.ports = [node[2] for node in self.nodes.values()]
        self.slots = None if self.ended else [leases.slot(port) for port in self.ports]

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __str__(self):
        return str(vars(self))

    def later_than(self, other):
        """Whether packets pass, or it is said that they pass, for longer."""
        last_ns = [max((slot[1] for slot in known.slots or ()), default=0) for known in (self, other)]
        return self.deadline_s > other.deadline_s or last_ns[0] > last_ns[1]

    def cancelled(self):
        return self.ended and self.traits["reason"] == "cancelled"


def keeps_ports(before, after):
    return all(after.nodes[index][2] == node[2] for index, node in before.nodes.items() if index in after.nodes)


class Client:
    """Calls for builds that are its own alone, so that it knows what each must be."""

    def __init__(self, options, number):
        self.options = options
        self.number = number
        self.random = random.Random(f"{options.seed}/{number}")
        self.made = 0
        self.acknowledged = 0
        self.known = {}
        self.cut = None  # (id, method and path's end, body) of a call that a kill cut off

    def address(self):
        return self.random.choice([None, f"10.0.{self.number}.{self.random.randint(1, 250)}"])

    def nodes(self):
        nodes = [{"index": index, "port": self.random.choice([22, 2222, 2200 + index]), "address": self.address()}
                 for index in range(self.random.randint(1, 3))]
        return [{name: value for name, value in node.items() if value} | {"index": node["index"]} for node in nodes]

    def draw(self):
        """Returns (id, call, body)."""
        live = [name for name, known in self.known.items() if not known.ended]
        if not live or (len(live) < BUILDS_OF_CLIENT and self.random.random() < 0.4):
            self.made += 1
            name = f"k{self.number}-{self.made}"
        else:
            name = self.random.choice(live)
        if name not in self.known or self.random.random() < 0.3:
            return name, "PUT", {"user": "u", "linger_s": 60 * self.random.randint(30, 90), "nodes": self.nodes()}
        call = self.random.choice(["DELETE", "POST /finish", "POST /extend"])
        return name, call, {"by_s": self.random.randint(1, 99)} if call == "POST /extend" else None

    def work(self, api, leases):
        """Calls until the daemon is gone."""
        while True:
            name, call, body = self.draw()
            self.cut = name, call, body
            method, _, rest = call.partition(" ")
            sent = json.dumps(body) if body else None
            try:
                status, text = api.call(method, f"/v1/builds/{name}{rest}", sent)
                if status == 204:
                    _, text = api.call("GET", f"/v1/builds/{name}")
            except (OSError, http.client.HTTPException):
                return
            check(status < 500, f"{call} {name} {body}: {status} {text}")
            if status < 300:
                self.known[name] = Known(json.loads(text), leases)
                self.acknowledged += 1
            self.cut = None

    def happened(self, call, body, before, now):
        """Whether a build is as a call makes it that nobody saw answered."""
        if call == "DELETE":
            return now.cancelled() and now.nodes == before.nodes
        if call == "PUT":
            # Without an address a node keeps the one that it has.
            had = {index: node[0] for index, node in before.nodes.items()} if before else {}
            asked = {node["index"]: (node.get("address") or had.get(node["index"]), node["port"])
                     for node in body["nodes"]}
            given = {index: node[:2] for index, node in now.nodes.items()}
            return given == asked and (not before or keeps_ports(before, now))
        if call == "POST /finish":
            return now.traits["state"] == "finished" and now.nodes == before.nodes
        return now.deadline_s == before.deadline_s + body["by_s"] and now.nodes == before.nodes

    def look(self, name, api, leases):
        status, text = api.call("GET", f"/v1/builds/{name}")
        return Known(json.loads(text), leases) if status == 200 else None

    def verify_cut(self, api, leases):
        name, call, body = self.cut
        before, now = self.known.get(name), self.look(name, api, leases)
        same = before == now if before and now else before is now
        check(same or (now and self.happened(call, body, before, now)),
              f"build {name}, {call} {body} cut off: was {before}, is {now}")
        self.cut = None
        if now:
            self.known[name] = now

    def verify(self, api, leases):
        """Returns the live builds' ports; what has ended is seen once more, and then forgotten."""
        cut = self.cut
        if cut:
            self.verify_cut(api, leases)
        for name, before in self.known.items():
            now = self.look(name, api, leases)
            check(now, f"build {name} is gone: was {before}")
            check(not now.later_than(before), f"build {name} has a later deadline: was {before}, is {now}")
            check(now == before, f"build {name}: was {before}, is {now}")
        ended = [name for name, known in self.known.items() if known.ended]
        for name in ended:
            del self.known[name]
        return [port for known in self.known.values() for port in known.ports], ended


class Events:
    """Their numbers have no gap, and each build ends once."""

    def __init__(self):
        self.last = 0
        self.ended = set()

    def read(self, api):
        _, text = api.call("GET", f"/v1/events?since={self.last}&follow=false")
        for event in map(json.loads, text.splitlines()):
            if event["type"] in ("heartbeat", "end"):
                continue
            check(event["seq"] == self.last + 1, f"event {event['seq']} follows {self.last}")
            self.last = event["seq"]
            if event["type"] == "build.ended":
                check(event["build"] not in self.ended, f"build {event['build']} ended twice")
                self.ended.add(event["build"])


class Options:
    def __init__(self, arguments):
        self.edge_ns, self.program, self.config, self.socket, self.bpf_dir, self.log = arguments[:6]
        self.kills, self.seed = int(arguments[6]), int(arguments[7])


class Story:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.daemon = Daemon(options)
        self.events = Events()
        self.clients = [Client(options, number) for number in range(CLIENTS)]
        self.early = self.reboots = self.cut = 0

    def pause(self, most_s):
        """A random moment: nothing is waited for."""
        select.select([], [], [], self.random.random() * most_s)

    def start(self):
        if self.random.random() < 0.1:
            self.daemon.start()
            self.pause(START_S)
            self.daemon.kill()
            self.early += 1
        if self.random.random() < 0.1:
            shutil.rmtree(self.options.bpf_dir, ignore_errors=True)
            self.reboots += 1
        self.daemon.start()
        self.daemon.wait_ready()
        return Table(self.options.bpf_dir)

    def verify(self, leases):
        api = unix_http.Connection(self.options.socket)
        self.cut += sum(client.cut is not None for client in self.clients)
        self.events.read(api)
        ports = []
        for client in self.clients:
            own, ended = client.verify(api, leases)
            ports += own
            check(self.events.ended.issuperset(ended), f"no event tells the end of one of {ended}")
        check(len(ports) == len(set(ports)), f"a port is in two leases: {sorted(ports)}")
        check(leases.carried() == set(ports), f"the table carries {leases.carried() ^ set(ports)} beside or not")
        api.close()

    def work_and_kill(self, leases, workers):
        apis = [unix_http.Connection(self.options.socket) for _ in self.clients]
        for api in apis:
            api.connect()
        jobs = [workers.submit(client.work, api, leases) for client, api in zip(self.clients, apis)]
        self.pause(WORK_S)
        self.daemon.kill()
        for job in jobs:
            job.result()

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as workers:
            for _ in range(self.options.kills):
                leases = self.start()
                self.verify(leases)
                self.work_and_kill(leases, workers)
        self.verify(self.start())


def main(options):
    story = Story(options)
    begin = time.monotonic()
    try:
        story.run()
    except (Wrong, OSError, http.client.HTTPException) as wrong:
        sys.exit(f"seed {options.seed}: {wrong!r}")
    finally:
        story.daemon.kill()
    acknowledged = sum(client.acknowledged for client in story.clients)
    print(f"{options.kills} kills under calls, {story.early} at a start, {story.reboots} without pins after, "
          f"{acknowledged} calls acknowledged, {story.cut} cut off, in {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) != 9:
        sys.exit(__doc__)
    main(Options(sys.argv[1:]))
