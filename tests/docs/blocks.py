#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads pages of Markdown.

    blocks.py list PAGE     the first line of each fenced `sh` block
    blocks.py script PAGE   one bash script of them; after each it writes its line to $BLOCKS_DONE
    blocks.py links PAGE    relative links that lead nowhere
"""

import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def blocks(page):
    """Yields (line number, text) of each block fenced as sh."""
    fence, start, body = None, 0, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence is None and line.lstrip().startswith("```"):
            fence, start, body = line.strip()[3:].strip(), number, []
        elif fence is not None and line.strip() == "```":
            if fence == "sh":
                yield start, "\n".join(body)
            fence = None
        elif fence is not None:
            body.append(line)
    if fence is not None:
        raise SystemExit(f"{page}:{start}: block without an end")


def script(page):
    print("set -euo pipefail")
    for start, text in blocks(page):
        print(text)
        print(f'echo {start} >>"$BLOCKS_DONE"')


def links(page):
    """Prints the dead ones. Result: whether there is one."""
    dead = [target for target, _ in LINK.findall(page.read_text(encoding="utf-8"))
            if not (page.parent / target).exists()]
    for target in dead:
        print(f"{page}: nothing at {target}")
    return bool(dead)


def main():
    verb, page = sys.argv[1], pathlib.Path(sys.argv[2])
    if verb == "list":
        for start, _ in blocks(page):
            print(start)
    elif verb == "script":
        script(page)
    elif verb == "links":
        return int(links(page))
    else:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
