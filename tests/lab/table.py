#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads the pinned table itself (bpf/include/sallyport/table.h), with bpftool.

  table.py slot BPF_DIR PORT [PUBLIC_INDEX]   one slot as JSON; deadline_real_ns is the deadline on
                                              CLOCK_REALTIME as it stands now, for captures
  table.py used BPF_DIR                       how many slots are not free, and how many endpoints
                                              there are, as JSON
  table.py live BPF_DIR                       a line for each slot that is live:
                                              PORT VM VM_PORT GENERATION DEADLINE_NS
  table.py alive BPF_DIR                      succeeds if the first queue of each interface is polled
"""

import ctypes
import ipaddress
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

STATES = ("free", "reserved", "live", "ended")
SLOT = struct.Struct("<IIQ16s16s2s2sBBHII")
BUCKET_BYTES = 64
BUILDS_ROLE = 64  # the first queue record of the builds interface
FRESH_NS = 50_000_000


def lookup(path, index):
    """Returns the bytes of one element of a pinned array."""
    key = [f"0x{byte:02x}" for byte in struct.pack("<I", index)]
    out = subprocess.run(
        ["/usr/sbin/bpftool", "-j", "map", "lookup", "pinned", path, "key", *key],
        capture_output=True,
        check=True,
    )
    return bytes(int(byte, 16) for byte in json.loads(out.stdout)["value"])


def show_slot(bpf_dir, port, public_index="0"):
    slot = SLOT.unpack(lookup(f"{bpf_dir}/leases", int(public_index) << 16 | int(port)))
    boottime = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    values = {
        "state": STATES[slot[0]],
        "generation": slot[1],
        "deadline_ns": slot[2],
        "deadline_real_ns": slot[2] - boottime + time.time_ns() if slot[2] else 0,
        "vm": socket.inet_ntop(socket.AF_INET6, slot[3]),
        "vm_port": struct.unpack("!H", slot[5])[0],
        "usage_index": slot[10],
        "capture_until_s": slot[11],
    }
    print(json.dumps(values))


def contents(path, record_bytes):
    """Returns a whole pinned array; its maps can be mapped, which is quicker than asking for each."""
    shown = subprocess.run(["/usr/sbin/bpftool", "-j", "map", "show", "pinned", path],
                           capture_output=True, check=True)
    size = json.loads(shown.stdout)["max_entries"] * record_bytes
    descriptor = ctypes.CDLL("libbpf.so.1").bpf_obj_get(path.encode())
    with mmap.mmap(descriptor, size, prot=mmap.PROT_READ) as memory:
        os.close(descriptor)
        return memory[:]


def used(bpf_dir):
    slots = SLOT.iter_unpack(contents(f"{bpf_dir}/leases", SLOT.size))
    entries = struct.iter_unpack("<Q", contents(f"{bpf_dir}/endpoints", BUCKET_BYTES))
    print(json.dumps({"slots": sum(slot[0] != 0 for slot in slots),
                      "endpoints": sum(entry[0] != 0 for entry in entries)}))


def live(bpf_dir):
    for place, slot in enumerate(SLOT.iter_unpack(contents(f"{bpf_dir}/leases", SLOT.size))):
        if STATES[slot[0]] == "live":
            vm = ipaddress.IPv6Address(slot[3])
            print(place & 0xffff, vm.ipv4_mapped or vm, struct.unpack("!H", slot[5])[0], slot[1], slot[2])


def alive(bpf_dir):
    # The clock first: on a busy machine the look itself takes its time.
    both = os.path.exists(f"{bpf_dir}/link_builds")
    for queue in (0, BUILDS_ROLE) if both else (0,):
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        beat_ns = struct.unpack("<Q", lookup(f"{bpf_dir}/queues", queue)[:8])[0]
        if beat_ns + FRESH_NS < now_ns:
            sys.exit(1)


VERBS = {"slot": show_slot, "used": used, "live": live, "alive": alive}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    VERBS[sys.argv[1]](*sys.argv[2:])
