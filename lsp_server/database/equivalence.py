"""When two spellings in a schema mean the same: types, defaults, SQL expressions, referential actions, names.

Knows how the databases spell types and defaults back and what names they invent. Does not know what is compared with what
(`compare.py`), and evaluates no SQL: two expressions are equal if their words are, after casts, quotes and parentheses
that databases add are taken off. Every answer may be None: the text does not tell.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation

from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Default,
    EnumType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.naming import DEFAULT_CONVENTION, conventional_name, cut_name, kept_name
from lsp_server.unknown import Unknown

_FAMILIES = {
    "CHARACTER VARYING": "VARCHAR",
    "NVARCHAR": "VARCHAR",
    "UNICODE": "VARCHAR",
    "CHARACTER": "CHAR",
    "BPCHAR": "CHAR",
    "NCHAR": "CHAR",
    "CLOB": "TEXT",
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "SERIAL": "INTEGER",
    "INT8": "BIGINT",
    "BIGSERIAL": "BIGINT",
    "INT2": "SMALLINT",
    "SMALLSERIAL": "SMALLINT",
    "DECIMAL": "NUMERIC",
    "FLOAT": "DOUBLE PRECISION",
    "FLOAT8": "DOUBLE PRECISION",
    "DOUBLE": "DOUBLE PRECISION",
    "FLOAT4": "REAL",
    "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMP": "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIME": "TIME WITHOUT TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE",
    "BLOB": "BYTEA",
    "BINARY": "BYTEA",
    "VARBINARY": "BYTEA",
}

# What SQLite is told when a type it does not have is created through SQLAlchemy.
_ON_SQLITE = {
    "TIMESTAMP WITHOUT TIME ZONE": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "DATETIME",
    "TIME WITHOUT TIME ZONE": "TIME",
    "TIME WITH TIME ZONE": "TIME",
    "INTERVAL": "DATETIME",
    "BYTEA": "BLOB",
    "JSONB": "JSON",
    "REAL": "DOUBLE PRECISION",
}

_TYPE_NAME = (
    r'(?:"[^"]+"|[A-Za-z_]\w*)(?:\.(?:"[^"]+"|\w+))?(?:\s+(?:varying|precision))?'
    r"(?:\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))?(?:\s+with(?:out)?\s+time\s+zone)?(?:\s*\[\s*\d*\s*\])*"
)
_CAST = re.compile(r"::\s*" + _TYPE_NAME, re.IGNORECASE)
_CAST_CALL = re.compile(r"\bcast\s*\((.*?)\s+as\s+" + _TYPE_NAME + r"\s*\)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"'(?:[^']|'')*'|\"[^\"]+\"|`[^`]+`|[\w.$]+|::|<>|!=|<=|>=|\|\||[^\s\w]")
_ANY_ARRAY = re.compile(r"=\s*ANY\s*\(\s*\(?\s*ARRAY\s*\[(.*?)\]\s*\)?\s*\)", re.IGNORECASE | re.DOTALL)
_QUALIFIER = re.compile(r"\"[^\"']+\"\.(?=[\w\"])")
_NOW = {"now()", "current_timestamp", "current_timestamp()", "transaction_timestamp()", "localtimestamp"}
_INTEGERS = {"INTEGER", "BIGINT", "SMALLINT"}
_NUMBERS = _INTEGERS | {"NUMERIC", "DOUBLE PRECISION", "REAL"}


# Types


def family_of(type_: ColumnType) -> str | None:
    """The type's family in one spelling; None where it is not known."""
    if isinstance(type_.family, Unknown):
        return None
    words = " ".join(type_.family.upper().split())
    if words == "FLOAT" and type_.arguments and isinstance(type_.arguments[0], int) and type_.arguments[0] <= 24:
        return "REAL"
    return _FAMILIES.get(words, words)


def for_dialect(type_: ColumnType, dialect: str | None) -> ColumnType:
    """The type that a `with_variant` names for this dialect, else the type itself."""
    return next((variant for name, variant in type_.variants if name == dialect), type_)


def same_type(before: ColumnType, after: ColumnType, dialect: str | None, exact: bool = False) -> bool | None:
    """Do both columns get the same type from this database? None: not known.

    Unless `exact`, a type without a length equals the same type with one, as Alembic has it.
    """
    before, after = for_dialect(before, dialect), for_dialect(after, dialect)
    if before == after:
        return True
    left, right = _canonical(before, dialect), _canonical(after, dialect)
    if left is None or right is None:
        return None
    if left[0] != right[0]:
        return False
    if left[0] == "ARRAY":
        if before.item is None or after.item is None:
            return None
        return same_type(before.item, after.item, dialect, exact)
    nameless = before.enum is None or after.enum is None or None in (before.enum.name, after.enum.name)
    if left[0] == "ENUM" and nameless and dialect not in ("mysql", "mariadb"):  # there its values are the type
        return None
    if left[1] != right[1] and (exact or left[0] == "ENUM" or len(left[1]) == len(right[1])):
        return False
    return before.collation == after.collation


