# SPDX-License-Identifier: BSD-3-Clause
"""The faults: which, when and for how long is drawn from a seed alone, so that it can be drawn again."""

import subprocess
import threading

from machines import EDGES, MEMBERS

GAP_S = 0.8  # from one fault to the next, on average
LONGEST_S = 9
CLOCK_S = 30
CLIENT_PORT, PEER_PORT = 2379, 2380


class Fault:
    """One fault: at_s after its round began, until until_s. No two have the same of what it takes at a time."""

    name = "?"

    def __init__(self, random):
        self.takes = set()
        self.lasts_s = 0.0
        self.draw(random)

    def __str__(self):
        return f"{self.at_s:6.2f} s, for {self.lasts_s:.2f} s: {self.what()}"


def draw_time(random, longest_s=LONGEST_S):
    """Most are short, some outlast what an edge's lease does."""
    return random.choice((random.uniform(0, 0.5), random.uniform(0, 2), random.uniform(0, longest_s)))


class OfProcess(Fault):
    """One process, or the two of an edge."""

    def draw(self, random):
        self.target = random.choice([*(f"control-{edge}" for edge in EDGES), *(f"fleet-{edge}" for edge in EDGES),
                                     *(f"member-{number}" for number in range(len(MEMBERS)))])
        self.takes = {self.target}
        self.lasts_s = draw_time(random)

    def what(self):
        return f"{self.name} {self.target}"

    def process(self, machines):
        kind, _, name = self.target.partition("-")
        if kind == "member":
            return machines.members[int(name)]
        return getattr(machines.edges[name], kind)


class Kill(OfProcess):
    name = "kill"

    def begin(self, machines):
        self.process(machines).kill()

    def end(self, machines):
        self.process(machines).start()


class Stop(OfProcess):
    name = "stop"

    def begin(self, machines):
        self.process(machines).pause()

    def end(self, machines):
        self.process(machines).resume()


class Crash(Fault):
    """Both programs of an edge; as a reboot does, with the kernel's part, or without."""

    def draw(self, random):
        self.edge = random.choice(EDGES)
        self.reboot = random.random() < 0.5
        self.takes = {f"control-{self.edge}", f"fleet-{self.edge}"}
        self.lasts_s = draw_time(random)

    def what(self):
        return f"{'reboot' if self.reboot else 'crash'} {self.edge}"

    def begin(self, machines):
        edge = machines.edges[self.edge]
        edge.fleet.kill()
        edge.control.kill()
        if self.reboot:
            edge.forget_pins()

    def end(self, machines):
        machines.edges[self.edge].control.start()
        machines.edges[self.edge].fleet.start()


class Cut(Fault):
    """Packets between a machine and some members are lost, in one direction or both."""

    nr = 0

    def draw(self, random):
        Cut.nr += 1
        self.table = f"fault{Cut.nr}"
        self.directions = random.choice((("in", "out"), ("in", "out"), ("in",), ("out",)))
        self.lasts_s = draw_time(random)
        self.draw_ends(random)

    def draw_ends(self, random):
        self.edge = random.choice(EDGES)
        self.takes = {f"cut-{self.edge}"}
        self.members = list(MEMBERS) if random.random() < 0.7 else random.sample(MEMBERS, random.randint(1, 2))
        self.port = None

    def what(self):
        return f"cut {self.edge} from {', '.join(self.members)} {' and '.join(self.directions)}"

    def machine(self, machines):
        return machines.edges[self.edge].machine

    def rules(self):
        others = ", ".join(self.members)
        if "in" in self.directions:
            yield f"chain in {{\ntype filter hook input priority 0\nip saddr {{ {others} }} drop\n}}"
        if "out" in self.directions:
            yield f"chain out {{\ntype filter hook output priority 0\nip daddr {{ {others} }} drop\n}}"

    def nft(self, machines, text):
        subprocess.run(["nsenter", f"--net=/run/netns/{self.machine(machines)}", "nft", "-f", "-"], input=text,
                       text=True, check=True)

    def begin(self, machines):
        self.nft(machines, f"table ip {self.table} {{\n" + "\n".join(self.rules()) + "\n}\n")

    def end(self, machines):
        self.nft(machines, f"delete table ip {self.table}\n")


