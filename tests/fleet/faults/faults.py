#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Faults drawn from a seed at a fleet of three edges and three members of etcd, under calls at all edges.

  faults.py NS LAB_DIR BUILD BPF_DIR FAULTS SEED [RATE]

The network and the configuration are there: see fleet_faults_test.sh. Faults come in rounds; behind each all is
made well, and everything is compared. All the time tables are looked at, and every answer is judged.
"""

import random
import re
import sys
import threading
import time

sys.dont_write_bytecode = True
import calls  # noqa: E402
import draw  # noqa: E402
import machines  # noqa: E402
import settle  # noqa: E402
import tables  # noqa: E402
import wire  # noqa: E402
from machines import Wrong  # noqa: E402

ORCHESTRATORS = 48
OF_ROUND = 20
RATE = 200


class Options:
    def __init__(self, arguments):
        self.ns, self.lab_dir, self.build, self.bpf_dir = arguments[:4]
        self.faults, self.seed = int(arguments[4]), int(arguments[5])
        self.rate = float(arguments[6]) if len(arguments) > 6 else RATE


class Story:
    def __init__(self, options):
        self.options = options
        self.machines = machines.Machines(options)
        self.known = calls.Known()
        self.contest = calls.Contest()
        self.pace = calls.Pace(options.rate)
        self.pausing, self.over, self.failed = threading.Event(), threading.Event(), threading.Event()
        self.wrongs = []
        self.random = random.Random(options.seed)
        self.wire = wire.Wire(options, self.machines.edges)
        self.tables = tables.Tables(self)
        self.orchestrators = [calls.Orchestrator(self, number) for number in range(ORCHESTRATORS)]
        self.begun = time.monotonic()
        self.done = 0
        self.called_s, self.calling_since = 0.0, None

    def wrong(self, wrong):
        self.say(f"wrong: {wrong}")
        for name in dict.fromkeys(re.findall(r"\bo\d+-\d+\b", str(wrong))):
            self.say(f"the story of {name}: {'; '.join(self.known.by_name[name].story)}")
        for edge in self.machines.edges.values():
            self.say(f"{edge.name} is {'' if edge.announced() else 'not '}announced, says "
                     f"{edge.ask('/v1/fleet', edge.fleet_socket, 2)}")
            for name in re.findall(r"\bo\d+-\d+\b", str(wrong))[:2]:
                self.say(f"and of {name}: {edge.ask(f'/v1/builds/{name}', timeout=2)}")
        self.wrongs.append(wrong)
        self.pausing.set()
        self.failed.set()

    def verify(self):
        if self.wrongs:
            raise self.wrongs[0]

    def say(self, text):
        print(f"{time.time() % 1000:7.3f} {text}", flush=True)

    def verify_ended(self, build):
        self.tables.probe_later(build)

    def wrong_s(self, build):
        """By how much any edge's clock was wrong since the build began."""
        return max(max(edge.clock.extremes(build.begun)) for edge in self.machines.edges.values())

    def play(self, faults):
        """Under calls. Everything is as it was behind them."""
        self.pausing.clear()
        workers = [threading.Thread(target=orchestrator.work, daemon=True) for orchestrator in self.orchestrators]
        for worker in workers:
            worker.start()
        begun = self.calling_since = time.monotonic()
        played = draw.Round(self.machines, faults, self.say)
        while played.next_s() is not None and not self.failed.is_set():
            played.play(time.monotonic() - begun)
            if played.next_s() is not None:
                self.failed.wait(max(0.0, begun + played.next_s() - time.monotonic()))
        self.verify()
        self.pausing.set()
        self.called_s, self.calling_since = self.called_s + time.monotonic() - begun, None
        for worker in workers:
            worker.join()
        self.done += len(faults)

    def run(self):
        watcher = threading.Thread(target=self.tables.watch, args=(self.over,), daemon=True)
        self.machines.start()
        watcher.start()
        settled = settle.Settled(self)
        while self.done < self.options.faults:
            self.play(draw.draw_round(self.random, min(OF_ROUND, self.options.faults - self.done)))
            self.verify()
            settled.verify()
            self.probe_late()
            self.verify()
            self.say(self.summary())
        self.over.set()
        watcher.join()
        self.verify()

    def probe_late(self):
        """Some of those whose time is over."""
        late = [build for build in list(self.known.by_name.values())
                if build.acked and build.latest and build.latest + draw.CLOCK_S + 5 < time.time()]
        for build in late[-40:]:
            self.tables.probe_later(build)

    def summary(self):
        known = self.known
        called_s = self.called_s + (time.monotonic() - self.calling_since if self.calling_since else 0)
        return (f"{self.done} faults under {known.calls} calls, {known.calls / max(called_s, 1):.0f} a second, "
                f"{len(known.by_name)} builds, {self.tables.looks} looks at the tables, {self.wire.sent} packets, "
                f"in {time.monotonic() - self.begun:.0f} s; VMs given before a removal was confirmed: "
                f"{self.tables.early}; {known.statuses}")


def main(options):
    story = Story(options)
    try:
        story.run()
    except Wrong as wrong:
        if not story.wrongs:
            story.wrong(wrong)
        sys.exit(f"seed {options.seed}, at {time.time() % 1000:.3f}, {story.summary()}: {wrong}")
    finally:
        story.over.set()
        story.pausing.set()
        story.machines.end()
    print(story.summary())


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main(Options(sys.argv[1:]))
