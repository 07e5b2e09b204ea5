#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets per second of CPU time: all stages of a worker against dpdk-testpmd, on one core each.

  pipeline.py [--rounds N] [--seconds S] [--beside BUILD] [SITUATION ... | all]

net_pcap repeats the same packets to all; `pipeline_bench situations` names them, tcp and replies are what is
done without a name: 64-byte TCP of 64 Ki connections to 40,000 leases, there and back. In each round
they take turns, so that a busy machine is busy for all; what is counted is the CPU time of the
forwarding thread, not the time that passed. testpmd's 5tswap exchanges addresses and ports; its csum
computes checksums anew. Neither looks anything up. What is only an option of ours (an allow-list, limits, a
capture) is compared with our own tcp. Where the XDP program's hints lie before the packets (…-hinted), one
process heeds them and does not, by turns of 20 ms: what comes out of that is what they gain the worker.

SALLYPORT_BUILD is the build directory; BUILD, or SALLYPORT_BESIDE, that of another revision, to take turns
with. As root, hugepages are reserved for the time it takes.
"""

import argparse
import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import results

HUGEPAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
HUGEPAGES_NEEDED = 640
WORKERS = ("rte-worker-1", "dpdk-worker1")  # until DPDK 23.07, and since
START_LIMIT_S = 60
TESTPMD = ("5tswap", "csum")
OPTIONS = ("allow-lists", "limits", "capture")
HINTED = "-hinted"
BUFFERS = {"million": 1245184, "million-replies": 1245184}
SMALL_BUFFER_BYTES = 256  # as the bench's own, where a million packets are to find room

@contextlib.contextmanager
def eal_memory():
    """Gives EAL's arguments for memory: hugepages where they can be had, and puts them back."""
    before = int(HUGEPAGES.read_text())
    try:
        with contextlib.suppress(OSError):
            HUGEPAGES.write_text(str(before + HUGEPAGES_NEEDED))
        free = int(re.search(r"HugePages_Free: *(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
        yield ["--in-memory"] if free >= HUGEPAGES_NEEDED else ["--no-huge", "-m1024", "--no-shconf"]
    finally:
        with contextlib.suppress(OSError):
            HUGEPAGES.write_text(str(before))


def last_cpu():
    return max(os.sched_getaffinity(0))


def bench_of(build):
    return pathlib.Path(build) / "tests" / "bench" / "pipeline_bench"


def situations_of(build):
    """Builds from before there were several know tcp alone."""
    told = subprocess.run([bench_of(build), "situations"], capture_output=True, text=True, check=False)
    return told.stdout.split() if told.returncode == 0 else None


def run_ours(build, situation, pcap, seconds, memory):
    """Returns what the bench says: millions of packets per second of CPU time."""
    name = [situation] if situations_of(build) else []
    out = subprocess.run([bench_of(build), "run", *name, pcap, str(seconds), *memory,
                          f"--lcores=0@{last_cpu()}"], check=True, capture_output=True, text=True)
    return [float(word) for word in out.stdout.split()]


def measure_ours(*run):
    return run_ours(*run)[0]


def worker_thread(pid):
    """Returns the directory of testpmd's forwarding thread once it has one."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            if (task / "comm").read_text().strip() in WORKERS:
                return task
    return None


def cpu_ns(task):
    return int((task / "schedstat").read_text().split()[0])


def wait_until(condition, process):
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until and process.poll() is None:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    process.kill()
    sys.exit("pipeline.py: testpmd does not start")


def cpu_ns_to_the_end(task, process):
    """It goes on forwarding, and counting packets, for some time after it was told to stop."""
    used_ns = cpu_ns(task)
    while process.poll() is None:
        with contextlib.suppress(OSError, IndexError):
            used_ns = cpu_ns(task)
        time.sleep(0.001)
    return used_ns


def measure_testpmd(mode, situation, pcap, seconds, memory):
    """Returns millions of packets per second of the forwarding thread's CPU time."""
    buffers = BUFFERS.get(situation)
    room = ([f"--total-num-mbufs={buffers}", f"--mbuf-size={SMALL_BUFFER_BYTES}"] if buffers
            else ["--total-num-mbufs=131072"])
    command = ["dpdk-testpmd", "--no-pci", "--no-telemetry", *memory,
               f"--lcores=0@{min(os.sched_getaffinity(0))},1@{last_cpu()}",
               f"--vdev=net_pcap0,rx_pcap={pcap},infinite_rx=1", "--", f"--forward-mode={mode}",
               *room, "--no-flush-rx", "--stats-period=1000"]
    with tempfile.TemporaryFile("w+") as out, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT) as process:
        task = wait_until(lambda: worker_thread(process.pid), process)
        wait_until(lambda: cpu_ns(task) > 50_000_000, process)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        used_ns = cpu_ns_to_the_end(task, process)
        out.seek(0)
        packets = re.findall(r"RX-packets: *(\d+)", out.read())
    if not packets:
        sys.exit("pipeline.py: testpmd says nothing of its packets")
    return int(packets[-1]) * 1000 / used_ns


def take_turns_with_hints(situation, build, arguments, scratch, memory):
    """The same where hints are heeded, beside the same process not heeding them."""
    pcap = os.path.join(scratch, f"{situation}.pcap")
    make_packets(build, situation, pcap)
    measured = {"sallyport": [], "searching": []}
    for _ in range(arguments.rounds):
        for values, value in zip(measured.values(), run_ours(build, situation, pcap, 2 * arguments.seconds, memory)):
            values.append(value)
    os.unlink(pcap)
    return measured


def rivals(situation, build, beside):
    """What takes turns, as (name, how it is measured), ours first."""
    yield "sallyport", lambda *run: measure_ours(build, situation, *run)
    if beside and situation in (situations_of(beside) or ["tcp"]):
        yield "beside", lambda *run: measure_ours(beside, situation, *run)
    for mode in TESTPMD if situation not in OPTIONS else []:
        yield mode, lambda *run, mode=mode: measure_testpmd(mode, situation, *run)


def take_turns(situation, build, arguments, scratch, memory):
    """Returns what each has done in each round, millions of packets per second."""
    pcap = os.path.join(scratch, f"{situation}.pcap")
    turns = [(name, measure, pcap) for name, measure in rivals(situation, build, arguments.beside)]
    make_packets(build, situation, pcap)
    if situation in OPTIONS:
        plain = os.path.join(scratch, "tcp.pcap")
        make_packets(build, "tcp", plain)
        turns.append(("tcp", lambda *run: measure_ours(build, "tcp", *run), plain))
    measured = {name: [] for name, _, _ in turns}
    for _ in range(arguments.rounds):
        for name, measure, packets in turns:
            measured[name].append(measure(packets, arguments.seconds, memory))
    os.unlink(pcap)
    return measured


def make_packets(build, situation, pcap):
    subprocess.run([bench_of(build), "make", situation, pcap], check=True)


def describe(values):
    low, _, high = results.quarters(values)
    return f"{statistics.median(values):6.2f}   (middle half {low:.2f} to {high:.2f}, of {len(values)})"


def tell(situation, measured):
    ours = measured["sallyport"]
    for name, values in measured.items():
        results.keep("figure", name=f"{situation}, {name}", unit="Mpps", values=values)
        print(f"{situation + ', ' + name + ', Mpps':34}{describe(values)}")
    for name, values in measured.items():
        if name != "sallyport":
            ratio = [mine / theirs for mine, theirs in zip(ours, values)]
            results.keep("ratio", name=f"{situation}, sallyport : {name}", values=ratio)
            print(f"{situation + ', sallyport : ' + name:34}{describe(ratio)}", flush=True)


def parse(known):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--beside", default=os.environ.get("SALLYPORT_BESIDE"))
    parser.add_argument("situation", nargs="*", choices=[*known, "all", []])
    arguments = parser.parse_args()
    arguments.situation = arguments.situation or ["tcp", "replies"]
    if "all" in arguments.situation:
        arguments.situation = known
    return arguments


def main():
    build = pathlib.Path(os.environ["SALLYPORT_BUILD"])
    arguments = parse(situations_of(build))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch, eal_memory() as memory:
        for situation in arguments.situation:
            measure = take_turns_with_hints if situation.endswith(HINTED) else take_turns
            tell(situation, measure(situation, build, arguments, scratch, memory))
    print(f"hugepages: {'yes' if '--in-memory' in memory else 'no'}")


if __name__ == "__main__":
    main()
