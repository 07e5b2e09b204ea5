# SPDX-License-Identifier: BSD-3-Clause
"""Sockets in the lab's network namespaces, from one process."""

import contextlib
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


def _enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def entered(name):
    """The calling thread is in the namespace while the block runs."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(home)
        os.close(there)


def packet_socket(name, dev="eth0"):
    """Returns a non-blocking AF_PACKET socket for IPv4 on a device of a namespace."""
    with entered(name):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        end.bind((dev, 0x0800))
        end.setblocking(False)
        return end
