"""UPDATE statements: which columns they write, and the statement that gives the values from before back.

A value comes back if it shows in what was written, in the same column (`n + 100`), in another one (a swap, a copy), or by a list of
values that turn into others (`CASE`, `SET s = 'b' WHERE s = 'a'`) and cannot have been there before. Loaded only when such a statement is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlglot import exp

from lsp_server.database.equivalence import family_of
from lsp_server.database.grammar import grammar_of
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Column, Table
from lsp_server.database.undo.expressions import Inverse, bare, into, inverse_of, quotient
from lsp_server.database.undo.parts import Check, Statements

_QUIET = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between,
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Neg, exp.Like, exp.ILike, exp.Lower, exp.Upper, exp.Coalesce, exp.Length, exp.Tuple,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """Values of a column that turn into others, as SQL literals; every other value stays. `NULL` may be on either side."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Update:
    """`images`: for each column that is written, how its new value came from an old one; None where none shows.

    `condition` is the WHERE as SQL over the table's own columns, which are `asked`; None: every row. `steady` False: nobody can say
    afterwards which rows it was.
    """

    table: Table
    images: dict[str, Inverse | Exchange | None]
    condition: str | None
    asked: frozenset[str]
    steady: bool
    present: str | None = None  # the column that the condition only asks to be not NULL


def read_update(tree: exp.Update, table: Table, dialect: str) -> Update | None:
    """What an UPDATE of this table does; None where that does not show."""
    target = tree.this
    if not isinstance(target, exp.Table) or target.args.get("joins") or any(tree.args.get(name) for name in ("from_", "with_", "limit", "order")):
        return None
    called = {target.name, target.alias_or_name, ""}
    columns = _columns_by_sql(tree, table, called)
    if columns is None:
        return None
    written = _assignments(tree)
    if written is None or any(name not in columns for name, _ in written):
        return None
    one_after_another = dialect in ("mysql", "mariadb")
    where = tree.args.get("where")
    condition = where.this if where is not None else None
    images: dict[str, Inverse | Exchange | None] = {}
    done: set[str] = set()
    for name, value in written:
        own = columns[name]
        image: Inverse | Exchange | None = _exchange(value, own.name, condition, columns)
        if image is None:
            image = inverse_of(value, columns, dialect)
            source = table.column(image.source) if image is not None else None
            if image is not None and source is not None and source.name != own.name:
                image = into(image, source, own, dialect)
            image = image or quotient(value, columns, own, dialect)
            others = {columns[each.name].name for each in value.find_all(exp.Column)} - {own.name}
            if one_after_another and others & done:
                image = None  # MySQL sees what the assignment before has written.
        images[own.name] = image
        done.add(own.name)
    if condition is None:
        return Update(table, images, None, frozenset(), True)
    asked = frozenset(columns[each.name].name for each in condition.find_all(exp.Column))
    steady = all(isinstance(node, _QUIET) for node in condition.walk())
    inner = bare(condition)
    present = None
    if isinstance(inner, exp.Is) and inner.args.get("negate") and isinstance(bare(inner.this), exp.Column) and isinstance(inner.expression, exp.Null):
        present = columns[bare(inner.this).name].name
    if isinstance(inner, exp.Not) and isinstance(bare(inner.this), exp.Is) and isinstance(bare(inner.this).this, exp.Column):
        present = columns[bare(inner.this).this.name].name
    return Update(table, images, _as_sql(condition, columns, dialect), asked, steady, present)


def _columns_by_sql(tree: exp.Update, table: Table, called: set[str]) -> dict[str, Column] | None:
    """The table's columns by the names that the statement has for them; None where it names something else."""
    found: dict[str, Column] = {}
    for node in tree.find_all(exp.Column):
        if node.table not in called:
            return None
        column = table.column(node.name) or next((each for each in table.columns if each.name.lower() == node.name.lower()), None)
        if column is None or column.maybe is not None:
            return None
        found[node.name] = column
    return found


def _assignments(tree: exp.Update) -> list[tuple[str, exp.Expression]] | None:
    found: list[tuple[str, exp.Expression]] = []
    for each in tree.expressions:
        if not isinstance(each, exp.EQ):
            return None
        left, right = each.this, each.expression
        if isinstance(left, exp.Column):
            found.append((left.name, right))
        elif isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple) and len(left.expressions) == len(right.expressions):
            found += [(one.name, two) for one, two in zip(left.expressions, right.expressions)]
        else:
            return None
    return found


def _as_sql(condition: exp.Expression, columns: dict[str, Column], dialect: str) -> str:
    """The condition over bare columns, under their own names."""
    copy = condition.copy()
    for node in list(copy.find_all(exp.Column)):
        node.replace(exp.Var(this=name_sql(columns[node.name].name, dialect)))
    text: str = copy.sql(grammar_of(dialect))
    return text


