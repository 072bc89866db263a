"""Where a story stands in a Markdown document: the section under a heading that calls itself one.

Only enough to point at it; what its criteria ask for is read by whoever implements it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.document import Document

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_STORY = re.compile(r"\b(?:user\s+)?story\b|\bUS[-_ ]?\d+\b|\bSTORY[-_ ]?\d+\b", re.IGNORECASE)
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Story:
    """`line` is that of the heading, from 0."""

    title: str
    line: int


def story_at(document: Document, offset: int) -> Story | None:
    """The story around a place: the nearest heading above that is one, unless a heading of its rank or higher stands between."""
    text = _FENCE.sub(lambda match: re.sub(r"^#", " ", match[0], flags=re.MULTILINE), document.text)
    found: list[tuple[int, str, int]] = []  # the headings that the place stands under, from the outermost in
    for match in _HEADING.finditer(text):
        if match.start() > offset:
            break
        found = [entry for entry in found if entry[0] < len(match[1])]
        found.append((len(match[1]), match[2], match.start()))
    for _, title, start in reversed(found):
        if _STORY.search(title):
            return Story(title, document.lines.position(start).line)
    return None
