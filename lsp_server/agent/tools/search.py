"""Searching texts for a pattern in a child process of ours, within limits.

A pattern may take longer than the world has: Python's regular expressions cannot be interrupted, a process can. The child gets the texts on its
standard input, reads no file and runs nothing but this module's few lines.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.agent.child import run_child

SECONDS = 10.0
_ANSWER = 4_000_000  # bytes
_WIDEST = 2000  # characters of a line that come back
_BREAK = re.compile(r"\r\n|\n|\r")

# What the child runs: a line of JSON for each hit as it is found, so that those before a limit are not lost.
_PROGRAM = """
import json, re, sys
asked = json.loads(sys.stdin.buffer.read())
pattern = re.compile(asked["pattern"], asked["flags"])
left = asked["most"]
for path, text in asked["texts"]:
    for number, line in enumerate(re.split("\\r\\n|\\n|\\r", text), 1):
        if pattern.search(line):
            sys.stdout.write(json.dumps([path, number, line[:asked["widest"]]]) + "\\n")
            left -= 1
            if not left:
                sys.exit()
    sys.stdout.flush()
"""


@dataclass(frozen=True, slots=True)
class Text:
    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that fits; counted from 1."""

    path: str
    line: int
    text: str


def search_texts(
    pattern: str,
    texts: Sequence[Text],
    literal: bool = False,
    ignore_case: bool = False,
    most: int = 100,
    cancelled: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS,
) -> tuple[tuple[Hit, ...], str | None]:
    """The first lines that fit, and what went wrong, in words. The pattern must compile."""
    if literal or pattern == re.escape(pattern):
        wanted = pattern if literal else re.sub(r"\\(.)", r"\1", pattern)
        return tuple(_plain(wanted, texts, ignore_case, most)), None
    asked = {"pattern": pattern, "flags": int(re.IGNORECASE) if ignore_case else 0, "most": most, "widest": _WIDEST,
             "texts": [(each.path, each.content) for each in texts]}  # fmt: skip
    done = run_child(
        [sys.executable, "-I", "-S", "-c", _PROGRAM], Path(sys.prefix), {}, json.dumps(asked).encode(), seconds, _ANSWER, cancelled
    )
    hits = []
    for line in done.output.decode("utf-8", "replace").split("\n"):
        try:
            path, number, text = json.loads(line)
        except ValueError:
            continue  # The last line, cut where the child was stopped.
        hits.append(Hit(str(path), int(number), str(text)))
    trouble = done.trouble
    if trouble is None and done.status != 0:
        trouble = "the search failed"
    return tuple(hits), None if len(hits) >= most else trouble


def _plain(wanted: str, texts: Sequence[Text], ignore_case: bool, most: int) -> Iterable[Hit]:
    wanted = wanted.lower() if ignore_case else wanted
    found = 0
    for each in texts:
        if wanted not in (each.content.lower() if ignore_case else each.content):
            continue
        for number, line in enumerate(_BREAK.split(each.content), 1):
            if wanted in (line.lower() if ignore_case else line):
                yield Hit(each.path, number, line[:_WIDEST])
                found += 1
                if found >= most:
                    return
