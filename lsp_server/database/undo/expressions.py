"""The inverse of an SQL expression over one column: `n * 2 + 1` goes back by `(n - 1) / 2`.

Only what is exact is called so. Whole numbers multiply exactly and go back if nothing is left over, which a check asks of the rows;
floating point goes back nearly; what rounds, folds capitals or cuts has no inverse. Loaded only when a statement on rows is met.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from lsp_server.database.equivalence import family_of
from lsp_server.database.model import Column

_WHOLE = ("SMALLINT", "INTEGER", "BIGINT")
_FLOATS = ("REAL", "DOUBLE PRECISION", "FLOAT")
_TEXTS = ("VARCHAR", "TEXT")
_MOMENTS = ("TIMESTAMP WITHOUT TIME ZONE", "DATE")
_EVEN_SPANS = ("SECOND", "SECONDS", "MINUTE", "MINUTES", "HOUR", "HOURS", "DAY", "DAYS", "WEEK", "WEEKS")


@dataclass(frozen=True, slots=True)
class Inverse:
    """`source` is the column whose old value shows in the new one; `back` turns the text of the new value into that of the old one.

    `condition` (of the text of the new value): only rows for which it holds came from the expression. `uneven` (the same): rows for which it holds
    have no old value. `nearly`: the old value comes back but for the last digits.
    """

    source: str
    back: Callable[[str], str]
    condition: Callable[[str], str] | None = None
    uneven: Callable[[str], str] | None = None
    nearly: bool = False
    tens: int | None = None  # the value is the old one times this power of ten


def inverse_of(tree: exp.Expression, columns: dict[str, Column], dialect: str) -> Inverse | None:
    """The inverse of an expression; None where the old value does not show in the new one. `columns` by their names in SQL."""
    used = list(tree.find_all(exp.Column))
    if len(used) != 1 or used[0].name not in columns:
        return None
    column = columns[used[0].name]
    family = family_of(column.type)
    inner = bare(tree)
    if isinstance(inner, exp.Column):
        return Inverse(column.name, _same)
    if family == "BOOLEAN":
        return Inverse(column.name, lambda new: f"NOT {new}") if isinstance(inner, exp.Not) and isinstance(bare(inner.this), exp.Column) else None
    if family in _TEXTS:
        return _joined(inner, column, dialect)
    if family in _MOMENTS:
        return _moved(inner, column, dialect)
    if family in (*_WHOLE, *_FLOATS, "NUMERIC"):
        return _counted(inner, column, dialect)
    return None


def into(image: Inverse, source: Column, target: Column, dialect: str) -> Inverse | None:
    """The same inverse where the value is written to another column; None where that one may not keep all of it."""
    old, new = family_of(source.type), family_of(target.type)
    if image.tens is not None and old == "NUMERIC" and new in _WHOLE and dialect != "sqlite":
        places = _scale(source)
        divisor = f"1{'0' * image.tens}.0"
        return Inverse(image.source, lambda text: f"{text} / {divisor}") if places is not None and places <= image.tens else None
    if not _same_item(source, target):
        return None
    if old == new and (old in _TEXTS or source.type.arguments == target.type.arguments or not target.type.arguments):
        return image
    if image.back is not _same:
        return None
    kept = (old in _TEXTS and new in _TEXTS) or (old in _WHOLE and (new in _WHOLE or (new == "NUMERIC" and dialect != "sqlite")))
    return image if kept else None


def _same_item(source: Column, target: Column) -> bool:
    """Whether two columns are of the same enumeration or hold the same items, if they do at all."""
    enums = [each.type.enum.name if each.type.enum is not None else None for each in (source, target)]
    items = [family_of(each.type.item) if each.type.item is not None else None for each in (source, target)]
    return enums[0] == enums[1] and items[0] == items[1] and (source.type.enum is None) == (target.type.enum is None)


def quotient(tree: exp.Expression, columns: dict[str, Column], target: Column, dialect: str) -> Inverse | None:
    """A whole number divided by a power of ten into decimals that have room for all of it: `cents / 100.0`."""
    tree = bare(tree)
    divisor = number(tree.expression) if isinstance(tree, exp.Div) else None
    text = f"{divisor.normalize():f}" if divisor else ""
    if divisor is None or text.rstrip("0") != "1" or family_of(target.type) != "NUMERIC" or dialect == "sqlite":
        return None
    inner = bare(tree.this)
    as_decimals = isinstance(inner, exp.Cast) and inner.to.is_type("decimal")
    inner = bare(inner.this) if isinstance(inner, exp.Cast) and as_decimals and not inner.to.expressions else inner
    source = columns.get(inner.name) if isinstance(inner, exp.Column) else None
    if source is None or source.name == target.name or family_of(source.type) not in _WHOLE:
        return None
    tens, places = len(text) - 1, _scale(target)
    divides_whole = dialect == "postgresql" and not as_decimals and "." not in bare(tree.expression).name
    if divides_whole or (places is not None and places < tens) or (dialect != "postgresql" and tens > 4):
        return None
    return Inverse(source.name, lambda new: f"{_atom(new)} * {text}", uneven=lambda new: f"round({_atom(new)} * {text}) <> {_atom(new)} * {text}")


def bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _same(text: str) -> str:
    return text


# Numbers


@dataclass(frozen=True, slots=True)
class _Way:
    """`back` undoes the outermost operation first; `forth` is the expression itself. `multiplies`: something may be left over on the way back."""

    back: Callable[[str], str]
    forth: Callable[[str], str]
    multiplies: bool = False


def _counted(tree: exp.Expression, column: Column, dialect: str) -> Inverse | None:
    family = family_of(column.type)
    whole = family in _WHOLE
    way = _arithmetic(tree, column, dialect)
    if way is None:
        return None
    # SQLite keeps what is no whole number as floating point, whatever it is called.
    nearly = family in _FLOATS or (family == "NUMERIC" and dialect == "sqlite")
    if not way.multiplies or nearly:
        return Inverse(column.name, way.back, nearly=nearly)
    kind = "" if whole else _decimal(column)

    def uneven(new: str) -> str:
        old = way.back(new)
        return f"{way.forth(f'CAST({old} AS {kind})' if kind else f'({old})')} <> {new}"

    return Inverse(column.name, way.back, uneven=uneven, tens=_tens(tree))


def _tens(tree: exp.Expression) -> int | None:
    factor = (number(tree.expression) or number(tree.this)) if isinstance(tree, exp.Mul) else None
    text = f"{factor:f}" if factor is not None else ""
    return len(text) - 1 if text.rstrip("0") == "1" and isinstance(bare(tree.this if number(tree.this) is None else tree.expression), exp.Column) else None


def _arithmetic(tree: exp.Expression, column: Column, dialect: str) -> _Way | None:
    tree = bare(tree)
    if isinstance(tree, exp.Column):
        return _Way(_same, _same)
    if isinstance(tree, exp.Neg):
        turned = _arithmetic(tree.this, column, dialect)
        if turned is None:
            return None
        return _Way(lambda new: turned.back(f"-{_atom(new)}"), lambda old: f"-({turned.forth(old)})", turned.multiplies)
    if not isinstance(tree, exp.Add | exp.Sub | exp.Mul):
        return None
    left, right = number(tree.this), number(tree.expression)
    given = right if right is not None else left
    inner = _arithmetic(tree.this if right is not None else tree.expression, column, dialect)
    if given is None or inner is None or not _exact(given, column, isinstance(tree, exp.Mul)):
        return None
    text = _number_text(given)
    match tree:
        case exp.Add():
            return _Way(lambda new: inner.back(_added(new, -given)), lambda old: f"({inner.forth(old)} + {text})", inner.multiplies)
        case exp.Sub() if right is not None:
            return _Way(lambda new: inner.back(_added(new, given)), lambda old: f"({inner.forth(old)} - {text})", inner.multiplies)
        case exp.Sub():
            return _Way(lambda new: inner.back(f"{_number_text(given)} - {_atom(new)}"), lambda old: f"({text} - {inner.forth(old)})", inner.multiplies)
    sign = "DIV" if dialect in ("mysql", "mariadb") and family_of(column.type) in _WHOLE else "/"
    if given == 0:
        return None
    return _Way(lambda new: inner.back(f"{_atom(new)} {sign} {text}"), lambda old: f"({inner.forth(old)} * {text})", True)


def _exact(given: Decimal, column: Column, multiplies: bool) -> bool:
    """Whether the number changes values of the column's type without rounding them."""
    places = max(0, -int(given.as_tuple().exponent))
    if family_of(column.type) in _FLOATS:
        return True
    if family_of(column.type) in _WHOLE:
        return places == 0
    scale = _scale(column)
    if multiplies:
        return places == 0 or (scale is None and not column.type.arguments)
    return scale is None or places <= scale


