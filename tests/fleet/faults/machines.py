# SPDX-License-Identifier: BSD-3-Clause
"""The three edges and the three members of etcd, whose network the test has made."""

import base64
import fcntl
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "lab"))
import namespaces  # noqa: E402
import unix_http  # noqa: E402

EDGES = ("a", "b", "c")
MEMBERS = ("10.0.0.9", "10.0.0.10", "10.0.0.11")
PREFIX = "/sallyport/"
SIOCGIFADDR = 0x8915
READY_S = 30


class Wrong(Exception):
    """The fleet is not as it promised."""


def check(condition, what):
    if not condition:
        raise Wrong(what)


def wait_for(what, limit_s, condition):
    """Returns the condition's value once it is true."""
    until = time.monotonic() + limit_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < until, f"waited {limit_s} s in vain for {what}")
        pause.wait(0.05)


class Process:
    """One program in a namespace, which is killed, stopped and started again."""

    def __init__(self, name, machine, argv, log, env=None):
        self.name, self.log = name, log
        self.argv = ["nsenter", f"--net=/run/netns/{machine}", "setpriv", "--pdeathsig", "KILL", *argv]
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.env,
                                        stdin=subprocess.DEVNULL, start_new_session=True, text=True, errors="replace")
        threading.Thread(target=self.keep_log, args=(self.process,), daemon=True).start()

    def keep_log(self, process):
        with open(self.log, "a", encoding="utf-8") as log:
            for line in process.stdout:
                log.write(f"{time.time() % 1000:7.3f} {line}")
                log.flush()
            log.write(f"{time.time() % 1000:7.3f} --- it has ended\n")

    def alive(self):
        return self.process and self.process.poll() is None

    def kill(self):
        check(self.alive(), f"{self.name} ended by itself with {self.process.poll()}: see {self.log}")
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


