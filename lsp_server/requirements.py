"""Which version of a package a project needs at least, as its `pyproject.toml` says.

Lock files and installed packages are not looked at: what is not required is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Version = tuple[int, ...]


def least_version(texts: Iterable[str], package: str) -> Version | None:
    """The lowest version that all of the texts allow; None where one of those that name the package sets no lower bound."""
    name = re.escape(package)
    listed = re.compile(rf"""["']{name}(?:\[[^\]]*\])?([^"'\w.-][^"']*|)["']""")  # "sqlmodel>=0.0.22,<1"
    keyed = re.compile(rf"""^\s*["']?{name}["']?\s*=(.*)$""")  # sqlmodel = "^0.0.22"
    found: list[Version] = []
    for line in (line for text in texts for line in text.splitlines()):
        if package not in line or line.lstrip().startswith("#"):
            continue
        match = keyed.search(line)
        for said in [match[1]] if match is not None else listed.findall(line):
            bound = re.search(r"(?:>=|==|~=|\^|~)\s*(\d+(?:\.\d+)*)", said)
            if bound is None:
                return None
            found.append(version(bound[1]))
    return min(found, default=None)


def version(text: str) -> Version:
    """`"0.0.45"` as numbers that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", text))
