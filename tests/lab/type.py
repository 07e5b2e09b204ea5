#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Types lines into a real shell, a tab behind each, and prints what each has become.

	type.py bash|zsh FILE LINE...	FILE is the completion; a deadline of 60 seconds
"""
import os
import pty
import re
import select
import signal
import sys
import time

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1=; bind 'set bell-style none'; source {}"),
    "zsh": (["zsh", "-f", "-i"],
            "PS1=; setopt no_beep; bindkey -e; autoload -U compinit; compinit -u -D; source {}"),
}


class Shell:
    def __init__(self, argv, deadline):
        self.deadline = deadline
        self.said = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(argv[0], argv)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern):
        while not (found := re.search(pattern, self.said)):
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                sys.exit(f"the shell did not say {pattern!r}, but {self.said!r}")
            self.said += os.read(self.fd, 4096).decode(errors="replace")
        self.said = self.said[found.end():]
        return found

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def main():
    name, file, *lines = sys.argv[1:]
    argv, begin = SHELLS[name]
    shell = Shell(argv, time.monotonic() + 60)
    shell.type(begin.format(file) + "; echo re''ady\n")
    shell.wait(r"ready\r?\n")
    for line in lines:
        # From both ends of the line: what the tab has made of it becomes the argument of echo.
        shell.type(line + "\t")
        shell.type("\x01echo '='\"[\x05]\"'='\n")
        print(shell.wait(r"=\[([^\]]*)\]=").group(1).rstrip())
    shell.end()


main()
