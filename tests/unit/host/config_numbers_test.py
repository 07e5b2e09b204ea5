#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Numbers around 2^31, 2^32 and 2^63, in every notation, for every option that takes one: what
counts is what stands in the file, or the file is refused at the line and key of the number. As TAP.

	config_numbers_test.py SALLYPORTD CONFIG_SHOW REFERENCE
"""

import pathlib
import random
import re
import subprocess
import sys
import tempfile

FILES = 500
SEED = 20261129
ROW = re.compile(r"^\| `([\w.\[\]]+)` \| a whole number from (\d+) to (\d+) \|", re.M)
NEIGHBOURS = [2**31, 2**32, 2**63, 2**64]
HEAD = """public: {
 interface = "eth0";
 addresses = ( { bind = "192.0.2.1"; %s } );
 %s
};
builds: { interface = "eth1"; networks = [ "10.0.0.0/16" ];
 %s
};
"""


def options(reference):
    """Result: (key, least, most) of each whole number, and of a port that is one."""
    rows = [(key, int(least), int(most)) for key, least, most in ROW.findall(reference)]
    assert len(rows) >= 12, "the reference has fewer numbers than it should"
    return rows + [("public.addresses[0].ports[0]", 1, 65535)]


def notations(number):
    """Result: pairs of a notation and what it stands for, None where nothing can be sure."""
    digits, sign = str(abs(number)), "-" if number < 0 else ""
    yield sign + digits, number
    yield f"{sign}{digits}L", number
    yield f"{sign}{digits}LL", number
    yield f"{sign}0{digits}", None
    if number >= 0:
        yield f"+{digits}", number
        yield hex(number), number
        yield f"0X{number:X}", number
        yield f"0x00{number:x}L", number
        yield f"0x{number:x}LL", number


def numbers(least, most, draw):
    """Values that fit, that do not, and that would fit if they were cut to 32 or 64 bits."""
    fits = draw.randint(least, most)
    middle = draw.choice(NEIGHBOURS)
    yield from (least, most, fits, most + 1, least - 1)
    yield from (middle + fits, middle - 1, middle, -middle + fits, fits - 2**32)


def text_of(key, literal):
    """Result: a file of which only the number can be wrong, and the number's line."""
    group, _, name = key.partition(".")
    if key == "public.addresses[0].ports[0]":
        return HEAD % (f"ports = [\n{literal}\n];", "", ""), 4
    if key == "public.addresses[].sessions":
        head = HEAD % (f"sessions =\n{literal};", "", "")
        return head.replace("192.0.2.1", "2001:db8:5::/64").replace("10.0.0.0/16", "2001:db8:2::/64"), 4
    if group == "public":
        return HEAD % ("", f"{name} = {literal};", ""), 4
    if group == "builds":
        return HEAD % ("", "", f"{name} = {literal};"), 7
    head = HEAD % ("", "", "")
    if key == "api.roles[].uid":
        return f'{head}api: {{ roles = ( {{ uid =\n{literal}; role = "viewer"; }} ); }};\n', 10
    return f"{head}{group}: {{\n{name} = {literal}; }};\n", 10


def printed_of(key, number):
    """Result: the line that config_print() has for it."""
    name = key.replace("[]", "[0]")
    return f'{name} = "{number}"' if key.endswith("ports[0]") else f"{name} = {number}"


def draw_cases(rows):
    draw = random.Random(SEED)
    every = [
        (key, least, most, literal, meant)
        for key, least, most in rows
        for number in numbers(least, most, draw)
        for literal, meant in notations(number)
    ]
    draw.shuffle(every)
    return every[:FILES]


def complaint(case, path, line, checked, shown):
    """Result: what is wrong with how one file was read, or None."""
    key, least, most, literal, meant = case
    name = key.replace("[]", "[0]")
    if meant is not None and least <= meant <= most:
        if checked.returncode != 0:
            return f"{key} = {literal} is refused: {checked.stderr}"
        lines = shown.splitlines()
        return None if printed_of(key, meant) in lines else f"{key} = {literal} became another"
    if checked.returncode != 1:
        return f"{key} = {literal} is taken"
    at = f"{path}:{line}: {name}: "
    said = (checked.stdout + checked.stderr).splitlines()
    wrong = len(said) != 1 or not said[0].startswith(at) or literal not in said[0]
    return f"{key} = {literal}: {said}" if wrong else None


def main():
    sallyportd, show, reference = sys.argv[1:]
    cases = draw_cases(options(pathlib.Path(reference).read_text()))
    failures = []
    with tempfile.TemporaryDirectory() as directory:
        paths, lines = [], []
        for number, (key, _, _, literal, _) in enumerate(cases):
            text, line = text_of(key, literal)
            paths.append(f"{directory}/{number}.conf")
            lines.append(line)
            pathlib.Path(paths[-1]).write_text(text)
        shown = subprocess.run([show, *paths], capture_output=True, text=True, check=True).stdout
        parts = re.split(r"^== .*\n", shown, flags=re.M)[1:]
        for case, path, line, part in zip(cases, paths, lines, parts, strict=True):
            checked = subprocess.run(
                [sallyportd, "--check", path], capture_output=True, text=True, check=False
            )
            failures.append(complaint(case, path, line, checked, part))
    failures = [failure for failure in failures if failure]
    for failure in failures[:20]:
        print(f"# {failure}")
    verdict = "not ok" if failures or len(cases) != FILES else "ok"
    print(f"{verdict} 1 - numbers: {len(cases)} files, each value as it stands there or refused")
    print("1..1")
    return 1 if verdict == "not ok" else 0


if __name__ == "__main__":
    sys.exit(main())
