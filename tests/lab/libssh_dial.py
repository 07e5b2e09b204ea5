#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Dials with libssh, which Debian packages without a program: libssh_dial.py ADDRESS PORT

Prints what ssh_get_error() says and exits with 1 if it does not connect.
"""

import ctypes
import sys

SSH_OPTIONS_HOST, SSH_OPTIONS_PORT, SSH_OPTIONS_USER = 0, 1, 4


def main():
    address, port = sys.argv[1].encode(), ctypes.c_uint(int(sys.argv[2]))
    libssh = ctypes.CDLL("libssh.so.4")
    libssh.ssh_new.restype = ctypes.c_void_p
    libssh.ssh_get_error.restype = ctypes.c_char_p
    session = ctypes.c_void_p(libssh.ssh_new())
    libssh.ssh_options_set(session, SSH_OPTIONS_HOST, address)
    libssh.ssh_options_set(session, SSH_OPTIONS_PORT, ctypes.byref(port))
    libssh.ssh_options_set(session, SSH_OPTIONS_USER, b"ubuntu")
    if libssh.ssh_connect(session) != 0:
        print(libssh.ssh_get_error(session).decode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
