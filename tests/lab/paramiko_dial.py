#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Dials with paramiko: paramiko_dial.py [--log] ADDRESS PORT

Prints the exception and exits with 1; with --log, what paramiko logs at level INFO besides.
"""

import logging
import sys

import paramiko


def main():
    *log, address, port = sys.argv[1:]
    if log:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    else:
        logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    try:
        paramiko.SSHClient().connect(address, int(port), "ubuntu", password="x")
    except (paramiko.SSHException, OSError) as error:
        print(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
