# SPDX-License-Identifier: BSD-3-Clause
"""What packets meet at each edge, all the time: one port and one VM are of one build, and nothing lasts too long."""

import ctypes
import mmap
import os
import socket
import sys
import threading
import time
import traceback

from machines import Wrong, check

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "lab"))
import table  # noqa: E402

FIRST, LAST = 40000, 49999  # ports, as the test configures them
TABLE_BYTES = 65536 * table.SLOT.size
LIVE = table.STATES.index("live")
LOOK_S = 0.1
ROUND_S = 2.5  # deadlines are of whole seconds
PROBES = 4  # at a time

libbpf = ctypes.CDLL("libbpf.so.1")


class Slot:
    """A port through which packets pass."""

    def __init__(self, port, slot, until):
        self.port, self.generation, self.until = port, slot[1], until
        self.vm, self.vm_port = socket.inet_ntoa(slot[3][-4:]), slot[5]

    def __eq__(self, other):
        return other and (self.vm, self.vm_port, self.generation) == (other.vm, other.vm_port, other.generation)

    def __str__(self):
        return f"port {self.port} of VM {self.vm} until {self.until:.1f} (in {self.until - time.time():.1f} s)"


def read(edge):
    """Returns all slots of an edge that carry, by port."""
    descriptor = libbpf.bpf_obj_get(f"{edge.bpf_dir}/leases".encode())
    if descriptor < 0:
        return {}
    with mmap.mmap(descriptor, TABLE_BYTES, prot=mmap.PROT_READ) as memory:
        os.close(descriptor)
        slots = memory[FIRST * table.SLOT.size:(LAST + 1) * table.SLOT.size]
    now_ns, wall_s = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time()
    return {FIRST + place: Slot(FIRST + place, slot, wall_s + (slot[2] - now_ns) / 1e9)
            for place, slot in enumerate(table.SLOT.iter_unpack(slots)) if slot[0] == LIVE and slot[2] > now_ns}


class Tables:
    def __init__(self, story):
        self.story, self.known, self.edges = story, story.known, story.machines.edges
        self.looks = self.early = 0
        self.to_probe = []

    def watch(self, ended):
        """Looks until the end."""
        try:
            while not ended.is_set():
                self.look()
                ended.wait(LOOK_S)
        except Wrong as wrong:
            self.story.wrong(wrong)
        except Exception:
            self.story.wrong(Wrong(f"tables: {traceback.format_exc()}"))

    def look(self):
        found = {}
        fair = {name for name, edge in self.edges.items() if edge.announced()}
        for name, edge in self.edges.items():
            at = time.monotonic()
            found[name] = read(edge)
            self.look_at_builds(edge, found[name], at)
        self.looks += 1
        self.look_at_vms(found)
        self.compare(found, fair)
        self.look_at_probes()

    def builds_of(self, slot):
        """Returns the builds that it may be of."""
        return [build for build in list(self.known.by_vm.get(slot.vm, ()))
                if not build.refused and any(vm == slot.vm and build.ports.get(index, slot.port) == slot.port
                       for index, vm in build.vms.items())]

    def still(self, edge, slot):
        return read(edge).get(slot.port) == slot

    def look_at_builds(self, edge, slots, at):
        for slot in slots.values():
            builds = self.builds_of(slot)
            check(builds or not self.still(edge, slot), f"edge {edge.name} has {slot}, which is of none of "
                  f"{[str(build) for build in self.known.by_vm.get(slot.vm, ())]}")
            if not builds:
                continue
            for build in builds:
                if build.latest is None:
                    break
            else:
                latest = max(build.latest + edge.clock.extremes(build.begun)[0] for build in builds)
                check(slot.until <= latest + ROUND_S or not self.still(edge, slot),
                      f"edge {edge.name} has {slot} for {slot.until - latest:.1f} s too long: {builds[0]}")
            if all(build.ended and build.ended < at for build in builds):
                self.look_at_ended(edge, slot, builds)

    def look_at_ended(self, edge, slot, builds):
        """All edges have said that they have cut it; one that is fenced need not."""
        since_s = time.monotonic() - builds[-1].ended
        check(not (edge.announced() and self.still(edge, slot) and edge.announced()),
              f"edge {edge.name} has {slot}, though {since_s:.2f} s ago all had cut: {', '.join(map(str, builds))}")

    def look_at_vms(self, found):
        for name, slots in found.items():
            seen = {}
            for slot in slots.values():
                other = seen.setdefault((slot.vm, slot.vm_port), slot)
                twice = other is not slot and all(self.still(self.edges[name], one) for one in (other, slot))
                check(not twice, f"edge {name} has one VM twice: {other} and {slot}")

    def compare(self, found, fair):
        """Each pair of edges that routers prefer."""
        names = sorted(fair)
        for place, one in enumerate(names):
            by_vm = {(slot.vm, slot.vm_port): slot for slot in found[one].values()}
            for other in names[place + 1:]:
                for slot in found[other].values():
                    same_port = found[one].get(slot.port)
                    if same_port and same_port.vm != slot.vm:
                        self.differ(one, same_port, other, slot)
                    same_vm = by_vm.get((slot.vm, slot.vm_port))
                    if same_vm and same_vm.port != slot.port:
                        self.differ(one, same_vm, other, slot)

    def differ(self, one, mine, other, theirs):
        """If both are still there, looked at in the other order, both were there at once."""
        one, other = self.edges[one], self.edges[other]
        if not (self.still(one, mine) and self.still(other, theirs) and self.still(one, mine)):
            return
        if not (one.announced() and other.announced()):
            return
        builds = self.builds_of(mine) + self.builds_of(theirs)
        if any(build.may_end and not build.ended for build in builds):
            self.early += 1  # given before its removal was confirmed, which nobody may count on
            return
        raise Wrong(f"edge {one.name} has {mine} and edge {other.name} has {theirs}: {', '.join(map(str, builds))}")

    def probe_later(self, build):
        self.to_probe.append(build)

    def look_at_probes(self):
        """Packets to builds that have ended: nobody may get them."""
        wire = self.story.wire
        for build in self.to_probe[:PROBES]:
            for index, port in list(build.ports.items()):
                for edge in self.edges.values():
                    behind = edge.clock.extremes(build.begun)[0]
                    late = build.latest is not None and build.latest + behind + ROUND_S < time.time()
                    if late or (build.ended and edge.announced()):
                        wire.probe(edge.name, port, (build.vms[index], f"a packet through {edge.name} reached {build}"))
        del self.to_probe[:PROBES]
        wrong = wire.wrongly_heard()
        check(not wrong, wrong)
