#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks of blocks.py, as TAP: which blocks are run, which links are dead."""

import pathlib
import subprocess
import sys
import tempfile

BLOCKS = pathlib.Path(__file__).resolve().parent / "blocks.py"
FENCE = "`" * 3

# what, verb, page, exit status, output
CASES = [
    ("a block of sh is listed by its line", "list", f"words\n{FENCE}sh\nls\n{FENCE}\n", 0, "2\n"),
    ("other blocks are not", "list", f"{FENCE}console\n# ls\n{FENCE}\n{FENCE}text\n{FENCE}\n", 0,
     ""),
    ("a fence within another block is text", "list", f"{FENCE}text\n{FENCE}sh\n{FENCE}\n", 0, ""),
    ("a block without an end is an error", "list", f"{FENCE}sh\nls\n", 1, ""),
    ("the script marks each block done", "script", f"{FENCE}sh\nls\n{FENCE}\n", 0,
     'set -euo pipefail\nls\necho 1 >>"$BLOCKS_DONE"\n'),
    ("a link to nothing is dead", "links", "[a](nothing.md)\n", 1, "PAGE: nothing at nothing.md\n"),
    ("a link to a file is not", "links", "[a](page.md#top)\n", 0, ""),
    ("links to the world are not looked at", "links", "[a](https://example.org/)\n", 0, ""),
]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        page = pathlib.Path(directory) / "page.md"
        for number, (what, verb, text, status, output) in enumerate(CASES, 1):
            page.write_text(text, encoding="utf-8")
            result = subprocess.run([str(BLOCKS), verb, str(page)], capture_output=True, text=True,
                                    check=False)
            said = result.stdout.replace(str(page), "PAGE")
            good = (result.returncode, said) == (status, output)
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - docs runner: {what}")
            if not good:
                print(f"# {result.returncode} {said!r} {result.stderr!r}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
