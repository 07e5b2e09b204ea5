#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints one slot of the table as JSON, read from the pinned map itself (table.h: struct sp_slot).

  slot.py BPF_DIR PORT [PUBLIC_INDEX]

deadline_real_ns is the deadline on CLOCK_REALTIME as it stands now, for captures to be compared
with.
"""

import json
import socket
import struct
import subprocess
import sys
import time

STATES = ("free", "reserved", "live", "ended")
SLOT = struct.Struct("<IIQ16s16s2s2sBBHII")


def lookup(path, index):
    """Returns the bytes of one element of a pinned array."""
    key = [f"0x{byte:02x}" for byte in struct.pack("<I", index)]
    out = subprocess.run(
        ["/usr/sbin/bpftool", "-j", "map", "lookup", "pinned", path, "key", *key],
        capture_output=True,
        check=True,
    )
    return bytes(int(byte, 16) for byte in json.loads(out.stdout)["value"])


def main(bpf_dir, port, public_index="0"):
    slot = SLOT.unpack(lookup(f"{bpf_dir}/leases", int(public_index) << 16 | int(port)))
    boottime = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    print(
        json.dumps(
            {
                "state": STATES[slot[0]],
                "generation": slot[1],
                "deadline_ns": slot[2],
                "deadline_real_ns": slot[2] - boottime + time.time_ns() if slot[2] else 0,
                "vm": socket.inet_ntop(socket.AF_INET6, slot[3]),
                "vm_port": struct.unpack("!H", slot[5])[0],
                "usage_index": slot[10],
            }
        )
    )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
