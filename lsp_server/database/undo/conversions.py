"""The inverse of a `USING` expression. Loaded only when one is met that is more than a cast."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lsp_server.database.model import Column, Table
from lsp_server.database.undo.expressions import Inverse, bare, into, inverse_of, quotient


def inverse_of_using(using: str, table: Table, column: Column, changed: Column) -> Inverse | None:
    """The old value from the new one; None where it does not show. PostgreSQL's."""
    try:
        tree = sqlglot.parse_one(using, read="postgres")
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(tree, exp.Expression) or any(node.name != column.name for node in tree.find_all(exp.Column)):
        return None
    tree = bare(tree)
    columns = {column.name: column}
    # Under another name, so that source and target are told apart.
    target = Column(f"{changed.name} ", changed.type)
    found = quotient(tree, columns, target, "postgresql")
    if found is None and isinstance(tree, exp.Cast):
        tree = bare(tree.this)
        found = quotient(tree, columns, target, "postgresql")
    if found is None:
        image = inverse_of(tree, columns, "postgresql")
        found = into(image, column, target, "postgresql") if image is not None and image.condition is None else None
    return None if found is None or found.nearly else found