def _scale(column: Column) -> int | None:
    """The digits behind the point that a NUMERIC keeps; None: as many as come."""
    sizes = [size for size in column.type.arguments if isinstance(size, int)]
    return (sizes[1] if len(sizes) > 1 else 0) if sizes else None


def _decimal(column: Column) -> str:
    sizes = [str(size) for size in column.type.arguments if isinstance(size, int)]
    return f"DECIMAL({', '.join(sizes)})" if sizes else ""


def number(node: exp.Expression | None) -> Decimal | None:
    """A number as it is written."""
    if node is None:
        return None
    node = bare(node)
    if isinstance(node, exp.Neg):
        inner = number(node.this)
        return None if inner is None else -inner
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    try:
        return Decimal(node.name)
    except InvalidOperation:
        return None


def _number_text(given: Decimal) -> str:
    return f"{given:f}" if given >= 0 else f"({given:f})"


def _added(text: str, given: Decimal) -> str:
    return f"{_atom(text)} {'+' if given >= 0 else '-'} {abs(given):f}"


def _atom(text: str) -> str:
    return text if text.replace("_", "a").replace(".", "a").strip('"`').isalnum() else f"({text})"


# Texts


def _joined(tree: exp.Expression, column: Column, dialect: str) -> Inverse | None:
    """A text with something in front of it or behind it."""
    parts = _parts(tree)
    if parts is None:
        return None
    if isinstance(tree, exp.Concat) and dialect == "postgresql" and column.nullable is not False:
        return None  # There `concat` makes a text of NULL.
    place = next((number for number, part in enumerate(parts) if isinstance(part, exp.Column)), None)
    if place is None or not all(isinstance(part, exp.Literal) and part.is_string for number, part in enumerate(parts) if number != place):
        return None
    front, behind = ("".join(part.name for part in some) for some in (parts[:place], parts[place + 1 :]))
    length = "char_length" if dialect in ("mysql", "mariadb") else "length"
    cut = len(front) + len(behind)

    def back(new: str) -> str:
        return f"substr({new}, {len(front) + 1}, {length}({new}) - {cut})"

    def condition(new: str) -> str:
        marks = []
        if front:
            marks.append(_reads(f"substr({new}, 1, {len(front)})", front, dialect))
        if behind:
            marks.append(_reads(f"substr({new}, {length}({new}) - {len(behind) - 1})", behind, dialect))
        return " AND ".join([*marks, f"{length}({new}) >= {cut}"])

    return Inverse(column.name, back, condition) if cut else Inverse(column.name, _same)