class Clock:
    """An edge's wall clock beside the true one: see tests/lab/other_clock.c."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(struct.pack("=qq", 0, 0))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 16)
        self.steps = [(0.0, 0.0)]  # when (monotonic), ahead in s

    def step(self, ahead_s, lost):
        self.steps.append((time.monotonic(), ahead_s))
        self.memory[:] = struct.pack("=qq", int(ahead_s * 1000), lost)

    def extremes(self, since):
        """Returns by how much it was (behind, ahead) at most since then, as numbers >= 0."""
        offsets = [ahead for at, ahead in self.steps if at >= since]
        offsets.append([ahead for at, ahead in self.steps if at <= since][-1])
        return max(0.0, -min(offsets)), max(0.0, max(offsets))


class Edge:
    def __init__(self, options, name):
        directory = options.lab_dir if name == "a" else f"{options.lab_dir}/{name}"
        config = f"{directory}/sallyport.conf"
        log = f"{options.lab_dir}/log"
        self.name, self.machine = name, options.ns + {"a": "-edge", "b": "-edge2", "c": "-edge3"}[name]
        self.bpf_dir = options.bpf_dir if name == "a" else f"{options.bpf_dir}-{name}"
        self.api_socket, self.fleet_socket = f"{directory}/run/api.sock", f"{directory}/run/fleet.sock"
        self.clock = Clock(f"{directory}/clock")
        env = {"LD_PRELOAD": f"{options.build}/tests/e2e/libother_clock.so", "OTHER_CLOCK_FILE": self.clock.path}
        programs = f"{options.build}/control"
        self.control = Process(f"sallyportd of {name}", self.machine, [f"{programs}/sallyportd", "-c", config],
                               f"{log}/control-{name}", env)
        self.fleet = Process(f"sallyport-fleet of {name}", self.machine,
                             [f"{programs}/fleet/sallyport-fleet", "-c", config], f"{log}/fleet-{name}", env)
        with namespaces.entered(self.machine):
            self.probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def forget_pins(self):
        shutil.rmtree(self.bpf_dir, ignore_errors=True)

    def announced(self):
        """Whether routers may prefer it: the public address is where BIRD looks for it."""
        try:
            fcntl.ioctl(self.probe, SIOCGIFADDR, struct.pack("16s24x", b"sallyport"))
            return True
        except OSError:
            return False

    def ask(self, path, socket_path=None, timeout=10):
        """Returns what a GET answers, None if nobody does."""
        api = unix_http.Connection(socket_path or self.api_socket, timeout)
        try:
            status, text = api.call("GET", path)
            return json.loads(text) if status == 200 else None
        except (OSError, ValueError, unix_http.http.client.HTTPException):
            return None
        finally:
            api.close()

    def builds(self):
        """Returns all builds that sallyportd has, by id."""
        found, after = {}, ""
        while True:
            page = self.ask(f"/v1/builds?limit=1000{after}")
            check(page, f"sallyportd of {self.name} does not list its builds")
            found |= {build["id"]: build for build in page["builds"]}
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    def current(self):
        shown = self.ask("/v1/fleet", self.fleet_socket)
        return bool(shown and shown["current"])


class Member(Process):
    def __init__(self, options, number):
        at = MEMBERS[number]
        self.url = f"http://{at}:2379"
        self.machine = f"{options.ns}-member{number}"
        cluster = ",".join(f"m{i}=http://{address}:2380" for i, address in enumerate(MEMBERS))
        super().__init__(f"member {number}", self.machine, [
            "etcd", "--name", f"m{number}", "--data-dir", f"{options.lab_dir}/etcd{number}",
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
            "--listen-peer-urls", f"http://{at}:2380", "--initial-advertise-peer-urls", f"http://{at}:2380",
            "--initial-cluster", cluster], f"{options.lab_dir}/log/etcd{number}")


class Machines:
    """Everything that faults happen to."""

    def __init__(self, options):
        self.options = options
        self.edges = {name: Edge(options, name) for name in EDGES}
        self.members = [Member(options, number) for number in range(len(MEMBERS))]

    def start(self):
        for member in self.members:
            member.start()
        wait_for("etcd", READY_S, self.revision)
        for edge in self.edges.values():
            edge.control.start()
        for edge in self.edges.values():
            wait_for(f"sallyportd of {edge.name}", READY_S, lambda edge=edge: edge.ask("/v1/status"))
            edge.fleet.start()
        self.wait_current()

    def wait_current(self):
        for edge in self.edges.values():
            wait_for(f"edge {edge.name} to be as the store is", 2 * READY_S, edge.current)

    def end(self):
        for process in self.processes():
            if process.alive():
                process.kill()

    def processes(self):
        return [*self.members, *(process for edge in self.edges.values() for process in (edge.control, edge.fleet))]

    def etcd(self, path, body, limit_s=3):
        """Asks members in turn, from their own network. Returns the answer, None if nobody answers."""
        for member in self.members:
            with namespaces.entered(member.machine):
                request = urllib.request.Request(member.url + path, json.dumps(body).encode())
                try:
                    with urllib.request.urlopen(request, timeout=limit_s) as answer:
                        return json.load(answer)
                except (OSError, ValueError, unix_http.http.client.HTTPException):
                    continue
        return None

    def revision(self):
        answer = self.etcd("/v3/kv/range", {"key": base64.b64encode(b"/none").decode()})
        return int(answer["header"]["revision"]) if answer else 0

    def compact(self):
        revision = self.revision()
        if revision:
            self.etcd("/v3/kv/compaction", {"revision": str(revision), "physical": True})

    def move_leader(self, target):
        """To this member, if all goes well: a draw knows nothing of who leads."""
        endpoints = ",".join(member.url for member in self.members)
        status = {}
        for member in self.members:
            with namespaces.entered(member.machine):
                request = urllib.request.Request(member.url + "/v3/maintenance/status", b"{}")
                try:
                    with urllib.request.urlopen(request, timeout=2) as answer:
                        status[member] = json.load(answer)
                except (OSError, ValueError, unix_http.http.client.HTTPException):
                    pass
        if self.members[target] not in status:
            return
        number = int(status[self.members[target]]["header"]["member_id"])
        subprocess.run(["nsenter", f"--net=/run/netns/{self.members[0].machine}", "etcdctl", "--endpoints", endpoints,
                        "--command-timeout=3s", "move-leader", f"{number:x}"], env={**os.environ, "ETCDCTL_API": "3"},
                       capture_output=True, check=False)

    def store(self):
        """Returns all keys of the fleet with their values, at one revision."""
        key = PREFIX.encode()
        end = key[:-1] + bytes([key[-1] + 1])
        answer = self.etcd("/v3/kv/range", {"key": base64.b64encode(key).decode(),
                                            "range_end": base64.b64encode(end).decode()}, 10)
        check(answer, "etcd cannot be read")
        return {base64.b64decode(kv["key"]).decode(): base64.b64decode(kv["value"]).decode()
                for kv in answer.get("kvs", [])}