def _canonical(type_: ColumnType, dialect: str | None) -> tuple[str, tuple[object, ...]] | None:
    family = family_of(type_)
    if family is None:
        return None
    arguments: tuple[object, ...] = tuple(argument for argument in type_.arguments if argument is not None)
    enum = type_.enum
    if enum is not None:
        if enum.native and dialect not in ("sqlite", "mysql", "mariadb"):
            return "ENUM", (enum.schema if enum.schema != "public" else None, enum.name)
        if isinstance(enum.values, Unknown):
            return None
        if enum.native and dialect != "sqlite":
            return "ENUM", enum.values
        longest = max((len(value) for value in enum.values), default=0)
        return "VARCHAR", tuple(str(argument) for argument in arguments if isinstance(argument, int)) or (str(longest),)
    if family == "ENUM":
        return None
    if dialect == "sqlite":
        if family == "UUID":
            return "CHAR", ("32",)
        family = _ON_SQLITE.get(family, family)
        if family in ("DATETIME", "TIME", "DATE", "DOUBLE PRECISION"):
            arguments = ()
    if family == "CHAR" and not arguments:
        arguments = (1,)
    if family == "DOUBLE PRECISION" or family in _INTEGERS:
        arguments = ()
    if family == "NUMERIC" and len(arguments) == 1:
        arguments = (*arguments, 0)
    return family, tuple(str(argument) for argument in arguments)


# Expressions


def index_words(text: str) -> tuple[str, ...]:
    """The words of an index's column or expression, without the directions that are a database's default."""
    words = expression_words(text)
    if words[-3:] == ("desc", "nulls", "first"):
        return words[:-2]
    if words[-2:] == ("nulls", "last") and "desc" not in words[-3:]:
        words = words[:-2]
    return words[:-1] if words[-1:] == ("asc",) else words


def expression_words(text: str) -> tuple[str, ...]:
    """The words of an SQL expression, without casts, redundant parentheses, identifier quotes and letter case."""
    text = _QUALIFIER.sub("", _CAST.sub("", text))
    text = _ANY_ARRAY.sub(r"IN (\1)", text)
    count = 1
    while count:
        text, count = _CAST_CALL.subn(r"\1", text)
    words: list[str] = []
    for word in _WORD.findall(text):
        if word[0] == "'":
            words.append(word)
        elif word in ("(", ")"):
            continue
        elif word[0] in '"`':
            words.append(word[1:-1].lower())
        else:
            words.append("<>" if word == "!=" else word.lower().rpartition(".")[2] if _is_name(word) else word.lower())
    return tuple(words)


def _is_name(word: str) -> bool:
    return not word[0].isdigit() and "." in word


def same_expression(before: str, after: str) -> bool:
    return expression_words(before) == expression_words(after)