def _parts(tree: exp.Expression) -> list[exp.Expression] | None:
    tree = bare(tree)
    if isinstance(tree, exp.DPipe):
        left, right = _parts(tree.this), _parts(tree.expression)
        return None if left is None or right is None else [*left, *right]
    if isinstance(tree, exp.Concat):
        return [bare(each) for each in tree.expressions]
    return [tree] if isinstance(tree, exp.Column | exp.Literal) else None


def _reads(expression: str, text: str, dialect: str) -> str:
    """Whether an expression is this very text; MySQL takes capitals and blanks behind for the same."""
    if dialect in ("mysql", "mariadb"):
        return f"CAST({expression} AS BINARY) = CAST({quoted_text(text, dialect)} AS BINARY)"
    return f"{expression} = {quoted_text(text, dialect)}"


def quoted_text(text: str, dialect: str) -> str:
    if dialect in ("mysql", "mariadb"):
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("'", "''") + "'"


# Moments


def _moved(tree: exp.Expression, column: Column, dialect: str) -> Inverse | None:
    """A moment without a time zone, moved by a span that is always as long; months are not."""
    if dialect != "postgresql" or not isinstance(tree, exp.Add | exp.Sub) or not isinstance(bare(tree.this), exp.Column):
        return None
    span = bare(tree.expression)
    if not isinstance(span, exp.Interval) or span.args.get("unit") is None or span.args["unit"].name.upper() not in _EVEN_SPANS:
        return None
    unit = span.args["unit"].name.upper()
    if family_of(column.type) == "DATE" and unit not in ("DAY", "DAYS", "WEEK", "WEEKS"):
        return None
    sign = "-" if isinstance(tree, exp.Add) else "+"
    text = span.sql("postgres")
    return Inverse(column.name, lambda new: f"{new} {sign} {text}")
