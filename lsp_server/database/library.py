"""What other packages bring to models, from `library_types.toml`: column types, and classes with columns of their own.

Data only; what a described column means is the business of `declarative.py` and `types.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from lsp_server.database.alchemy_names import canonical_name, name_of
from lsp_server.python.values import External, Value


@dataclass(frozen=True, slots=True)
class Library:
    """What other packages bring: `types` by dotted name, and `bases` (declarative classes with columns of their own)."""

    types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    harmless: tuple[str, ...] = ()  # packages and classes that bring no columns
    aliases: Mapping[str, str] = field(default_factory=dict)  # packages that hand on another one's names
    releases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what holds from a package's version on
    required: frozenset[str] = frozenset()  # packages of which the project needs that version
    registries: Mapping[str, str] = field(default_factory=dict)  # objects that stand for a MetaData -> its key in `bases`

    def extended(self, types: Mapping[str, str], bases: Mapping[str, Mapping[str, Any]]) -> Library:
        """The library with what a project describes: types as SQL text (`NUMERIC(12, 2)`), bases in the words of the file."""
        if not types and not bases:
            return self
        return replace(self, types={**self.types, **{name: _type(sql) for name, sql in types.items()}}, bases={**self.bases, **bases})

    def since(self, least: Mapping[str, tuple[int, ...] | None]) -> Library:
        """The library for a project that needs these versions at least: newer ways that it may not have yet are left out."""
        met = {name for name, entry in self.releases.items()
               if (needed := least.get(name)) is not None and needed >= tuple(map(int, entry["since"].split(".")))}  # fmt: skip
        return replace(self, required=frozenset(met)) if met else self

    def annotation(self, package: str, name: str) -> str | None:
        """The SQL type that a release of a package gives to a Python type, where the project needs that release."""
        found = self.releases[package].get("annotations", {}).get(name) if package in self.required else None
        return found if isinstance(found, str) else None

    def described(self, value: Value) -> Mapping[str, Any] | None:
        """The description of a class of another package."""
        name = name_of(value) if isinstance(value, External) else None
        return _entry(self.bases, self._original(name)) if name else None

    def trait(self, entry: Mapping[str, Any], name: str) -> Any:
        """A word of a description, its own or inherited."""
        return next((part[name] for part in self.parts(entry) if part.get(name)), None)

    def parts(self, entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A description and all it inherits from, each once."""
        result: list[Mapping[str, Any]] = []
        waiting = [entry]
        while waiting:
            part = waiting.pop(0)
            if all(part is not known for known in result):
                result.append(part)
                waiting[:0] = [self.bases[name] for name in part.get("inherits", ()) if name in self.bases]
        return result

    def may_bring_columns(self, name: str) -> bool:
        """Whether a class of another package, described nowhere, may be a mixin with columns."""
        canonical = canonical_name(self._original(name))
        if _entry(self.bases, canonical) is not None or canonical.startswith(("sqlalchemy.", "sqlmodel.")):
            return False
        return not any(canonical == harmless or canonical.startswith(f"{harmless}.") for harmless in self.harmless)

    def registry(self, name: str) -> str | None:
        """The key of the MetaData that an object of another package, or something reached through it, stands for."""
        top, *inner = self._original(name).split(".")
        return next((key for word in inner if (key := self.registries.get(f"{top}.{word}")) is not None), None)

    def type_named(self, name: str) -> Mapping[str, Any] | None:
        """By the dotted name, or by package and last word: packages move their modules about."""
        return _entry(self.types, self._original(name))

    def _original(self, name: str) -> str:
        """The name in the package that a thing comes from, for one that another package hands on."""
        for alias, package in self.aliases.items():
            if name.startswith(f"{alias}."):
                return package + name[len(alias) :]
        return name


def _type(written: str) -> Mapping[str, Any]:
    sql, _, sizes = written.partition("(")
    numbers = [int(part) for part in re.findall(r"\d+", sizes)]
    return {"sql": sql.strip().upper(), **({"sizes": numbers} if numbers else {})}


def _entry(table: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return table.get(name) or table.get(f"{name.partition('.')[0]}.{name.rpartition('.')[2]}")


@cache
def shipped_library() -> Library:
    data = tomllib.loads(files(__package__).joinpath("library_types.toml").read_text(encoding="utf-8"))
    return Library(
        data.get("types", {}), data.get("bases", {}), tuple(data.get("harmless", ())), data.get("aliases", {}), data.get("releases", {}),
        registries=data.get("registries", {}),
    )  # fmt: skip
