#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets per second of CPU time: all stages of a worker against dpdk-testpmd, on one core each.

  pipeline.py [ROUNDS [SECONDS]]     by default 7 rounds of 1.5 seconds for each of the three

net_pcap repeats the same packets to all: 64-byte TCP of 64 Ki connections to 40,000 leases. In each
round they take turns, so that a busy machine is busy for all; what is counted is the CPU time of the
forwarding thread, not the time that passed. testpmd's 5tswap exchanges addresses and ports; its csum
computes checksums anew. Neither looks anything up.

SALLYPORT_BUILD is the build directory, SALLYPORT_BESIDE that of another revision, to take turns with.
As root, hugepages are reserved for the time it takes.
"""

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

HUGEPAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
HUGEPAGES_NEEDED = 512
WORKERS = ("rte-worker-1", "dpdk-worker1")  # until DPDK 23.07, and since
START_LIMIT_S = 60
TESTPMD = ("5tswap", "csum")


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


def measure_ours(build, pcap, seconds, memory):
    """Returns millions of packets per second of CPU time."""
    bench = build / "tests" / "bench" / "pipeline_bench"
    out = subprocess.run([bench, "run", pcap, str(seconds), *memory, f"--lcores=0@{last_cpu()}"],
                         check=True, capture_output=True, text=True)
    return float(out.stdout)


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


def measure_testpmd(mode, pcap, seconds, memory):
    """Returns millions of packets per second of the forwarding thread's CPU time."""
    command = ["dpdk-testpmd", "--no-pci", "--no-telemetry", *memory,
               f"--lcores=0@{min(os.sched_getaffinity(0))},1@{last_cpu()}",
               f"--vdev=net_pcap0,rx_pcap={pcap},infinite_rx=1", "--", f"--forward-mode={mode}",
               "--total-num-mbufs=131072", "--no-flush-rx", "--stats-period=1000"]
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


def describe(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:6.2f}   (middle half {low:.2f} to {high:.2f}, of {len(values)})"


def main(rounds=7, seconds=1.5):
    build = pathlib.Path(os.environ["SALLYPORT_BUILD"])
    others = [pathlib.Path(path) for path in [os.environ.get("SALLYPORT_BESIDE")] if path]
    results = {name: [] for name in ("sallyport", *TESTPMD, *(["beside"] if others else []))}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch, eal_memory() as memory:
        pcap = os.path.join(scratch, "flows.pcap")
        subprocess.run([build / "tests" / "bench" / "pipeline_bench", "make", pcap], check=True)
        for _ in range(rounds):
            results["sallyport"].append(measure_ours(build, pcap, seconds, memory))
            for other in others:
                results["beside"].append(measure_ours(other, pcap, seconds, memory))
            for mode in TESTPMD:
                results[mode].append(measure_testpmd(mode, pcap, seconds, memory))
    for name in results:
        print(f"{name + ', Mpps':24}{describe(results[name])}")
    for name in list(results)[1:]:
        ratios = [ours / theirs for ours, theirs in zip(results["sallyport"], results[name])]
        print(f"{'sallyport : ' + name:24}{describe(ratios)}")
    print(f"hugepages: {'yes' if '--in-memory' in memory else 'no'}")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:])))