def unparenthesised(text: str) -> str:
    """Text without the parentheses that enclose all of it."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for position, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0 and position < len(text) - 1:
                return text
        text = text[1:-1].strip()
    return text


# Defaults


def same_default(before: Default | None, after: Default | None, type_: ColumnType) -> bool:
    """Does the database fill in the same? Both defaults are known or absent."""
    left, right = canonical_default(before, type_), canonical_default(after, type_)
    if left is not None and right is not None and left[0] == right[0] == "literal" and family_of(type_) == "INTERVAL":
        return True  # '0', '00:00:00' and 'PT0S' are one interval: not worth a calculation
    return left == right


def canonical_default(default: Default | None, type_: ColumnType) -> tuple[str, object] | None:
    """A default in one spelling: ("literal", value), ("expression", words) or ("sequence", None); None for none."""
    if default is None:
        return None
    if default.sort == "sequence":
        return "sequence", None
    if default.sort == "constant" and default.value is not None and not isinstance(default.value, str):
        return "literal", _literal(_plain(default.value), type_)
    if default.sort == "constant" and isinstance(default.value, str):
        return "literal", _literal(default.value, type_)
    text = default.text
    if text is None:
        return None
    text = unparenthesised(_without_casts(text))
    if text.upper() == "NULL":
        return None
    if text.lower().startswith("nextval("):
        return "sequence", None
    if text.lower() in _NOW:
        return "expression", ("now",)
    if len(text) >= 2 and text[0] == text[-1] == "'" and "'" not in text[1:-1].replace("''", ""):
        return "literal", _literal(text[1:-1].replace("''", "'"), type_)
    if re.fullmatch(r"[-+]?\d+(\.\d+)?|true|false", text, re.IGNORECASE):
        return "literal", _literal(text, type_)
    return "expression", expression_words(text)


def _without_casts(text: str) -> str:
    text = unparenthesised(text)
    match = re.fullmatch(r"('(?:[^']|'')*'|\(?[-+]?[\d.]+\)?|\w+(?:\(\))?)\s*((?:::\s*" + _TYPE_NAME + r")+)", text, re.I)
    if match:
        return match.group(1)
    match = re.fullmatch(r"cast\s*\((.*)\s+as\s+" + _TYPE_NAME + r"\s*\)", text, re.IGNORECASE | re.DOTALL)
    return match.group(1) if match else text


def _plain(value: object) -> str:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value)
    return str(value)


def _literal(text: str, type_: ColumnType) -> object:
    family = family_of(type_)
    if family == "BOOLEAN":
        word = text.strip().lower()
        return word in ("true", "t", "1", "yes", "on") if word in _BOOLEAN_WORDS else text
    if family in ("JSON", "JSONB"):
        try:
            return json.dumps(json.loads(text), sort_keys=True)
        except ValueError:
            return text
    if family in _NUMBERS:
        try:
            return Decimal(text).normalize()
        except InvalidOperation:
            return text
    return text


_BOOLEAN_WORDS = {"true", "t", "1", "yes", "on", "false", "f", "0", "no", "off"}


# Keys and names


def same_action(before: str | None, after: str | None) -> bool:
    """ON DELETE and ON UPDATE: letter case does not count, and NO ACTION is what a database does unasked."""
    return _action(before) == _action(after)


def _action(text: str | None) -> str | None:
    words = " ".join(text.upper().split()) if text else None
    return None if words == "NO ACTION" else words


def default_schema(schema: str | None) -> str | None:
    return None if schema == "public" else schema


def automatic_name(table: Table, part: object, dialect: str | None) -> str:
    """The name that PostgreSQL gives to a constraint without one; used for the others too, which keep none or number them.

    For MySQL a foreign key's own number is counted; an unnamed unique constraint is called by its first column.
    """
    if isinstance(part, PrimaryKey):
        return _shortened(table.name, "", "pkey")
    if isinstance(part, ForeignKey):
        if dialect in ("mysql", "mariadb"):
            unnamed = [key for key in table.foreign_keys if key.name is None]
            number = unnamed.index(part) + 1 if part in unnamed else len(unnamed) + 1
            return f"{table.name}_ibfk_{number}"
        return _shortened(table.name, "_".join(part.columns or ()), "fkey")
    if isinstance(part, Unique):
        if dialect in ("mysql", "mariadb") and part.columns:
            return part.columns[0]
        return _shortened(table.name, "_".join(part.columns or ()), "key")
    if isinstance(part, Index):
        # SQLAlchemy names every index; only raw SQL leaves it to PostgreSQL.
        name = conventional_name(DEFAULT_CONVENTION, "ix", table.name, part.columns or (), schema=table.schema)
        return kept_name(name or "", dialect)
    if isinstance(part, Exclusion):
        words = [text if re.fullmatch(r"\w+", text) else "expr" for text in part.columns or ()]
        return _shortened(table.name, "_".join(words), "excl")
    if isinstance(part, Column):
        return _shortened(table.name, part.name, "seq")  # of the sequence that counts it up
    if isinstance(part, Check):
        mentioned = columns_in(part.expression or "", table)
        return _shortened(table.name, mentioned[0] if len(mentioned) == 1 else "", "check")
    raise TypeError(f"no automatic name for {type(part).__name__}")


def same_name(before: str, after: str, dialect: str | None) -> bool:
    """Names over a database's limit arrive there shortened: by SQLAlchemy to a piece and four digits of the digest, or cut off
    by the database where they stand in SQL text."""
    kind = dialect or "postgresql"
    if before == after or kept_name(before, kind) == kept_name(after, kind):
        return True
    return dialect == "postgresql" and cut_name(before) == cut_name(after)


def _shortened(first: str, second: str, label: str) -> str:
    """`first_second_label` in at most 63 bytes, the longer part shortened first, as PostgreSQL does it."""
    room = 63 - len(label) - 1 - (1 if second else 0)
    one, two = first.encode(), second.encode()
    while len(one) + len(two) > room:
        if len(one) > len(two):
            one = one[:-1]
        else:
            two = two[:-1]
    parts = [one.decode(errors="ignore"), two.decode(errors="ignore"), label]
    return "_".join(part for part in parts if part)


def columns_in(expression: str, table: Table) -> tuple[str, ...]:
    """The table's columns that an expression mentions, in the table's order."""
    words = set(expression_words(expression))
    return tuple(column.name for column in table.columns if column.name.lower() in words)


def primary_key_of(table: Table) -> tuple[str, ...] | None:
    """The primary key's columns; empty for none, None where it is not known."""
    if table.primary_key is not None and table.primary_key.columns:
        return table.primary_key.columns
    if any(isinstance(column.primary_key, Unknown) for column in table.columns):
        return None
    return tuple(column.name for column in table.columns if column.primary_key is True)


def native_enums(type_: ColumnType, dialect: str | None) -> tuple[EnumType, ...]:
    """The named enum types that a column needs in a database that has them."""
    if dialect in ("sqlite", "mysql", "mariadb"):
        return ()
    type_ = for_dialect(type_, dialect)
    if type_.item is not None:
        return native_enums(type_.item, dialect)
    return (type_.enum,) if type_.enum is not None and type_.enum.native and type_.enum.name else ()