# Lists of values


def _exchange(value: exp.Expression, own: str, condition: exp.Expression | None, columns: dict[str, Column]) -> Exchange | None:
    """`CASE own WHEN 'a' THEN 'b' … ELSE own END`, or a value where the condition asks for the column's old one alone."""
    asked = _values_asked(condition, own, columns)
    value = bare(value)
    written = literal(value)
    if written is not None:
        return Exchange(tuple((old, written) for old in asked)) if asked is not None and len(asked) == 1 else None
    if isinstance(value, exp.Cast):
        value = bare(value.this)
    if not isinstance(value, exp.Case) or (condition is not None and asked is None):
        return None
    pairs: list[tuple[str, str]] = []
    for branch in value.args["ifs"]:
        old = _tested(value, branch, own, columns)
        new = literal(bare(branch.args["true"]))
        if old is None or new is None:
            return None
        pairs.append((old, new))
    default = value.args.get("default")
    stays = default is not None and isinstance(bare(default), exp.Column) and columns[bare(default).name].name == own
    olds = [old for old, _ in pairs]
    if len(set(olds)) != len(olds) or not (stays or (asked is not None and set(asked) <= set(olds))):
        return None
    return Exchange(tuple(pair for pair in pairs if asked is None or pair[0] in asked))


def _tested(case: exp.Case, branch: exp.If, own: str, columns: dict[str, Column]) -> str | None:
    """The old value that a branch is for."""
    subject = case.this
    if subject is not None:
        subject = bare(subject)
        right = isinstance(subject, exp.Column) and columns[subject.name].name == own
        found = literal(bare(branch.this)) if right else None
        return found if found != "NULL" else None
    asked = _values_asked(branch.this, own, columns)
    return asked[0] if asked is not None and len(asked) == 1 else None


def _values_asked(condition: exp.Expression | None, own: str, columns: dict[str, Column]) -> tuple[str, ...] | None:
    """The values of the column that a condition lets through, if it asks for nothing else."""
    if condition is None:
        return None
    node = bare(condition)
    if isinstance(node, exp.Or):
        left, right = (_values_asked(each, own, columns) for each in (node.this, node.expression))
        return None if left is None or right is None else (*left, *right)
    subject = bare(node.this) if isinstance(node, exp.EQ | exp.In | exp.Is) else None
    if not isinstance(subject, exp.Column) or columns[subject.name].name != own or node.args.get("negate"):
        return None
    if isinstance(node, exp.Is):
        return ("NULL",) if isinstance(node.expression, exp.Null) else None
    listed = node.expressions if isinstance(node, exp.In) else [node.expression]
    values = [literal(bare(each)) for each in listed]
    if isinstance(node, exp.In) and node.args.get("query") is not None:
        return None
    return None if not values or any(each is None or each == "NULL" for each in values) else tuple(each for each in values if each is not None)


def literal(node: exp.Expression) -> str | None:
    """A constant as SQL text; None for anything else."""
    node = bare(node)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        node = node.this
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Literal):
        if node.is_string:
            return None if "\\" in node.name else "'" + node.name.replace("'", "''") + "'"  # Databases read it differently.
        return node.name
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.name}"
    return None


def comes_back(exchange: Exchange, possible: frozenset[str] | None, column: Column, dialect: str) -> bool:
    """Whether each new value has one old value alone. `possible`: what rows may have held before, None: anything."""
    pairs = [(plain_value(old, column), plain_value(new, column)) for old, new in exchange.pairs]
    olds, news = [old for old, _ in pairs], [new for _, new in pairs]
    if dialect in ("mysql", "mariadb"):
        if len({each.casefold() for each in (*olds, *news)}) != len({*olds, *news}):
            return False  # There 'a' and 'A' are found by the same condition.
        possible = possible and frozenset(value.casefold() for value in possible)
        olds, news = [value.casefold() for value in olds], [value.casefold() for value in news]
    if len(set(news)) != len(news) or len(set(olds)) != len(olds):
        return False
    return all(new in olds or (possible is not None and _is_comparable(new, possible) and new not in possible) for new in news)


def plain_value(value: str, column: Column) -> str:
    """A constant in one spelling: a truth value may be written in several ways, and blanks behind a text may not count."""
    if family_of(column.type) == "BOOLEAN":
        bare = value.strip("'").lower()
        return {"1": "true", "t": "true", "yes": "true", "on": "true", "0": "false", "f": "false", "no": "false", "off": "false"}.get(bare, bare)
    return f"{value[:-1].rstrip()}'" if value.startswith("'") else value


def _is_comparable(value: str, possible: frozenset[str]) -> bool:
    """Whether it shows that two constants are different: texts from texts, truth values from truth values."""
    return value == "NULL" or all(other == "NULL" or value.startswith("'") == other.startswith("'") for other in possible)


# The way back


