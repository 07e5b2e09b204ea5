#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints a C file with the files that are named, for files.h: embed.py FILE…"""

import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BYTES_PER_LINE = 16


def print_bytes(number, data):
    print(f"static const unsigned char file_{number}[] = {{")
    for start in range(0, len(data), BYTES_PER_LINE):
        print("\t" + " ".join(f"0x{byte:02x}," for byte in data[start:start + BYTES_PER_LINE]))
    print("};\n")


def main():
    paths = [pathlib.Path(name) for name in sys.argv[1:]]
    print('/* Made by embed.py. */\n#include "page/files.h"\n')
    for number, path in enumerate(paths):
        print_bytes(number, path.read_bytes())
    print("const struct page_file page_files_all[] = {")
    for number, path in enumerate(paths):
        print(f'\t{{"{path.name}", "{TYPES[path.suffix]}", file_{number}, sizeof(file_{number})}},')
    print("\t{0},\n};")


main()
