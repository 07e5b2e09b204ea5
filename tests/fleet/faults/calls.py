# SPDX-License-Identifier: BSD-3-Clause
"""Orchestrators: calls for builds to the fleet's sockets of all edges, and what they may count on since."""

import calendar
import http.client
import json
import os
import random
import sys
import threading
import time
import traceback

from machines import Wrong, check

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "lab"))
import unix_http  # noqa: E402

SHORT_S, LONG_S = 2, 13  # how long an answer is waited for
AVOID_S = 1  # an edge that did not answer
LATE_S = 20  # a PUT is written late: an edge tries for 5 s, and may be stopped meanwhile, as a member may
BUILDS = 5  # of one orchestrator at a time
CONTESTED = 16  # VMs that every orchestrator wants
STEP_S = 35  # a clock is wrong by less
REFUSED = object()  # nobody listens: surely not done


def wall_s(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def print_wall(at_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


class Build:
    """What its orchestrator knows of a build. Times are true wall time, in s."""

    def __init__(self, name, owner, vms):
        self.name, self.owner, self.vms = name, owner, vms  # index: VM
        self.begun = time.monotonic()
        self.lifetime_s = owner.random.choice((6, 12, 30, 300))
        self.linger_s = owner.random.choice((2, 5, 30))
        self.ports = {}  # index: public port, as acknowledged
        self.acked = False
        self.deadline = None  # as acknowledged last
        self.exact = True  # nothing whose fate is not known can move it
        self.may_finish = False  # earlier than that
        self.may_linger = None  # until then at least, if it has
        self.latest = None  # no later than this whatever happened; None: not known
        self.more_s = 0  # extensions whose fate is not known
        self.until = 0  # likewise, to a time
        self.may_end = False  # somebody was told to end it
        self.ended = None  # monotonic: all edges have cut
        self.forgotten = False  # nobody knows it any more
        self.extended = self.refused = self.perhaps = False
        self.late = 0  # monotonic: until then a PUT that got no answer may still be made
        self.story = []

    def note(self, text):
        self.story.append(f"{time.time() % 1000:.3f} {text}")

    def told(self, shown, wrong_s):
        """An answer shows it, and a clock was so wrong meanwhile, which may have been the one that counted."""
        at = wall_s(shown["deadline"]) if shown["deadline"] else None
        ports = {node["index"]: node["public_port"] for node in shown["nodes"]}
        for index, port in self.ports.items():
            check(ports.get(index) == port, f"node {index} of {self} has another port: {ports}")
        self.ports |= ports
        self.acked, self.refused = True, False
        self.deadline = None if wrong_s or shown["state"] == "ended" else at
        if at:
            self.may_last(max(at, self.until) + self.more_s + wrong_s)

    def may_have_finished(self):
        self.may_finish = True
        self.may_linger = self.may_linger or time.time() + self.linger_s

    def may_last(self, at):
        """Not every edge knows of what shortens it."""
        self.latest = max(self.latest or 0, at)

    def lives_for_s(self):
        """Returns how long it lives for sure, as far as is known."""
        if not self.acked or self.may_end or self.may_finish or self.deadline is None:
            return 0
        return self.deadline - time.time()

    def __str__(self):
        return f"build {self.name} (VMs {self.vms}, ports {self.ports}, story: {'; '.join(self.story[-12:])})"


class Contest:
    """VMs that several orchestrators ask for, where only one can have each."""

    def __init__(self):
        self.lock = threading.Lock()
        self.holders = {f"10.0.16.{number}": [] for number in range(CONTESTED)}

    def take(self, build, rng):
        """Returns a VM that nobody is giving up just now: until that is done everywhere, it is not to be given."""
        with self.lock:
            free = [vm for vm, holders in self.holders.items() if not any(holder.may_end for holder in holders)]
            if not free:
                return None
            vm = rng.choice(free)
            self.holders[vm].append(build)
            return vm

    def leave(self, build):
        with self.lock:
            for holders in self.holders.values():
                if build in holders:
                    holders.remove(build)

    def verify(self, build):
        """It was given its VM: nobody else has it."""
        with self.lock:
            for vm, holders in self.holders.items():
                others = [holder for holder in holders if holder is not build and holder.lives_for_s() > STEP_S]
                check(build not in holders or not others, f"VM {vm} is given to {build}, and is that of {others[:1]}"
                      f"{others[0] if others else ''}")


class Pace:
    """So many calls in a second, of all together."""

    def __init__(self, rate):
        self.gap_s, self.lock, self.next = 1 / rate, threading.Lock(), time.monotonic()

    def wait(self, ended):
        with self.lock:
            self.next = max(self.next, time.monotonic() - 0.1) + self.gap_s
            at = self.next
        ended.wait(max(0.0, at - time.monotonic()))


class Known:
    """All builds, for those who look at tables."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_name, self.by_vm = {}, {}
        self.vms_used = 0
        self.calls = self.acked = self.unknown = 0
        self.statuses = {}

    def new_vm(self):
        with self.lock:
            self.vms_used += 1
            number = self.vms_used % 59000
        return f"10.0.{17 + number // 251}.{1 + number % 251}"

    def add(self, build):
        with self.lock:
            self.by_name[build.name] = build

    def use(self, build, vm):
        with self.lock:
            self.by_vm.setdefault(vm, []).append(build)

    def count(self, verb, answer):
        with self.lock:
            self.calls += 1
            key = f"{verb} {answer[0] if isinstance(answer, tuple) else 'refused' if answer is REFUSED else 'unknown'}"
            self.statuses[key] = self.statuses.get(key, 0) + 1


class Orchestrator:
    """One that keeps builds of its own, and asks again when it does not know."""

    def __init__(self, story, number):
        self.story, self.number = story, number
        self.random = random.Random(f"{story.options.seed}/{number}")
        self.known, self.contest, self.edges = story.known, story.contest, story.machines.edges
        self.apis, self.avoid = {}, {}
        self.builds, self.made = [], 0

    def work(self):
        try:
            while not self.story.pausing.is_set():
                self.story.pace.wait(self.story.pausing)
                if not self.story.pausing.is_set():
                    self.act()
        except Wrong as wrong:
            self.story.wrong(wrong)
        except Exception:
            self.story.wrong(Wrong(f"orchestrator {self.number}: {traceback.format_exc()}"))

    def pick_edge(self):
        now = time.monotonic()
        good = [name for name in self.edges if self.avoid.get(name, 0) < now]
        return self.random.choice(good or list(self.edges))

    def ask(self, edge, method, path, body=None, limit_s=SHORT_S):
        """Returns (status, answer, headers), None for what nobody knows, or REFUSED."""
        api = self.apis.get(edge)
        if not api:
            api = self.apis[edge] = unix_http.Connection(self.edges[edge].fleet_socket)
        answer = None
        try:
            if not api.sock:
                api.connect()
        except OSError:
            answer = REFUSED
        if answer is not REFUSED:
            try:
                api.sock.settimeout(limit_s)
                api.request(method, path, json.dumps(body) if body is not None else None,
                            {"Content-Type": "application/json"} if body is not None else {})
                got = api.getresponse()
                text = got.read().decode()
                # One user has too many connections there, as when calls hang: it is not made.
                answer = REFUSED if got.status == 429 else (got.status, json.loads(text) if text else {}, got.headers)
            except (OSError, http.client.HTTPException):
                pass
        if not isinstance(answer, tuple):
            api.close()
            self.avoid[edge] = time.monotonic() + AVOID_S
        self.known.count(f"{method} {path.rsplit('/', 1)[-1] if method == 'POST' else ''}", answer)
        return answer

    def act(self):
        self.builds = [build for build in self.builds if not self.is_over(build)]
        draw = self.random.random()
        if not self.builds or (len(self.builds) < BUILDS and draw < 0.3):
            self.declare(self.new_build())
            return
        build = self.random.choice(self.builds)
        if build.may_end:
            self.delete(build)  # until it is known
        elif not build.acked or draw < 0.4:
            self.declare(build)
        elif draw < 0.5:
            self.delete(build)
        elif draw < 0.65:
            self.finish(build)
        elif draw < 0.8:
            self.extend(build)
        elif draw < 0.95:
            self.look(build)
        else:
            self.list()

    def is_over(self, build):
        if build.may_end:
            over = build.ended or build.forgotten
        elif build.acked:  # one that was forgotten meanwhile would be declared as another
            over = build.forgotten or build.deadline is None or self.may_be_forgotten(build)
        else:
            over = time.monotonic() - build.begun > 30
        if over:
            self.contest.leave(build)
        return over

    def may_be_forgotten(self, build):
        """15 s behind its end it is, by the store's quarantine and margin."""
        ends = build.deadline
        if build.may_finish:
            ends = min(ends, build.may_linger - self.story.wrong_s(build))
        return ends + 5 < time.time()

    def new_build(self):
        self.made += 1
        build = Build(f"o{self.number}-{self.made}", self, {})
        for index in range(self.random.choice((1, 1, 2))):
            vm = self.contest.take(build, self.random) if self.random.random() < 0.15 else None
            build.vms[index] = vm or self.known.new_vm()
        self.known.add(build)
        for vm in build.vms.values():
            self.known.use(build, vm)
        self.builds.append(build)
        return build

    def body(self, build):
        return {"title": f"t{self.random.randrange(3)}", "max_lifetime_s": build.lifetime_s, "linger_s": build.linger_s,
                "nodes": [{"index": index, "address": vm} for index, vm in build.vms.items()]}

    def change(self, build, method, rest, body, limit_s=SHORT_S):
        """One call, asked of other edges again while nobody knows. Returns the last answer."""
        for attempt in range(3):
            edge = self.pick_edge()
            build.note(f"{method}{rest} {body if method == 'POST' else ''} at {edge}")
            if rest == "/extend" and build.latest:
                until = wall_s(body["until"]) if "until" in body else build.latest + body["by_s"] + STEP_S
                build.may_last(until)
            answer = self.ask(edge, method, f"/v1/builds/{build.name}{rest}", body, limit_s)
            known = isinstance(answer, tuple)
            build.note(f"-> {answer[0]} {answer[1].get('type', '')}" if known else f"-> {answer and 'refused'}")
            if known and answer[0] < 500:
                return (*answer, edge)
            if answer is not REFUSED:
                self.unknown(build, method, rest, body)
            self.story.pausing.wait(0.05 * attempt)
        return None

    def unknown(self, build, method, rest, body):
        """It may happen, or happen later."""
        if method == "PUT":
            build.perhaps = True
            build.late = time.monotonic() + LATE_S
        elif method == "DELETE":
            build.may_end = True
        elif rest == "/finish":
            build.may_have_finished()
        elif rest == "/extend":
            build.exact = False
            if "by_s" in body:
                build.more_s += body["by_s"] + STEP_S
            else:
                build.until = max(build.until, wall_s(body["until"]))

    def verify_refusal(self, build, answer, edge):
        """A refusal must have a reason."""
        kind = answer[1].get("type", "").rsplit(":", 1)[-1]
        build.exact = False
        lives = build.lives_for_s() - self.story.wrong_s(build)
        if build.extended and "on this edge" in answer[1].get("detail", ""):
            build.forgotten = True
            return  # it did not hear of the extension in time
        if kind in ("build-ended", "not-found"):
            check(lives < 2, f"{edge} says {kind} of {build}, which lives for {lives:.1f} s: {answer[1]}")
            build.forgotten = build.acked  # declared again, it would be another
        elif kind == "endpoint-in-use":
            check(any(vm.startswith("10.0.16.") for vm in build.vms.values()),
                  f"{edge} says that another has a VM of {build}: {answer[1]}")
        else:
            check(kind in ("port-in-use", "request-in-progress"), f"{edge} refuses {build}: {answer[1]}")

    def declare(self, build):
        answer = self.change(build, "PUT", "", self.body(build))
        if not answer:
            return
        status, shown, _, edge = answer
        if status not in (200, 201):
            self.verify_refusal(build, answer, edge)
            build.refused = not build.acked and not build.perhaps and shown["type"].endswith("endpoint-in-use")
            if not build.acked and shown["type"].endswith("endpoint-in-use"):
                build.may_end = True  # an earlier try may have been made: it is cancelled
                self.delete(build)
            return
        check(not build.ended, f"{edge} declares {build} again")
        build.told(shown, self.story.wrong_s(build))
        self.contest.verify(build)

    def finish(self, build):
        answer = self.change(build, "POST", "/finish", {})
        if not answer:
            return
        if answer[0] not in (200, 202):
            build.may_have_finished()  # it may be the finish itself that it has ended by
            self.verify_refusal(build, answer, answer[3])
            return
        build.told(answer[1], self.story.wrong_s(build))

    def extend(self, build):
        build.extended = True
        body = {"by_s": self.random.randint(1, 9)}
        if self.random.random() < 0.5:
            body = {"until": print_wall((build.deadline or time.time()) + self.random.randint(1, 20))}
        answer = self.change(build, "POST", "/extend", body)
        if not answer:
            return
        if answer[0] == 400 or answer[0] == 422:
            return  # into the past, by the clock of this edge
        if answer[0] != 200:
            self.verify_refusal(build, answer, answer[3])
            return
        build.told(answer[1], self.story.wrong_s(build))

    def delete(self, build):
        build.may_end = True
        answer = self.change(build, "DELETE", "", None, self.random.choice((SHORT_S, LONG_S)))
        if not answer:
            return
        status = answer[0]
        check(status in (202, 204, 404), f"{answer[3]} does not cancel {build}: {answer[1]}")
        if status == 404 and build.acked:
            build.forgotten = True
        if status == 204 or (status == 404 and not build.acked and build.late < time.monotonic()):
            build.ended = time.monotonic()
            self.story.verify_ended(build)

    def look(self, build):
        edge = self.pick_edge()
        asked = time.monotonic()
        fair = self.edges[edge].announced()
        answer = self.ask(edge, "GET", f"/v1/builds/{build.name}")
        if not isinstance(answer, tuple) or not fair or not self.edges[edge].announced():
            return
        if answer[0] == 200 and answer[1]["state"] != "ended":
            check(not build.ended or build.ended > asked, f"{edge} shows {build}, which has ended: {answer[1]}")

    def list(self):
        self.ask(self.pick_edge(), "GET", "/v1/builds?limit=100")
