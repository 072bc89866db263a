"""What two schemas have beside plain tables: views, sequences, exclusion constraints, and where they differ.

Models rarely tell all of a database's views: one that only a history makes is nobody's difference, unless the other side is
known to tell them all (`Database.whole`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsp_server.database.difference import Difference
from lsp_server.database.equivalence import automatic_name, expression_words, family_of, same_expression, same_name
from lsp_server.database.model import Database, Exclusion, Identity, Sequence, Table, View
from lsp_server.database.view_text import same_view
from lsp_server.unknown import Unknown


def views_for(database: Database, dialect: str | None) -> tuple[View, ...]:
    """The views that a kind of database gets."""
    kind = {"mariadb": "mysql"}.get(dialect or "", dialect)
    return tuple(view for view in database.views if not view.dialects or kind is None or kind in view.dialects)


def compare_views(before: Database, after: Database, dialect: str | None) -> Iterator[Difference]:
    old = {view.key: view for view in views_for(before, dialect)}
    new = {view.key: view for view in views_for(after, dialect)}
    unnamed = any(not view.name for view in old.values())  # some view was made, nobody knows which
    for key, view in new.items():
        other = old.get(key)
        if view.maybe is not None:
            continue
        path = ("view", view.full_name)
        if other is None:
            is_table = before.table(view.name, view.schema) is not None
            if before.incomplete is None and not unnamed and not is_table and not isinstance(view.query, Unknown):
                yield Difference("missing", "view", path, None, view)
        elif other.maybe is None and same_view(other, view, dialect) is False:
            yield Difference("contradicts", "view", path, other, view)
    if "view" in after.whole and after.incomplete is None:
        for key, view in old.items():
            if key not in new and view.maybe is None and after.table(view.name, view.schema) is None:
                yield Difference("unrequested", "view", ("view", view.full_name), view, None)


# Sequences


def compare_sequences(before: Database, after: Database, dialect: str | None) -> Iterator[Difference]:
    """Of PostgreSQL alone: elsewhere models' sequences are made by nobody, or it is not known."""
    if dialect != "postgresql":
        return
    old = {sequence.key: sequence for sequence in before.sequences}
    new = {sequence.key: sequence for sequence in after.sequences}
    implied = {name for table in before.tables for name in implied_sequences(table)}
    unnamed = any(not sequence.name for sequence in old.values())
    wanted = {name for table in after.tables for name in implied_sequences(table)}
    for key, sequence in new.items():
        other = old.get(key)
        path = ("sequence", sequence.full_name)
        if sequence.maybe is not None:
            continue
        if other is None:
            if before.incomplete is None and not unnamed and key not in implied:
                yield Difference("missing", "sequence", path, None, sequence)
        elif other.maybe is None:
            left, right = plain_sequence(other), plain_sequence(sequence)
            if "sequence" not in after.whole:
                left = replace(left, owner=right.owner)  # models have no word for it
            if left != right:
                yield Difference("contradicts", "sequence", path, other, sequence)
    if "sequence" in after.whole and after.incomplete is None:
        for key, sequence in old.items():
            if key not in new and key not in wanted and sequence.maybe is None:
                yield Difference("unrequested", "sequence", ("sequence", sequence.full_name), sequence, None)


def plain_sequence(sequence: Sequence) -> Sequence:
    """With what every sequence has when nothing is said, and without where it was read."""
    options = sequence.options
    largest = {"SMALLINT": 2**15 - 1, "INTEGER": 2**31 - 1}.get(sequence.family or "", 2**63 - 1)
    up = (options.increment or 1) > 0
    low, high = (1, largest) if up else (-largest - 1, -1)
    minimum = options.minvalue if options.minvalue is not None else low
    maximum = options.maxvalue if options.maxvalue is not None else high
    start = options.start if options.start is not None else minimum if up else maximum
    schema, name = sequence.key
    return Sequence(name, schema, Identity(False, start, options.increment or 1, minimum, maximum, options.cycle),
                    sequence.family, sequence.owner)  # fmt: skip


def implied_sequences(table: Table) -> Iterator[tuple[str | None, str]]:
    """The sequences that PostgreSQL may have made for a table's own columns."""
    for column in table.columns:
        if family_of(column.type) in ("INTEGER", "BIGINT", "SMALLINT"):
            name = automatic_name(table, column, "postgresql")
            yield (table.key[0], name)


# Exclusion constraints


def compare_exclusions(before: Table, after: Table, dialect: str | None, path: tuple[str, ...]) -> Iterator[Difference]:
    if dialect not in ("postgresql", None):
        return
    left = [part for part in before.exclusions if part.unknown is None]
    right = [part for part in after.exclusions if part.unknown is None]
    unmatched = list(left)
    missing: list[Exclusion] = []
    for part in right:
        name = part.name or automatic_name(after, part, dialect)
        found = next((other for other in unmatched if same_name(other.name or automatic_name(before, other, dialect), name, dialect)), None)
        if found is None and part.name is None:
            found = next((other for other in unmatched if same_exclusion(other, part)), None)
        if found is None:
            missing.append(part)
            continue
        unmatched.remove(found)
        if not same_exclusion(found, part):
            yield Difference("contradicts", "exclusion", (*path, "exclusion", name), found, part)
    if before.incomplete is None and len(left) == len(before.exclusions):
        for part in missing:
            yield Difference("missing", "exclusion", (*path, "exclusion", part.name or ",".join(part.columns or ())), None, part)
    if after.incomplete is None and len(right) == len(after.exclusions):
        for part in unmatched:
            yield Difference("unrequested", "exclusion", (*path, "exclusion", part.name or ",".join(part.columns or ())), part, None)


def same_exclusion(before: Exclusion, after: Exclusion) -> bool:
    def said(part: Exclusion) -> tuple[object, ...]:
        elements = [(expression_words(text), operator) for text, operator in part.elements or ()]
        return (elements, part.method, dict(part.operators), bool(part.deferrable), part.initially or "IMMEDIATE")

    if said(before) != said(after):
        return False
    if isinstance(before.where, Unknown) or isinstance(after.where, Unknown) or before.where is None or after.where is None:
        return before.where is after.where or isinstance(before.where, Unknown) or isinstance(after.where, Unknown)
    return same_expression(before.where, after.where)
