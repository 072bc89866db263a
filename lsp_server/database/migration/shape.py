"""The shape of a schema as a database itself tells of it, and what two of them differ in.

Two databases made by the same server are compared as it tells of them, so no expression has to be brought into one spelling.
The order of columns does not count, and a constraint's name only where the wanted schema gives one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

VERSION_TABLE = "alembic_version"

# A named part of a table: its name, then whatever defines it. None for a name: any will do.
Part = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One table: its columns as tuples that begin with the name, its parts, and in `options` what is said of it as a whole.

    Types, sequences, views and schemas are shapes too, with nothing but options.
    """

    columns: frozenset[tuple[object, ...]] = frozenset()
    foreign_keys: frozenset[Part] = frozenset()
    uniques: frozenset[Part] = frozenset()  # primary keys and exclusion constraints too, where the catalogue keeps them so
    indexes: frozenset[Part] = frozenset()
    checks: frozenset[Part] = frozenset()
    options: frozenset[tuple[object, ...]] = frozenset()


# By what it is and its name: "table book", "type mood".
Shapes = dict[str, Shape]


def only_named(shapes: Shapes, names: frozenset[str]) -> Shapes:
    """The same with the names of parts taken out that nobody gave them."""

    def loose(parts: frozenset[Part]) -> frozenset[Part]:
        return frozenset((part[0] if part[0] in names else None, *part[1:]) for part in parts)

    return {
        name: replace(
            shape,
            foreign_keys=loose(shape.foreign_keys),
            uniques=loose(shape.uniques),
            indexes=loose(shape.indexes),
            checks=loose(shape.checks),
        )
        for name, shape in shapes.items()
    }


def differences(found: Shapes, wanted: Shapes) -> tuple[str, ...]:
    """What is not as wanted, in words; empty if all is."""
    problems = [f"{name} is missing" for name in wanted if name not in found]
    problems += [f"{name} is left over" for name in found if name not in wanted]
    for name, shape in wanted.items():
        if name in found:
            problems += [f"{name}: {text}" for text in _shape_differences(found[name], shape)]
    return tuple(problems)


def _shape_differences(found: Shape, wanted: Shape) -> list[str]:
    problems = [f"column {item} is missing" for item in _sorted(wanted.columns - found.columns)]
    problems += [f"column {item} is left over" for item in _sorted(found.columns - wanted.columns)]
    problems += [f"{item} is missing" for item in _sorted(wanted.options - found.options)]
    problems += [f"{item} is left over" for item in _sorted(found.options - wanted.options)]
    for label, have, want in (
        ("index", found.indexes, wanted.indexes),
        ("foreign key", found.foreign_keys, wanted.foreign_keys),
        ("unique constraint", found.uniques, wanted.uniques),
        ("check", found.checks, wanted.checks),
    ):
        problems += _named_differences(label, have, want)
    return problems


def _named_differences(
    label: str, found: frozenset[tuple[Any, ...]], wanted: frozenset[tuple[Any, ...]]
) -> list[str]:
    """An item without a name matches one with any."""
    remaining = list(found)
    problems = []
    for item in sorted(wanted, key=lambda item: item[0] is None):
        match = next((other for other in remaining if other[1:] == item[1:] and item[0] in (None, other[0])), None)
        if match is None:
            problems.append(f"{label} {item} is missing")
        else:
            remaining.remove(match)
    return problems + [f"{label} {item} is left over" for item in remaining]


def _sorted(items: frozenset[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(items, key=repr)