def restoring(update: Update, wanted: Iterable[str], usable: Callable[[str], bool], dialect: str) -> tuple[tuple[Statements, ...], frozenset[str], frozenset[str]]:
    """Statements that give the `wanted` columns their old values: with those that come back, and those that nearly do.

    `usable` says of a column whether it holds on the way back what the update wrote. Exchanges must have been looked at before.
    """
    place = table_sql(update.table.key, dialect)
    wanted = list(wanted)
    exchanged: list[str] = []
    assigned: list[tuple[str, str, Inverse]] = []  # (the column that comes back, where its value is, how)
    for name in wanted:
        image = update.images[name]
        if isinstance(image, Exchange) and usable(name):
            exchanged.append(name)
            continue
        choices = [(column, each) for column, each in update.images.items() if isinstance(each, Inverse) and each.source == name and usable(column)]
        choices.sort(key=lambda choice: (choice[1].nearly, choice[0] != name))
        if choices and _rows_found(update, choices[0][0], choices[0][1]):
            assigned.append((name, *choices[0]))
    if dialect in ("mysql", "mariadb"):
        assigned = _in_order(assigned)
    # What is cut off a text asks for rows of its own.
    alone = [each for each in assigned if each[2].condition is not None and each[0] == each[1]]
    together = [each for each in assigned if each not in alone]
    if len(together) > 1:
        together = [each for each in together if each[2].condition is None]
    assigned = [*together, *alone]
    statements = [_statement(update, some, place, dialect) for some in (together, *([each] for each in alone)) if some]
    for name in exchanged:
        image = update.images[name]
        assert isinstance(image, Exchange)
        statements.append(Statements((_exchanged_back(image, name_sql(name, dialect), place),), tables=(update.table.key,)))
    done = frozenset([*(name for name, _, _ in assigned), *exchanged])
    return tuple(statements), done, frozenset(name for name, _, inverse in assigned if inverse.nearly)


def _rows_found(update: Update, column: str, inverse: Inverse) -> bool:
    """Whether the rows that were written can be told afterwards."""
    if update.condition is None:
        return True
    if not update.steady:
        return False
    if update.asked.isdisjoint(update.images):
        return True
    return update.present == column == inverse.source  # NULL stays NULL on both ways


def _in_order(assigned: list[tuple[str, str, Inverse]]) -> list[tuple[str, str, Inverse]]:
    """MySQL writes one after another: what is read must not be written yet. What cannot be so is left out."""
    waiting, ordered = list(assigned), []
    while waiting:
        free = [each for each in waiting if all(each[0] != other[1] for other in waiting if other is not each)]
        if not free:
            break
        ordered.append(free[0])
        waiting.remove(free[0])
    return ordered


def _statement(update: Update, assigned: list[tuple[str, str, Inverse]], place: str, dialect: str) -> Statements:
    texts, checks = [], []
    conditions = [update.condition] if update.condition is not None else []
    for name, column, inverse in assigned:
        written = name_sql(column, dialect)
        texts.append(f"{name_sql(name, dialect)} = {inverse.back(written)}")
        if inverse.condition is not None:
            conditions.append(inverse.condition(written))
        check = evenness(update.table, place, column, inverse, dialect, update.condition)
        if check is not None:
            checks.append(check)
    where = ""
    if conditions:
        where = f" WHERE {conditions[0]}" if len(conditions) == 1 else " WHERE " + " AND ".join(f"({each})" for each in conditions)
    return Statements((f"UPDATE {place} SET {', '.join(texts)}{where}",), checks=tuple(checks), tables=(update.table.key,))


def evenness(table: Table, place: str, column: str, inverse: Inverse, dialect: str, condition: str | None = None) -> Check | None:
    """What asks whether some row has no old value, in a table that SQL calls `place`."""
    if inverse.uneven is None:
        return None
    rows = f" AND ({condition})" if condition is not None else ""
    query = f"SELECT count(*) FROM {place} WHERE {inverse.uneven(name_sql(column, dialect))}{rows}"
    return Check(query, f"{table.name} has rows whose {column} cannot go back to {inverse.back(column)} without a rest: mend them first", (table.key,))


def _exchanged_back(image: Exchange, name: str, place: str) -> str:
    pairs = [(new, old) for old, new in image.pairs if old != new]
    if len(pairs) == 1:
        return f"UPDATE {place} SET {name} = {pairs[0][1]} WHERE {_is(name, pairs[0][0])}"
    branches = " ".join(f"WHEN {_is(name, new)} THEN {old}" for new, old in pairs)
    return f"UPDATE {place} SET {name} = CASE {branches} ELSE {name} END WHERE {' OR '.join(_is(name, new) for new, _ in pairs)}"


def _is(name: str, value: str) -> str:
    return f"{name} IS NULL" if value == "NULL" else f"{name} = {value}"
