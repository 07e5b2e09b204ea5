#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The session in README: real shells on the lab's edge and client, typed into as a person would.

    session.py record EDGE-SHELL CLIENT-SHELL   print it as a cast (asciicast v2), at a reader's pace
    session.py check CAST EDGE-SHELL CLIENT-SHELL   do it again at once, and compare what it says

Both shells are commands that start one on their machine. Times, ports and such are left out of the
comparison. session_svg.py draws the cast.
"""

import difflib
import json
import os
import pty
import re
import select
import shlex
import sys
import time

COLUMNS, ROWS = 108, 32
LIMIT_S = 60 * int(os.environ.get("SALLYPORT_SLOW", "1"))
PROMPTS = {"edge": r"edge\$ $", "laptop": r"laptop\$ $", "vm": r"ubuntu@vm0:~\$ $"}
ESCAPES = re.compile(r"\x1b\][^\x07]*\x07|\x1b\[[?0-9;]*[A-Za-z]")

# What is different each time, and what stands for it.
VARIES = [
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "TIME"),
    (re.compile(r"\b\d\d:\d\d( UTC)?"), "TIME"),
    (re.compile(r"\b6[45]\d{3}\b"), "PORT"),
    (re.compile(r"(?<=SSH_CLIENT=192\.0\.2\.2 )\d+"), "PORT"),
    (re.compile(r"\b\d+ seconds? from now"), "N seconds from now"),
    # Which of its two ends ssh hears of first.
    (re.compile(r"(?m)((Read from remote host|client_loop:|Connection to) .*\n)+"), "RESET\n"),
]


class Recording:
    """Events of one terminal, which shows one shell after the other."""

    def __init__(self, paced):
        self.paced, self.started, self.events = paced, time.monotonic(), []

    def pause(self, seconds):
        if self.paced:
            time.sleep(seconds)

    def write(self, text):
        if text:
            self.events.append([round(time.monotonic() - self.started, 3), "o", text])

    def text(self):
        return "".join(event[2] for event in self.events)

    def cast(self):
        header = {"version": 2, "width": COLUMNS, "height": ROWS, "idle_time_limit": 2,
                  "title": "sallyport: ssh into a build, until 30 minutes after its end"}
        return "".join(json.dumps(line, ensure_ascii=False) + "\n"
                       for line in [header, *self.events])


class Shell:
    """A shell on a terminal of its own. Its prompt is shown once something is typed there."""

    def __init__(self, recording, name, command):
        self.recording, self.name, self.prompt = recording, name, ""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm", COLUMNS=str(COLUMNS), LINES=str(ROWS), INPUTRC="/dev/null",
                              TZ="UTC")
            arguments = shlex.split(command)
            os.execvp(arguments[0], arguments)
        self.send(f"stty cols {COLUMNS} rows {ROWS}; bind 'set enable-bracketed-paste off'; "
                  f"PS1='\\[\\e[32m\\]{name}''$\\[\\e[0m\\] '\n")
        self.read(PROMPTS[name], show=False)
        self.prompt = self.prompt[self.prompt.rfind("\x1b[32m"):]

    def send(self, text):
        os.write(self.fd, text.encode())

    def read(self, until, show=True):
        """Shows what comes, until its last line matches: that line waits for its turn."""
        seen, deadline = "", time.monotonic() + LIMIT_S
        while not re.search(until, ESCAPES.sub("", seen)):
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.fd], [], [], left)[0]:
                raise SystemExit(f"{self.name}: waited in vain for {until!r} after {seen!r}")
            seen += os.read(self.fd, 4096).decode(errors="replace")
        body, self.prompt = seen[:seen.rfind("\n") + 1], seen[seen.rfind("\n") + 1:].lstrip("\r")
        if show:
            self.recording.write(body)
        return ESCAPES.sub("", body)

    def echo(self, text):
        """Types what the terminal shows as it is."""
        self.send(text)
        seen = ""
        while len(ESCAPES.sub("", seen)) < len(text):
            seen += os.read(self.fd, 64).decode()
        self.recording.write(seen)

    def show_prompt(self):
        self.recording.write(self.prompt)
        self.prompt = ""

    def type(self, line, then=None):
        self.show_prompt()
        self.recording.pause(0.4)
        for word in re.findall(r"\S+\s*", line):
            self.echo(word)
            self.recording.pause(0.03 * len(word))
        self.recording.pause(0.3)
        self.send("\n")
        return self.read(PROMPTS[then or self.name])


def play(recording, edge_shell, client_shell):
    edge = Shell(recording, "edge", edge_shell)
    laptop = Shell(recording, "laptop", client_shell)

    edge.type("# Build 48121 runs on 10.0.3.7. Open it until 15 s after its end (by default 30 minutes).")
    told = edge.type("sallyport enable 48121 --node 10.0.3.7 --user ubuntu --linger 15s")
    ssh = re.search(r"ssh -p .*@[0-9.]+", told)[0]
    recording.pause(2)
    laptop.type(ssh, "vm")
    laptop.type("env | grep SSH_CLIENT    # bytes and addresses pass untouched", "vm")
    recording.pause(1)
    laptop.show_prompt()
    recording.write("\r\n")
    edge.type("sallyport finish 48121    # the build is over, somebody is still in its VM")
    recording.pause(3)
    edge.type("sallyport connect 48121 --view wait | grep now")
    recording.pause(1)
    recording.write("ubuntu@vm0:~$ ")
    laptop.read(PROMPTS["laptop"])
    recording.pause(1)
    laptop.type(ssh)
    edge.type("# Cut to the second, and the dead port says why. No agent, no plug-in: ssh.")
    recording.pause(3)


def normal(text):
    """Lines that are left of a cast in the end, without what varies."""
    text = re.sub(r"(?m)^.*\r(?=.)", "", re.sub(r"\r+\n", "\n", ESCAPES.sub("", text)))
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.splitlines()]


def check(path, edge_shell, client_shell):
    with open(path, encoding="utf-8") as file:
        kept = "".join(json.loads(line)[2] for line in list(file)[1:])
    recording = Recording(paced=False)
    play(recording, edge_shell, client_shell)
    change = list(difflib.unified_diff(normal(kept), normal(recording.text()), "recorded", "now",
                                       lineterm=""))
    for line in change:
        print(line)
    return 1 if change else 0


def main():
    verb, *arguments = sys.argv[1:]
    if verb == "record":
        recording = Recording(paced=True)
        play(recording, *arguments)
        sys.stdout.write(recording.cast())
        return 0
    if verb == "check":
        return check(*arguments)
    return 2


if __name__ == "__main__":
    sys.exit(main())
