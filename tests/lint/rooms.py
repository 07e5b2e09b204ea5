#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rooms of control/ and dataplane/, and which way each may look.

    rooms.py                 print the rooms and their arrows, as found in the code
    rooms.py --table         print the table below as docs/HACKING.md shows it

An arrow is an include, or the use of a name that another file exports. A room may look at the rooms
its row names, at those below in its own folder (api/ at api/call/), at nothing else.
"""

import collections
import pathlib
import re
import sys

import tree as trees

FILES_MAX = 25

# room: (what it holds, rooms it may look at). From the roof down: a row names only rows below it.
ROOMS = {
    "daemon": ("the process: start, loop, reload, sockets",
               "announce api metrics watch watch/audit explain edge edge/state kernel kernel/hold kernel/pins "
               "journal table model http json"),
    "cli": ("sallyport: verbs, and what they print",
            "cli/top cli/trace cli/history cli/check cli/drain cli/fleet cli/bundle cli/doctor cli/talk watch/capture model json"),
    "cli/top": ("builds as they are now, on a live screen", "cli/talk model"),
    "cli/top/paint": ("its screen as a page of cells", "cli/top/list cli/talk roster model"),
    "cli/top/list": ("what it shows, and what keys do to that: no I/O", "cli/talk model"),
    "cli/trace": ("what would become of a packet", "cli/talk kernel/netlink table"),
    "cli/check": ("open builds that a new configuration leaves outside", "cli/talk"),
    "cli/fleet": ("the edges of a fleet, shown", "cli/talk roster"),
    "cli/drain": ("routers take this edge no more, and again", "cli/talk"),
    "cli/history": ("what was recorded: connections, changes, who was inside",
                    "cli/talk model"),
    "cli/bundle": ("one archive for whoever helps", "cli/doctor cli/talk table"),
    "cli/bundle/redact": ("what others may see of it", ""),
    "cli/doctor": ("what keeps an edge from working", "cli/talk facts"),
    "cli/talk": ("to the daemon, and to the person", ""),
    "hooks": ("sallyport-hooks", "arguments durable"),
    "hooks/directory": ("which files are hooks, and which only look like some", ""),
    "hooks/webhook": ("posting to a URL, signed", "base64"),
    "runner": ("sallyport-runner: VMs ask for their own builds", "arguments http"),
    "api": ("the server, the routes, a file for each resource",
            "answer announce page connect metrics roster watch watch/capture watch/notes explain edge edge/state edge/put edge/txn journal "
            "kernel kernel/pins table model roles http json"),
    "api/records": ("what was recorded, as JSON, page by page",
                    "api/call connect journal model http json"),
    "api/describe": ("shapes and problems become schemas of the OpenAPI document",
                     "answer api/call model json"),
    "api/body": ("bodies of requests become specs", "edge/state model json"),
    "api/call": ("one call on its way: role, turn, receipt, wait, answer",
                 "answer edge edge/state edge/txn table model roles http json"),
    "page": ("the status page: its files, who may ask, what changed",
             "watch edge edge/state table model json"),
    "connect": ("what people are told: connect, diagnose", "watch edge table model json"),
    "metrics": ("the text that Prometheus reads", "roster watch explain edge edge/state table model"),
    "watch": ("what becomes of connections", "edge edge/state journal table model"),
    "watch/audit": ("which connections are recorded, and how long", "edge journal model"),
    "watch/capture": ("packets of one build, as pcapng", "watch/notes edge model"),
    "watch/notes": ("rings of what the engines note, and how far they were read", "journal"),
    "explain": ("a port that says why it is shut", "edge edge/state model"),
    "edge": ("all builds: one transaction at a time", "journal table model json"),
    "edge/put": ("a spec becomes a change", "edge/txn edge/state table model json"),
    "edge/txn": ("a change: collected, journaled, published", "edge/state journal table model json"),
    "edge/state": ("what the edge knows: by id, by endpoint, by name, events",
                   "journal table model json"),
    "journal": ("what survives a crash", "model durable"),
    "journal/rows": ("rows on their way into a table, several at a time", ""),
    "announce": ("whether routers are told of this edge",
                 "kernel/netlink table durable model"),
    "facts": ("what is wrong with this host, and the cure: one table",
              "kernel/attach kernel/device kernel/netlink kernel/pins"),
    "kernel": ("our hold on this host's kernel", "table model"),
    "kernel/hold": ("packets wait for sallyportd while the host starts",
                    "kernel/attach kernel/netlink kernel/pins"),
    "kernel/attach": ("maps and programs on interfaces", "kernel/device kernel/netlink kernel/pins model table"),
    "kernel/neighbours": ("VMs and gateways the kernel keeps resolved",
                          "kernel/netlink kernel/pins"),
    "kernel/netlink": ("messages of the kernel", "kernel/pins"),
    "kernel/device": ("what drivers say of their devices", ""),
    "kernel/pins": ("names in the BPF file system, states, reasons", ""),
    "table": ("the one writer of the table, and its readers", "model json"),
    "fleet": ("sallyport-fleet: several edges hold the same builds",
              "roster etcd etcd/gateway transfer arguments roles http json model durable"),
    "fleet/state": ("what this edge knows of its fleet: the store's epoch, edges, waits for them, writes",
                    "fleet/talk fleet/edges fleet/store etcd etcd/gateway transfer json model"),
    "fleet/talk": ("to sallyportd, and to who asked", "answer fleet/store transfer http json model"),
    "fleet/edges": ("which edges there are, and how far each is", "etcd etcd/gateway durable"),
    "fleet/store": ("what the fleet's keys say: records, claims, a mirror of them", "json model"),
    "etcd": ("a client of etcd: ranges, transactions, a watch, leases", "transfer"),
    "etcd/gateway": ("values as its JSON gateway writes them", "base64"),
    "transfer": ("HTTP requests that others answer, on the loop", ""),
    "arguments": ("options of a program: parser and help", ""),
    "base64": ("bytes from base64, by libcrypto", ""),
    "durable": ("small files that are whole after a crash", ""),
    "answer": ("answers from JSON and problems", "http json"),
    "roles": ("who may do what, by the kernel's word", ""),
    "http": ("HTTP over a socket", ""),
    "roster": ("what is shown of a fleet: one table", "json"),
    "json": ("JSON in and out, problems", "model"),
    "model": ("plain nouns, pure functions", ""),
    "dataplane": ("sallyport-dp: stages on top, worker, crew",
                  "dataplane/start dataplane/hop dataplane/port"),
    "dataplane/start": ("what a start looks at: arguments, capabilities, EAL", ""),
    "dataplane/hop": ("the kernel's routes and neighbours, next hops, parked packets",
                      "dataplane/port"),
    "dataplane/port": ("interfaces, their queues and buffers", ""),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
NAME = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
FUNCTION = re.compile(r"[^;={}()]*?\b(\w+)\s*\(.*\)\s*\{$", re.S)
VARIABLE = re.compile(r"(?:const\s+)?(?:struct\s+)?\w+[\w\s*]*?\b(\w+)(?:\[[^]]*\])?\s*(?:=[^;]*)?;$", re.S)
TAG = re.compile(r"\b(?:struct|enum|union)\s+\w+")


def room_of(path):
    """Result: the room of a file, None if it is in none (main.c above all)."""
    if path.parts[0] == "dataplane":
        return "/".join(path.parts[:-1])
    if path.parts[0] == "control" and len(path.parts) > 2:
        return "/".join(path.parts[1:-1])
    return None


def code(text):
    """Result: C without comments, strings and directives."""
    return DIRECTIVE.sub("", STRING.sub('""', COMMENT.sub(" ", text)))


def statements(text):
    """Yields each definition and declaration at file level, what is in braces left out."""
    depth, head = 0, []
    for character in code(text):
        if character == "{":
            depth += 1
            if depth == 1:
                head.append(character)
        elif character == "}":
            depth -= 1
            if depth == 0 and FUNCTION.match("".join(head).strip()):
                yield "".join(head).strip()
                head = []
            elif depth == 0:
                head.append(character)
        elif depth == 0 and character == ";":
            yield "".join(head).strip() + ";"
            head = []
        elif depth == 0:
            head.append(character)


def exports(text):
    """Result: the names that a .c file defines for others."""
    found = set()
    for head in statements(text):
        if head.startswith(("static", "typedef", "extern", "enum", "_Static_assert", ";")):
            continue
        function = FUNCTION.match(head)
        variable = VARIABLE.match(head)
        if function:
            found.add(function.group(1))
        elif variable and "(" not in head:
            found.add(variable.group(1))
    return {name for name in found if name != "main" and not name.isupper()}


class House:
    """The files of the rooms, what each includes, exports and uses."""

    def __init__(self, tree):
        self.tree = tree
        self.files = [path for path in tree.files(".c", ".h") if room_of(path)]
        self.exports = {path: exports(tree.text(path)) for path in self.files
                        if path.suffix == ".c"}
        self.owner = {name: path for path, names in self.exports.items() for name in names}

    def included(self, path):
        for name in INCLUDE.findall(self.tree.text(path)):
            for place in (path.parent, pathlib.Path(path.parts[0])):
                if place / name in set(self.files):
                    yield place / name
                    break

    def used(self, path):
        for name in set(NAME.findall(TAG.sub(" ", code(self.tree.text(path))))):
            other = self.owner.get(name)
            if other and other != path:
                yield other, name


def arrows(house):
    """Yields (file, other file, what) for each include, and each name used in a .c file."""
    for path in house.files:
        for other in house.included(path):
            yield path, other, f"includes {other.name}"
        if path.suffix == ".c":
            for other, name in house.used(path):
                yield path, other, f"uses {name}"


def may_look(room, other):
    if room == other or (other.startswith(room + "/") and room != "dataplane"):
        return True
    return other in ROOMS[room][1].split()


def circles(graph):
    """Result: the groups of nodes that lead to each other (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def rooms(tree):
    """A room looks only where its row says; no circle of rooms, of includes, or of calls."""
    house = House(tree)
    problems, between, includes, calls = [], *(collections.defaultdict(set) for _ in range(3))
    problems += [f"{path}: {room_of(path)} is no room" for path in house.files
                 if room_of(path) not in ROOMS]
    if problems:
        return problems
    for path, other, what in arrows(house):
        room, target = room_of(path), room_of(other)
        if not may_look(room, target):
            problems.append(f"{path}: {room} may not look at {target}: {what}")
        if room != target:
            between[room].add(target)
        (includes if what.startswith("includes") else calls)[str(path)].add(str(other))
    for what, graph in (("rooms", between), ("includes", includes), ("calls", calls)):
        problems += [f"{group[0]}: a circle of {what}: {' '.join(group)}"
                     for group in circles(graph)]
    order = list(ROOMS)
    problems += [f"tests/lint/rooms.py: {room} names {other}, which is not below it"
                 for room, (_, below) in ROOMS.items() for other in below.split()
                 if order.index(other) < order.index(room)]
    return sorted(set(problems))


def names(tree):
    """What control/ROOM/STEM.c exports begins with ROOM_STEM_, and ROOM_ in ROOM/ROOM.c."""
    problems = []
    for path, exported in House(tree).exports.items():
        room = path.parts[-2]
        prefix = room if path.stem == room else f"{room}_{path.stem}"
        if path.parts[0] == "control":
            problems += [f"{path}: exports {name}, not {prefix}_..." for name in sorted(exported)
                         if name != prefix and not name.startswith(prefix + "_")]
    return problems


def folders(tree):
    """Nothing lies directly in control/ but main.c; no folder of C is crowded; rooms exist."""
    count = collections.Counter(path.parent for path in tree.files(".c", ".h"))
    problems = [f"{folder}: {number} source files, at most {FILES_MAX}"
                for folder, number in count.items() if number > FILES_MAX]
    problems += [f"{path}: lies in no room" for path in tree.files(".c", ".h")
                 if path.parts[0] == "control" and not room_of(path) and path.name != "main.c"]
    return problems


def show(tree):
    house = House(tree)
    count, uses = collections.Counter(room_of(path) for path in house.files), {}
    for path, other, _ in arrows(house):
        if room_of(path) != room_of(other):
            uses.setdefault(room_of(path), collections.Counter())[room_of(other)] += 1
    for room, (what, _) in ROOMS.items():
        print(f"{room:18} {count[room]:3} files  {what}")
        for other, number in sorted(uses.get(room, {}).items(),
                                    key=lambda row: list(ROOMS).index(row[0])):
            print(f"{'':22} -> {other} ({number})")
    found = rooms(tree)
    print(f"{sum('circle' in problem for problem in found)} circles, "
          f"{sum('may not look' in problem for problem in found)} arrows upward")


def table():
    """Result: the rows of docs/HACKING.md."""
    lines = ["| room | holds | looks at |", "|---|---|---|"]
    for room, (what, below) in ROOMS.items():
        lines.append(f"| `{room}/` | {what} | {', '.join(below.split()) or '–'} |")
    return "\n".join(lines)


def page(tree):
    """docs/HACKING.md shows the table of rooms as it is."""
    path = pathlib.Path("docs/HACKING.md")
    if path not in tree.files(".md") or table() in tree.text(path):
        return []
    return [f"{path}: its table of rooms is not what tests/lint/rooms.py --table prints"]


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print(table())
    else:
        show(trees.Tree(pathlib.Path(__file__).resolve().parents[2]))
