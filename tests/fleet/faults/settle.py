# SPDX-License-Identifier: BSD-3-Clause
"""Once all is well again: every edge is as the store is, and the store as was acknowledged."""

import json
import time

import tables
from calls import wall_s
from machines import PREFIX, Wrong, wait_for

LIMIT_S = 30
LEFT_S = 3  # a build that ends so soon is not looked at
SAMPLE = 6
CUT_S = 2.2  # a time that is left is cut to whole seconds, and so is what is shown


class Store:
    """The keys, read."""

    def __init__(self, keys):
        self.records, self.ports, self.endpoints = {}, {}, {}
        for key, value in keys.items():
            kind, _, rest = key[len(PREFIX):].removeprefix("taken/").partition("/")
            if kind == "builds":
                self.records[rest] = json.loads(value)
            elif kind in ("ports", "endpoints"):
                getattr(self, kind)[rest] = value
        self.live = {name: record for name, record in self.records.items() if not record["ended"]}


def nodes_of(record):
    return {node["index"]: (node.get("address"), node["public_port"]) for node in record["body"]["nodes"]}


def deadline_of(record):
    """In s, as control/fleet/store/record.c has it."""
    body = record["body"]
    at = record["created"] / 1e9 + body["max_lifetime_s"]
    if record["finished"]:
        at = min(at, record["finished"] / 1e9 + body["linger_s"])
    return max(at, record["until"] / 1e9)


class Settled:
    def __init__(self, story):
        self.story, self.machines, self.known = story, story.machines, story.known

    def verify(self):
        self.differences = ["nothing was compared"]
        try:
            self.machines.wait_current()
            wait_for("all edges to be as the store is", LIMIT_S, self.are_equal)
        except Wrong as wrong:
            self.are_equal()
            raise Wrong(f"{wrong}: {'; '.join(self.differences[:8])} ({len(self.differences)} in all)") from None
        self.verify_packets()

    def are_equal(self):
        store = Store(self.machines.store())
        self.differences = [*self.claims(store), *self.history(store)]
        for edge in self.machines.edges.values():
            self.differences += [f"edge {edge.name}: {text}" for text in self.edge(edge, store)]
        self.store = store
        return not self.differences

    def claims(self, store):
        """Each record has its ports, and each port its record; VMs are free again once a build has ended."""
        ports = {str(port): name for name, record in store.records.items() for _, port in nodes_of(record).values()}
        for key, name in store.ports.items():
            if ports.pop(key.rsplit("/", 1)[-1], None) != name:
                yield f"port key {key} of {name} has no such record"
        for port, name in ports.items():
            yield f"port {port} of record {name} is not in the store"
        vms = {vm: name for name, record in store.live.items() for vm, _ in nodes_of(record).values()}
        for key, name in store.endpoints.items():
            vm = next((vm for vm in vms if f"/{vm}/" in f"/{key}/"), None)
            if not vm or vms.pop(vm) != name:
                yield f"VM key {key} of {name} has no such record"
        for vm, name in vms.items():
            yield f"VM {vm} of record {name} is not in the store"

    def history(self, store):
        """What was acknowledged is in the store."""
        for build in list(self.known.by_name.values()):
            record = store.records.get(build.name)
            if build.ended and record and not record["ended"]:
                yield f"what has ended is in the store: {build}"
            if build.lives_for_s() < LEFT_S:
                continue
            if not record or record["ended"]:
                yield f"what was acknowledged is {'ended' if record else 'not'} in the store: {build}"
                continue
            nodes = nodes_of(record)
            if any(nodes.get(index, (0, 0))[1] != port for index, port in build.ports.items()):
                yield f"the store has other ports, {nodes}, of {build}"
            moved_s = deadline_of(record) - build.deadline
            if moved_s < -CUT_S or (build.exact and moved_s > CUT_S):
                yield f"the store has another deadline, {deadline_of(record):.1f}, than {build.deadline} of {build}"

    def edge(self, edge, store):
        builds, slots = edge.builds(), tables.read(edge)
        carried = {port: slot.vm for port, slot in slots.items()}
        for name, shown in builds.items():
            if shown["state"] != "ended" and name not in store.live:
                yield f"{name} is open and {'ended' if name in store.records else 'not'} in the store"
        for name, record in store.live.items():
            left_s = deadline_of(record) - time.time()
            build = self.known.by_name[name]
            wrong_s = self.story.wrong_s(build)
            shown = builds.get(name)
            if left_s < LEFT_S + wrong_s:
                continue
            if not shown or shown["state"] == "ended":
                yield f"it lacks {name}, which lives for {left_s:.1f} s: {shown}"
                continue
            nodes = {node["index"]: (node["address"], node["public_port"]) for node in shown["nodes"]}
            if nodes != nodes_of(record):
                yield f"{name} has {nodes} and not {nodes_of(record)}"
            if any(carried.get(port) != vm for vm, port in nodes.values()):
                yield f"{name} is not in the table as {nodes}"
            if not -CUT_S - wrong_s < wall_s(shown["deadline"]) - deadline_of(record) < CUT_S + wrong_s:
                yield f"{name} ends at {shown['deadline']}, in the store at {deadline_of(record):.1f}"
            if (shown["state"] == "finished") != (record["finished"] != 0):
                yield f"{name} is {shown['state']}, finished at {record['finished']} in the store"

    def verify_packets(self):
        """A sample of what lives gets packets through each edge."""
        chosen = [(name, record) for name, record in self.store.live.items()
                  if deadline_of(record) - time.time() > 20 + self.story.wrong_s(self.known.by_name[name])][:SAMPLE]
        for name, record in chosen:
            for vm, port in nodes_of(record).values():
                for edge in self.machines.edges:
                    self.wait_heard(edge, name, vm, port)

    def wait_heard(self, edge, name, vm, port):
        numbers = []

        def heard():
            numbers.append(self.story.wire.probe(edge, port))
            return any(self.story.wire.heard.get(number) == vm for number in numbers)

        wait_for(f"a packet through {edge} to {vm} of {name}", 10, heard)
