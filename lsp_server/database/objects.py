"""Views and sequences as a history makes, changes and drops them, and the SQL of sequences read into these words.

Texts of views are `view_text.py`'s business, what the operations make of a schema `fold/objects.py`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from lsp_server.database.model import Database, Identity, Sequence, View
from lsp_server.database.view_text import plain_name, read_view
from lsp_server.text import Location
from lsp_server.unknown import Unknown

Key = tuple[str | None, str]
Owner = tuple[str | None, str, str]

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[\w$]+)'
_FLAGS = re.IGNORECASE | re.DOTALL
_NUMBERS = {
    "start": r"\bstart\s+(?:with\s+)?(-?\d+)", "increment": r"\bincrement\s+(?:by\s+)?(-?\d+)",
    "minvalue": r"(?<!no\s)\bminvalue\s+(-?\d+)", "maxvalue": r"(?<!no\s)\bmaxvalue\s+(-?\d+)",
}  # fmt: skip
_FAMILIES = {"smallint": "SMALLINT", "int2": "SMALLINT", "integer": "INTEGER", "int": "INTEGER", "int4": "INTEGER"}


@dataclass(frozen=True, slots=True)
class CreateView:
    view: View
    if_not_exists: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class DropView:
    """`materialized` None: the revision does not say."""

    key: Key
    materialized: bool | None = False
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameView:
    key: Key
    new_key: Key


@dataclass(frozen=True, slots=True)
class CreateSequence:
    sequence: Sequence
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropSequence:
    key: Key
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class AlterSequence:
    """`options` are those it states; `owner` counts only where `disowned` says that it is stated too."""

    key: Key
    options: tuple[tuple[str, Any], ...] = ()
    family: str | None = None
    owner: Owner | None = None
    disowned: bool = False
    new_key: Key | None = None


ObjectOperation = CreateView | DropView | RenameView | CreateSequence | DropSequence | AlterSequence
OBJECT_OPERATIONS = (CreateView, DropView, RenameView, CreateSequence, DropSequence, AlterSequence)


# SQL


def object_operations(statement: str, location: Location) -> list[ObjectOperation] | None:
    """What a statement does to views and sequences; None where it is about something else."""
    found = read_view(statement, location)
    if found is not None:
        return [CreateView(found.view, found.lenient, found.replaces)]
    return _dropped(statement) or _view_altered(statement) or _sequence(statement, location)


def objects_of_beginning(beginning: str, reason: Unknown) -> list[ObjectOperation] | None:
    """What a statement of which only the beginning is known does to views and sequences, as far as that tells.

    A view or sequence without a name stands for any.
    """
    match = re.match(
        rf"\s*(create|drop)\s+(?:or\s+replace\s+)?(materialized\s+view|view|sequence)\s+(?:if\s+(?:not\s+)?exists\s+)?"
        rf"({_NAME}(?:\s*\.\s*{_NAME})?(?=[\s(;]))?", beginning, _FLAGS)  # fmt: skip
    if match is None:
        return None
    schema, name = _key(match[3] or "")
    unsure = None if match[3] else reason
    if match[2].lower() == "sequence":
        made = Sequence(name, schema, location=reason.location, maybe=reason)
        return [CreateSequence(made)] if match[1].lower() == "create" else [DropSequence((schema, name))]
    if match[1].lower() == "drop":
        return [DropView((schema, name), None)]
    return [CreateView(View(name, reason, schema, match[2].lower() != "view", location=reason.location, maybe=unsure), replaces=True)]


def _dropped(statement: str) -> list[ObjectOperation]:
    match = re.match(r"drop\s+(materialized\s+view|view|sequence)\s+(if\s+exists\s+)?(.*?)(\bcascade|\brestrict)?\s*;?\s*$", statement, _FLAGS)
    if match is None:
        return []
    lenient, cascade = bool(match[2]), (match[4] or "").lower() == "cascade"
    keys = [_key(part) for part in match[3].split(",")]
    if match[1].lower() == "sequence":
        return [DropSequence(key, lenient, cascade) for key in keys]
    return [DropView(key, match[1].lower() != "view", lenient, cascade) for key in keys]


def _view_altered(statement: str) -> list[ObjectOperation]:
    match = re.match(rf"alter\s+(?:materialized\s+)?view\s+(?:if\s+exists\s+)?({_NAME}(?:\s*\.\s*{_NAME})?)\s+(.*)", statement, _FLAGS)
    if match is None:
        return []
    key = _key(match[1])
    renamed = _renamed(key, match[2])
    return [RenameView(key, renamed)] if renamed is not None else []


def _renamed(key: Key, action: str) -> Key | None:
    if match := re.match(rf"rename\s+to\s+({_NAME})", action, _FLAGS):
        return (key[0], plain_name(match[1]))
    match = re.match(rf"set\s+schema\s+({_NAME})", action, _FLAGS)
    return (_key(f"{match[1]}.x")[0], key[1]) if match else None


def _sequence(statement: str, location: Location) -> list[ObjectOperation] | None:
    match = re.match(
        rf"(create|alter)\s+sequence\s+(if\s+(?:not\s+)?exists\s+)?({_NAME}(?:\s*\.\s*{_NAME})?)(.*)", statement, _FLAGS)  # fmt: skip
    if match is None:
        return None
    key, rest = _key(match[3]), match[4]
    stated: list[tuple[str, Any]] = []
    for name, pattern in _NUMBERS.items():
        if number := re.search(pattern, rest, _FLAGS):
            stated.append((name, int(number[1])))
    stated += [(f"{name}value", None) for name in ("min", "max") if re.search(rf"\bno\s+{name}value\b", rest, _FLAGS)]
    if cycle := re.search(r"\b(no\s+)?cycle\b", rest, _FLAGS):
        stated.append(("cycle", cycle[1] is None))
    kind = re.search(r"\bas\s+(\w+)", rest, _FLAGS)
    family = _FAMILIES.get(kind[1].lower()) if kind else None
    owned = re.search(rf"\bowned\s+by\s+({_NAME}(?:\s*\.\s*{_NAME})*)", rest, _FLAGS)
    owner = _owner(owned[1]) if owned else None
    if match[1].lower() == "create":
        options = replace(Identity(), **dict(stated))
        return [CreateSequence(Sequence(key[1], key[0], options, family, owner, location), bool(match[2]))]
    return [AlterSequence(key, tuple(stated), family, owner, bool(owned), _renamed(key, rest.strip()))]


def _owner(text: str) -> Owner | None:
    """`schema.table.column`; None for NONE."""
    parts = [plain_name(part) for part in re.findall(_NAME, text)]
    if len(parts) < 2:
        return None
    schema = parts[-3] if len(parts) > 2 else None
    return (None if schema == "public" else schema, parts[-2], parts[-1])


def _key(text: str) -> Key:
    parts = [plain_name(part) for part in re.findall(_NAME, text)] or [""]
    schema = parts[-2] if len(parts) > 1 else None
    return (None if schema == "public" else schema, parts[-1])


# Reverses


def reverse_of_object(operation: ObjectOperation, before: Database) -> tuple[ObjectOperation, ...] | Unknown:
    """What undoes an operation, given the schema before it."""
    views = {view.key: view for view in before.views if view.maybe is None}
    sequences = {sequence.key: sequence for sequence in before.sequences if sequence.maybe is None}
    match operation:
        case CreateView(view):
            gone = DropView(view.key, view.materialized)
            earlier = views.get(view.key)
            return (gone, CreateView(earlier)) if earlier is not None else (gone,)
        case DropView(key):
            return (CreateView(views[key]),) if key in views else Unknown(f"the view {key[1]} is not known")
        case RenameView(key, new_key):
            return (RenameView(new_key, key),)
        case CreateSequence(sequence):
            return (DropSequence(sequence.key),)
        case DropSequence(key):
            return (CreateSequence(sequences[key]),) if key in sequences else Unknown(f"the sequence {key[1]} is not known")
    return Unknown("the schema before does not say how to undo this")
