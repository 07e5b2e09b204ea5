#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds sallyport trace against the XDP program itself, on random frames.

  trace_frames.py CLI SOCKET BPF_DIR PUBLIC_DEV BUILDS_DEV SEED COUNT ENDPOINT…

ENDPOINT is public:ADDR:PORT or vm:ADDR:PORT, of IPv4 or (with brackets) IPv6. Frames of one predicted
verdict are run together through the program that is attached (BPF_PROG_TEST_RUN, which sends
nothing), and its counters must tell the same verdict for each.
"""

import collections
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "packet"))
import wirecraft as w  # noqa: E402

CLIENTS = {4: ("192.0.2.2", "192.0.2.3", "198.51.100.7", "10.0.3.7", "192.0.2.1"),
           6: ("2001:db8:1::2", "2001:db8:9::9", "2001:db8:2::7")}
FLAGS = (w.SYN, w.ACK, w.SYN | w.ACK, w.RST, w.FIN | w.ACK, w.PSH | w.ACK)


def parse(text):
    side, _, rest = text.partition(":")
    address, _, port = rest.rpartition(":")
    return side, address.strip("[]"), int(port)


def l4(draw, source, target):
    payload = bytes(draw.choice((0, 0, 10, 1400, 1600)))
    if draw.random() < 0.25:
        return w.UDP, w.udp(*source, *target, payload)
    return w.TCP, w.tcp(*source, *target, flags=draw.choice(FLAGS), payload=payload)


def packet(draw, source, target, ttl):
    number, body = l4(draw, source, target)
    if ":" in source[0]:
        return w.ip6(source[0], target[0], number, body, hops=ttl)
    return w.ip4(source[0], target[0], number, body, ttl=ttl,
                 fragment=draw.choice((0x4000,) * 9 + (0x2000,)),
                 options=draw.choice((b"",) * 9 + (bytes(4),)))


def error(draw, source, target):
    """An ICMP error about a packet that the target had sent to the source."""
    quoted = packet(draw, target, source, 60)[:64]
    if ":" in source[0]:
        return w.ip6(source[0], target[0], w.ICMP6, w.icmp6(source[0], target[0], 1, 4, 0, quoted))
    return w.ip4(source[0], target[0], w.ICMP, w.icmp(3, 3, 0, quoted), ttl=draw.choice((1, 64)))


def random_frame(draw, endpoints):
    """Returns (side it comes in on, frame)."""
    side, address, port = draw.choice(endpoints)
    client = (draw.choice(CLIENTS[6 if ":" in address else 4]), draw.choice((40000, port)))
    here = (address, draw.choice((port, port, port, port + 1)))
    source, target = (client, here) if side == "public" else (here, client)
    if draw.random() < 0.1:
        data = error(draw, source, target)
    else:
        data = packet(draw, source, target, draw.choice((64, 64, 64, 1, 0)))
    frame = w.frame(data, links=draw.choice((w.LINKS,) * 19 + (b"\xff" * 6 + w.LINKS[6:],)))
    if draw.random() < 0.05:
        frame = frame[: draw.randrange(14, len(frame))]
    return "public" if side == "public" else "builds", frame


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def counters(cli, socket):
    status = json.loads(run(cli, "-s", socket, "-o", "json", "status"))
    return status["engines"]["xdp"]["verdicts"]


def program_of(dev):
    return str(json.loads(run("ip", "-j", "link", "show", "dev", dev))[0]["xdp"]["prog"]["id"])


def judge(cli, socket, program, verdict, frames, scratch):
    """Runs frames that trace says have this verdict; prints and counts those that have another."""
    before = counters(cli, socket)
    for frame in frames:
        pathlib.Path(scratch).write_bytes(frame)
        run("/usr/sbin/bpftool", "prog", "run", "id", program, "data_in", scratch)
    after = counters(cli, socket)
    told = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    same = told.get(verdict, 0)
    if verdict in ("ttl_exceeded", "too_big"):
        # An error is sent at most so often: the program may find that one has just been sent.
        same += told.get("answer_limited", 0)
    # More than the frames run is the lab's own traffic, such as what answers the readiness probes.
    if same >= len(frames):
        return 0
    print(f"trace says {len(frames)} times {verdict}, the program counted {told}")
    return 1


def main(cli, socket, bpf_dir, public, builds, seed, count, *endpoints):
    draw = random.Random(int(seed))
    programs = {"public": program_of(public), "builds": program_of(builds)}
    frames = [random_frame(draw, [parse(text) for text in endpoints]) for _ in range(int(count))]
    wrong, seen = 0, collections.Counter()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "frames")
        for side, program in programs.items():
            mine = [frame for on, frame in frames if on == side]
            write_pcap(path, mine)
            lines = run(cli, "-o", "json", "trace", path, "--side", side, "--bpf-dir", bpf_dir)
            groups = collections.defaultdict(list)
            for frame, line in zip(mine, lines.splitlines(), strict=True):
                groups[json.loads(line)["verdict"].lower()].append(frame)
            for verdict, group in groups.items():
                wrong += judge(cli, socket, program, verdict, group, path)
                seen[verdict] += len(group)
    print(" ".join(f"{verdict}:{times}" for verdict, times in sorted(seen.items())))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 9:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
