#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws a cast of session.py as an SVG that moves: session_svg.py CAST

Made for what is there: lines one after the other, colours by meaning. No cursor addressing.
"""

import json
import re
import sys
from html import escape

CHAR, LINE, PAD, SHOWN_ROWS = 7.8, 18, 14, 26
HOLD_S = 7  # the last picture, before it begins again
SAME_S = 0.05
ESCAPES = re.compile(r"\x1b\][^\x07]*\x07|\x1b\[[?0-9;]*[A-Za-z]")
PROMPT = re.compile(r"(?:edge|laptop|ubuntu@vm0:~)\$ ")
CUT = re.compile(r"\$ (client_loop|Read from|Connection to)")
COMMENT = re.compile(r"(?:(?<=\$ )|(?<=  ))# .*")

STYLE = """\
svg{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}}
.w{{fill:#f6f8fa;stroke:#d0d7de}}text{{fill:#1f2328}}.p{{fill:#1a7f37}}.k{{font-weight:600}}
.c{{fill:#656d76}}.h{{fill:#0550ae}}
@media(prefers-color-scheme:dark){{.w{{fill:#0d1117;stroke:#30363d}}text{{fill:#e6edf3}}.p{{fill:#3fb950}}
.c{{fill:#8b949e}}.h{{fill:#79c0ff}}}}
#s,text{{animation-duration:{total:.1f}s;animation-timing-function:step-end;animation-iteration-count:infinite}}
@media(prefers-reduced-motion:reduce){{#s,text{{animation:none}}}}
"""


def read_cast(path):
    """Result: its header, and (seconds, text) with pauses as players cut them."""
    with open(path, encoding="utf-8") as file:
        header, *events = [json.loads(line) for line in file]
    limit_s, before_s, now_s, timed = header["idle_time_limit"], 0, 0, []
    for at_s, _, text in events:
        now_s += min(at_s - before_s, limit_s)
        before_s = at_s
        timed.append((now_s, ESCAPES.sub("", text)))
    return header, timed


def rows_of(timed, columns):
    """Result: rows, each a list of (seconds, column, text)."""
    rows, column = [[]], 0
    for now_s, text in timed:
        for piece in re.findall(r"\r*\n|\r|[^\r\n]+", text):
            if piece.endswith("\n"):
                rows.append([])
                column = 0
            elif piece == "\r":
                column = 0
            else:
                if column == 0:
                    rows[-1] = []
                while piece:
                    part, piece = piece[:columns - column], piece[columns - column:]
                    rows[-1].append((now_s, column, part))
                    column += len(part)
                    if column == columns:
                        rows.append([])
                        column = 0
    while not rows[-1]:
        rows.pop()
    return rows


def spans(row):
    """Yields (seconds, column, text, class) of a row."""
    whole = "".join(text for _, _, text in row)
    prompt = PROMPT.match(whole)
    typed_at = prompt.end() if prompt else 0
    comment = COMMENT.search(whole, typed_at) if prompt else None
    comment_at = comment.start() if comment else len(whole)
    said = "h" if CUT.search(whole) or whole.startswith("Received disconnect") else ""
    body = "k" if prompt and not said else said
    for now_s, column, text in row:
        for begin, end, kind in ((0, typed_at, "p"), (typed_at, comment_at, body),
                                 (comment_at, len(whole), "c")):
            part = text[max(begin - column, 0):max(end - column, 0)]
            if part.strip():
                yield now_s, max(begin, column), part, kind


class Names:
    """A name for each moment at which something comes up; those close together share one."""

    def __init__(self, total_s):
        self.total_s, self.moments = total_s, []

    def of(self, now_s):
        for index, moment in enumerate(self.moments):
            if abs(moment - now_s) < SAME_S:
                return f"a{index}"
        self.moments.append(now_s)
        return f"a{len(self.moments) - 1}"

    def css(self):
        return "".join(f"@keyframes a{index}{{0%{{visibility:hidden}}{100 * moment / self.total_s:.2f}%"
                       f"{{visibility:visible}}}}.a{index}{{animation-name:a{index}}}\n"
                       for index, moment in enumerate(self.moments))


def scroll_css(rows, total_s):
    """The rows move up as the last of them come."""
    steps = [(0, 0)]
    for number, row in enumerate(rows):
        up = LINE * max(number + 1 - SHOWN_ROWS, 0)
        if row and up > steps[-1][1]:
            steps.append((row[0][0], up))
    frames = "".join(f"{100 * at_s / total_s:.2f}%{{transform:translateY(-{up}px)}}"
                     for at_s, up in steps)
    return f"@keyframes s{{{frames}}}#s{{animation-name:s;transform:translateY(-{steps[-1][1]}px)}}\n"


def draw(header, timed):
    rows = rows_of(timed, header["width"])
    total_s = timed[-1][0] + HOLD_S
    names, texts = Names(total_s), []
    for number, row in enumerate(rows):
        for now_s, column, text, kind in spans(row):
            lead = len(text) - len(text.lstrip(" "))
            text, column = text.strip(" "), column + lead
            classes = f"{kind} {names.of(now_s)}".strip()
            texts.append(f'<text class="{classes}" x="{PAD + CHAR * column:.1f}" '
                         f'y="{PAD + LINE * (number + 0.75):.1f}" textLength="{CHAR * len(text):.1f}">'
                         f"{escape(text, quote=False)}</text>\n")
    width, height = 2 * PAD + CHAR * header["width"], 2 * PAD + LINE * min(len(rows), SHOWN_ROWS)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
            f'width="{width:.0f}" height="{height}" role="img">\n'
            f"<title>{escape(header['title'])}</title>\n"
            f"<style>\n{STYLE.format(total=total_s)}{names.css()}{scroll_css(rows, total_s)}</style>\n"
            f'<rect class="w" x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1}" rx="8"/>\n'
            f'<svg x="0" y="{PAD}" width="{width:.0f}" height="{height - 2 * PAD}">'
            f'<g id="s"><g transform="translate(0 -{PAD})">\n{"".join(texts)}</g></g></svg>\n</svg>\n')


def main():
    sys.stdout.write(draw(*read_cast(sys.argv[1])))


if __name__ == "__main__":
    main()
