"""Databases' URLs in a text, as somebody wrote them: to keep away from, never to open."""

from __future__ import annotations

import re

_URL = re.compile(r"\b(?:postgres|postgresql|mysql|mariadb)(?:\+\w+)?://[^\s'\"]+", re.IGNORECASE)
_SCRATCH = re.compile(r"^\s*shadow\s*=.*$", re.MULTILINE)  # our own setting names no database of the project


def urls_in(text: str) -> tuple[str, ...]:
    return tuple(_URL.findall(_SCRATCH.sub("", text)))
