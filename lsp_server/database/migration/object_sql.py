"""The SQL of views, sequences and exclusion constraints, and what is said about them in words."""

from __future__ import annotations

import re

from lsp_server.database.compare_objects import plain_sequence
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.object_operations import (
    CreateSequence,
    CreateView,
    DropSequence,
    DropView,
    ObjectOperation,
    ReplaceView,
)
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Exclusion, Sequence, View
from lsp_server.unknown import Unknown


def object_sql(operation: ObjectOperation, dialect: str | None) -> str:
    """The one statement. Raises NotSayable for a view whose query is not known."""
    match operation:
        case CreateView(view):
            return view_sql(view, dialect)
        case DropView(view):
            return f"DROP {view.sort.upper()} {_name(view, dialect)}"
        case ReplaceView(_, view):
            return view_sql(view, dialect, replaces=True)
        case CreateSequence(sequence):
            return " ".join([f"CREATE SEQUENCE {table_sql(sequence.key)}", *_options(sequence)])
        case DropSequence(sequence):
            return f"DROP SEQUENCE {table_sql(sequence.key)}"
    return _changed(operation.before, operation.after)


def view_sql(view: View, dialect: str | None, replaces: bool = False) -> str:
    if isinstance(view.query, Unknown):
        raise NotSayable(f"the query of the view {view.full_name}")
    words = ["CREATE", "OR REPLACE" if replaces else "", view.modifiers, view.sort.upper(), _name(view, dialect)]
    if view.columns:
        words.append(f"({', '.join(name_sql(column, dialect) for column in view.columns)})")
    return " ".join(word for word in (*words, view.options, "AS", view.query) if word)


def _name(view: View, dialect: str | None) -> str:
    return view.written or table_sql(view.key, dialect)


def escaped(statement: str) -> str:
    """As `text()` and `op.execute` take it: a colon before a word would be a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", statement)


def said(operation: ObjectOperation) -> str:
    """What an operation does, in a few words."""
    match operation:
        case CreateView(view, remade):
            return f"{'make' if remade else 'create'} {view.sort} {view.full_name}{' again' if remade else ''}"
        case DropView(view, remade):
            return f"make {view.sort} {view.full_name} again" if remade else f"drop {view.sort} {view.full_name}"
        case ReplaceView(_, view):
            return f"change view {view.full_name}"
        case CreateSequence(sequence):
            return f"create sequence {sequence.full_name}"
        case DropSequence(sequence):
            return f"drop sequence {sequence.full_name}"
    return f"change sequence {operation.after.full_name}"


def comment_on(operation: ObjectOperation, dialect: str | None) -> str | None:
    if not isinstance(operation, DropView) or not operation.remade:
        return None
    rights = "" if dialect == "sqlite" else " Rights on it must be granted again."
    return f"The {operation.view.sort} {operation.view.full_name} reads what changes here: it is made again below.{rights}"


# Sequences


def _options(sequence: Sequence) -> list[str]:
    options = sequence.options
    words = [f"AS {sequence.family}"] if sequence.family else []
    for name, number in (("INCREMENT BY", options.increment), ("MINVALUE", options.minvalue), ("MAXVALUE", options.maxvalue),
                         ("START WITH", options.start)):  # fmt: skip
        words += [f"{name} {number}"] if number is not None else []
    return [*words, "CYCLE"] if options.cycle else words


def _changed(before: Sequence, after: Sequence) -> str:
    old, new = plain_sequence(before), plain_sequence(after)
    words = [f"ALTER SEQUENCE {table_sql(after.key)}"]
    if old.family != new.family:
        words.append(f"AS {new.family or 'BIGINT'}")
    for name, field in (("INCREMENT BY", "increment"), ("MINVALUE", "minvalue"), ("MAXVALUE", "maxvalue"), ("START WITH", "start")):
        number = getattr(new.options, field)
        words += [f"{name} {number}"] if getattr(old.options, field) != number else []
    if old.options.cycle != new.options.cycle:
        words.append("CYCLE" if new.options.cycle else "NO CYCLE")
    if ((old.options.increment or 1) > 0) != ((new.options.increment or 1) > 0):
        words.append("RESTART")  # where it stands is beyond its end now
    if old.owner != new.owner:
        words.append(f"OWNED BY {owner_sql(new)}")
    return " ".join(words)


def owner_sql(sequence: Sequence) -> str:
    if sequence.owner is None:
        return "NONE"
    return ".".join(name_sql(part) for part in sequence.owner if part)


def bare(sequence: Sequence) -> Sequence:
    """The same, belonging to no column."""
    return Sequence(sequence.name, sequence.schema, sequence.options, sequence.family, None, sequence.location, sequence.maybe)


# Exclusion constraints


def exclusion_sql(table: tuple[str | None, str], part: Exclusion, name: str, columns: frozenset[str]) -> str:
    """`ALTER TABLE … ADD CONSTRAINT … EXCLUDE …`, which Alembic's renderer would say with less than all. `columns` are the table's."""
    if part.elements is None or isinstance(part.where, Unknown):
        raise NotSayable(f"an exclusion constraint of {table[1]}")
    classes = dict(part.operators)
    elements = [
        f"{_element(text, columns)}{f' {classes[text]}' if text in classes else ''} WITH {operator}" for text, operator in part.elements
    ]
    words = [f"ALTER TABLE {table_sql(table)} ADD CONSTRAINT {name_sql(name)} EXCLUDE USING {part.method} ({', '.join(elements)})"]
    words += [f"WHERE ({part.where})"] if part.where else []
    words += [] if part.deferrable is None else ["DEFERRABLE" if part.deferrable else "NOT DEFERRABLE"]
    words += [f"INITIALLY {part.initially}"] if part.initially else []
    return " ".join(words)


def _element(text: str, columns: frozenset[str]) -> str:
    """A column by its name, an expression in parentheses unless it is a call."""
    if text in columns:
        return name_sql(text)
    return text if re.fullmatch(r"[\w.]+\(.*\)|\(.*\)", text, re.DOTALL) else f"({text})"
