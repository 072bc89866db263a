"""Which of a repository's applications it is there to serve, and which stand beside them and why.

Tests, examples and scripts make applications of their own; a worker has a health endpoint. They are applications, and the
checker looks at all of them; but they are not what somebody means who asks for the routes of the project. Judged by where an
application is made and by what it serves beside the others, for every framework alike. Nothing is set aside when nothing
would be left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.api.model import Api
from lsp_server.text import Location

# Words in the names of folders where nobody keeps the program that is deployed.
_PLACES = frozenset((
    "test", "tests", "testing", "unittest", "unittests", "e2e", "conftest", "fixture", "fixtures", "testdata", "mock", "mocks",
    "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "cookbook", "doc", "docs",
    "script", "scripts", "bench", "benchmark", "benchmarks", "notebook", "notebooks", "playground",
))  # fmt: skip
_WORDS = re.compile(r"[-_. ]+")
_SMALL = 0.05  # of the routes of the largest application of the same package


@dataclass(frozen=True, slots=True)
class Aside:
    """An application that is not the project's own, with the reason for people."""

    api: Api
    reason: str


def place_beside(path: str) -> str | None:
    """The part of a path that says that a file belongs to tests, examples, documentation or scripts; None without one."""
    *folders, name = path.split("/")
    for folder in folders:
        if not _PLACES.isdisjoint(_WORDS.split(folder.lower())):
            return folder
    is_test = name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")
    return name if is_test else None


def principal(apis: Sequence[Api], root_of: Callable[[str], str], asked: Sequence[str] = ()) -> tuple[list[Api], list[Aside]]:
    """The applications that the project is there to serve, in their order, and those beside them.

    `root_of` gives the folder from which the packages of a file are imported. `asked` are the folders and files that somebody
    asked for: what stands in them is judged by the rest of its path.
    """
    aside: dict[int, str] = {}
    for api in apis:
        place = place_beside(_below(api.source, asked))
        if place is not None:
            aside[id(api)] = f"it is made in `{place}`"
    remaining = [api for api in apis if id(api) not in aside]
    if not remaining:
        return list(apis), []
    packages: dict[str, int] = {}
    for api in remaining:
        package = _package(api.source, root_of)
        packages[package] = max(packages.get(package, 0), len(api.operations))
    for api in remaining:
        largest = packages[_package(api.source, root_of)]
        if api.joined or not api.operations:
            continue
        if len(api.operations) <= _SMALL * largest:
            aside[id(api)] = f"it serves {len(api.operations)} of the routes in a package whose application serves {largest}"
    shares = {id(api): _handlers(api) for api in remaining}
    for index, api in enumerate(remaining):
        fuller = (
            other for place, other in enumerate(remaining)
            if other is not api and id(other) not in aside and shares[id(api)] <= shares[id(other)]
            and (len(other.operations), -place) > (len(api.operations), -index)
        )  # fmt: skip
        if not api.joined and shares[id(api)] and next(fuller, None) is not None:
            aside.setdefault(id(api), "another application serves all of its routes")
    return (
        [api for api in remaining if id(api) not in aside],
        [Aside(api, aside[id(api)]) for api in apis if id(api) in aside],
    )


def _below(path: str, asked: Sequence[str]) -> str:
    above = max((folder for folder in asked if path.startswith(f"{folder}/")), key=len, default="")
    if path in asked:
        above = path.rpartition("/")[0]
    return path[len(above) :].lstrip("/")


def _package(path: str, root_of: Callable[[str], str]) -> str:
    """The folder of the outermost package that a file belongs to; the folder itself for a file in none."""
    root = root_of(path)
    inner = path[len(root) :].lstrip("/") if root else path
    return f"{root}/{inner.partition('/')[0]}" if "/" in inner else root


def _handlers(api: Api) -> set[tuple[str, Location | None]]:
    return {(operation.method, operation.declaration) for operation in api.operations}
