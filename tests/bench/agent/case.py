"""What a case of the evaluation is: a task, how its project is prepared, what must hold afterwards, and one way to get there.

One file in `cases/` is one case. The model gets the prepared project and the task, and nothing else of what stands there.
"""

from __future__ import annotations

import importlib
import pkgutil
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECTS = Path(__file__).parents[2] / "projects"
_TELLING = "\nThis project is an example"  # the end of the README says that something is wrong, DRIFT.md says what


@dataclass(frozen=True, slots=True)
class Write:
    """A change of one file: `old`, which stands there once, becomes `new`; without `old` the file is made."""

    path: str
    new: str
    old: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The findings of a rule whose message holds a part."""

    rule: str
    part: str


@dataclass(frozen=True, slots=True)
class Case:
    """`asks` is a finding to clear, or a person's words, for a task of that `kind`.

    Afterwards the tests in `hidden` pass in the project's own Python, the findings in `gone` are gone and no new ones have come, what matches `kept`
    (patterns of paths) is byte for byte as it was, and with `proves` there is a revision, and each one that was written is proved. With `says`
    nothing can be done rightly: then nothing may change, and the model's last words hold one of each group of words.
    """

    name: str
    about: str
    asks: Finding | str
    kind: str = "free"
    prepare: tuple[Write, ...] = ()
    hidden: str = ""
    gone: tuple[Finding, ...] = ()
    kept: tuple[str, ...] = ("openapi.yaml",)
    proves: bool = False
    says: tuple[tuple[str, ...], ...] = ()
    reference: tuple[Write, ...] = ()


def all_cases() -> tuple[Case, ...]:
    """Every case, by name."""
    from tests.bench.agent import cases

    found = [importlib.import_module(f"{cases.__name__}.{each.name}").CASE for each in pkgutil.iter_modules(cases.__path__)]
    return tuple(sorted(found, key=lambda case: case.name))


def prepared(case: Case, folder: Path) -> Path:
    """The project of a case in a folder, as the model gets it."""
    root = folder / "bookshop"
    shutil.copytree(PROJECTS / "bookshop", root, ignore=shutil.ignore_patterns("__pycache__", "*.db", "DRIFT.md"))
    readme = root / "README.md"
    readme.write_text(readme.read_text("utf-8").partition(_TELLING)[0], "utf-8")
    put(root, written(root, case.prepare))
    return root


def written(root: Path, writes: Iterable[Write]) -> dict[str, tuple[str | None, str]]:
    """The texts that changes lead from (None: a new file) and to, by path. Raises ValueError for a change that does not fit."""
    texts: dict[str, tuple[str | None, str]] = {}
    for write in writes:
        path = root / write.path
        before, now = texts.get(write.path, (path.read_text("utf-8"),) * 2 if path.exists() else (None, None))
        if write.old is None:
            if now is not None:
                raise ValueError(f"{write.path} is there already")
            texts[write.path] = (None, write.new)
        elif now is None or now.count(write.old) != 1:
            raise ValueError(f"{write.path} does not hold once: {write.old}")
        else:
            texts[write.path] = (before, now.replace(write.old, write.new))
    return texts


def put(root: Path, texts: Mapping[str, tuple[str | None, str]]) -> None:
    for path, (_, text) in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