class Part(Cut):
    """A member hears nothing of the others, and may be heard by edges."""

    def draw_ends(self, random):
        self.member = random.randrange(len(MEMBERS))
        self.takes = {f"part-{self.member}"}
        others = [address for number, address in enumerate(MEMBERS) if number != self.member]
        self.members = others if random.random() < 0.7 else random.sample(others, 1)

    def what(self):
        return f"part member {self.member} from {', '.join(self.members)} {' and '.join(self.directions)}"

    def machine(self, machines):
        return machines.members[self.member].machine


class Quorum(Fault):
    """Two members of three are away."""

    def draw(self, random):
        self.targets = random.sample(range(len(MEMBERS)), 2)
        self.takes = {f"member-{number}" for number in self.targets}
        self.kill = random.random() < 0.5
        self.lasts_s = draw_time(random)

    def what(self):
        return f"quorum loss: members {self.targets} {'killed' if self.kill else 'stopped'}"

    def begin(self, machines):
        for number in self.targets:
            machines.members[number].kill() if self.kill else machines.members[number].pause()

    def end(self, machines):
        for number in self.targets:
            machines.members[number].start() if self.kill else machines.members[number].resume()


class AtOnce(Fault):
    """Something that is asked of etcd, which may take its time to answer."""

    def begin(self, machines):
        threading.Thread(target=self.ask, args=(machines,), daemon=True).start()

    def end(self, machines):
        pass


class Leader(AtOnce):
    def draw(self, random):
        self.target = random.randrange(len(MEMBERS))

    def what(self):
        return f"leader to member {self.target}"

    def ask(self, machines):
        machines.move_leader(self.target)


class Compact(AtOnce):
    def draw(self, random):
        pass

    def what(self):
        return "compaction"

    def ask(self, machines):
        machines.compact()


class Clock(Fault):
    """An edge's clock is wrong for a while, and says so, or does not."""

    def draw(self, random):
        self.edge = random.choice(EDGES)
        self.takes = {f"clock-{self.edge}"}
        self.ahead_s = random.choice((-1, 1)) * random.choice((random.uniform(0, 2), random.uniform(0, CLOCK_S)))
        self.lost = random.random() < 0.3
        self.lasts_s = draw_time(random)

    def what(self):
        return f"clock of {self.edge} steps by {self.ahead_s:.1f} s{', lost' if self.lost else ''}"

    def begin(self, machines):
        machines.edges[self.edge].clock.step(self.ahead_s, self.lost)

    def end(self, machines):
        machines.edges[self.edge].clock.step(0, False)


KINDS = {Kill: 6, Stop: 4, Crash: 2, Cut: 4, Part: 2, Quorum: 1, Leader: 1, Compact: 2, Clock: 2}


def draw_round(random, number):
    """Returns so many faults, in the order of their begin."""
    faults, at_s = [], 0.0
    while len(faults) < number:
        at_s += random.expovariate(1 / GAP_S)
        kind = random.choices(list(KINDS), KINDS.values())[0]
        fault = kind(random)
        if any(fault.takes & other.takes and other.at_s + other.lasts_s + 0.1 >= at_s for other in faults):
            continue
        fault.at_s = at_s
        faults.append(fault)
    return faults


class Round:
    """Plays faults by the clock: play() is called again and again."""

    def __init__(self, machines, faults, say):
        self.machines, self.say = machines, say
        self.due = sorted([(fault.at_s, number, fault, True) for number, fault in enumerate(faults)] +
                          [(fault.at_s + fault.lasts_s, number, fault, False) for number, fault in enumerate(faults)],
                          key=lambda due: (due[0], due[1], not due[3]))
        self.under_way = set()

    def next_s(self):
        """Returns when the next is due, None: all is over."""
        return self.due[0][0] if self.due else None

    def play(self, now_s):
        while self.due and self.due[0][0] <= now_s:
            _, _, fault, begins = self.due.pop(0)
            if begins:
                self.say(fault)
                self.under_way.add(fault)
                fault.begin(self.machines)
            else:
                self.under_way.discard(fault)
                fault.end(self.machines)
