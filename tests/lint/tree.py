# SPDX-License-Identifier: BSD-3-Clause
"""The files of a source tree, as the checks see them."""

import pathlib
import subprocess

PARTS = ("bpf", "control", "dataplane", "tests", "configs", "docs", "findings", ".ci")
TOP_FILES = ("GNUmakefile", "meson.build", "meson_options.txt", "README.md", "CHANGELOG.md",
             "CONTRIBUTING.md", "SECURITY.md",
             ".clang-format", ".editorconfig", ".gitignore", ".gitattributes")


class Tree:
    """A tree below root. Problems are strings `path:line: what is wrong`."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def files(self, *suffixes):
        """Every tracked or not ignored file, or those with one of the suffixes, in order."""
        names = subprocess.run(
            ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout.split("\0")
        paths = sorted({pathlib.Path(name) for name in names if name})
        return [path for path in paths if self.wanted(path, suffixes)]

    def wanted(self, path, suffixes):
        if not (self.root / path).is_file():
            return False
        if suffixes and path.suffix not in suffixes:
            return False
        return path.parts[0] in PARTS or str(path) in TOP_FILES

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.text(path).splitlines()

    def is_text(self, path):
        return b"\0" not in (self.root / path).read_bytes()[:4096]

    def scripts(self):
        """Shell scripts, by suffix or first line."""
        for path in self.files():
            if path.suffix == ".sh":
                yield path
            elif path.suffix == "" and self.is_text(path):
                first = self.lines(path)[:1]
                if first and first[0].startswith("#!") and first[0].endswith("sh"):
                    yield path
