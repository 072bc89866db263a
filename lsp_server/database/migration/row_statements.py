"""SQL that changes rows, read before it may run on a database of ours: nothing but INSERT, UPDATE and DELETE on tables that are there.

A revision's text comes from anybody, and a database server can be asked for more than rows: to read files, to start programs, to speak with other
servers. So a statement runs only if all of it is known: its sort, its tables, and every function that it calls.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.database.equivalence import default_schema
from lsp_server.database.grammar import grammar_of
from lsp_server.database.model import Database

_MOST = 50  # statements of one step
# Functions that sqlglot has no class for and that only compute.
_COMPUTING = frozenset({
    "gen_random_uuid", "uuid", "uuid_generate_v4", "now", "clock_timestamp", "statement_timestamp", "timezone", "to_char", "to_number", "btrim", "initcap",
    "jsonb_build_object", "json_build_object", "jsonb_set", "to_jsonb", "to_json", "json_object", "json_set", "json_array", "nullif", "greatest", "least",
    "random", "md5", "hex", "unhex", "lower", "upper", "trim", "ltrim", "rtrim", "substr", "substring", "replace", "regexp_replace", "split_part",
    "position", "instr", "length", "char_length", "concat", "concat_ws", "printf", "date", "datetime", "strftime", "julianday", "unix_timestamp",
    "from_unixtime", "date_format", "str_to_date", "convert_tz", "make_interval", "make_date", "age", "string_to_array", "array_to_string", "unnest",
    "cardinality", "array_length", "row_number", "rank", "dense_rank", "first_value", "last_value", "if", "ifnull", "isnull", "typeof", "unicode",
    "translate", "reverse", "left", "right", "lpad", "rpad", "repeat", "mod", "power", "sqrt", "round", "floor", "ceil", "ceiling", "abs", "sign", "trunc",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowStatements:
    """Statements one by one, and the tables whose rows they change. Statements that only read are left out."""

    statements: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()  # tables that one of them deletes all rows of


def read_row_statements(text: str | None, database: Database, dialect: str) -> RowStatements | str:
    """What a step's SQL does to rows, or in words why it is not run."""
    if text is None:
        return "by code that the text does not tell"
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        trees = [tree for tree in sqlglot.parse(text, read=grammar_of(dialect)) if tree is not None]
    except (SqlglotError, RecursionError):
        return f"by SQL that is not understood ({_shortened(text)})"
    if len(trees) > _MOST:
        return f"by more than {_MOST} statements at once"
    statements, tables, emptied = [], [], []
    for tree in trees:
        if isinstance(tree, exp.Select | exp.SetOperation):
            continue
        if not isinstance(tree, exp.Insert | exp.Update | exp.Delete):
            return f"by a statement that is more than a change of rows ({_shortened(text)})"
        fault = _fault(tree, database)
        if fault is not None:
            return f"{fault} ({_shortened(text)})"
        target = tree.this.find(exp.Table) if tree.this is not None else None
        if target is None:
            return f"of a table that is not named ({_shortened(text)})"
        statements.append(text.strip().rstrip(";") if len(trees) == 1 else tree.sql(dialect=grammar_of(dialect)))
        tables.append(target.name)
        if isinstance(tree, exp.Delete) and not any(tree.args.get(part) for part in ("where", "using", "limit")):
            emptied.append(target.name)
    return RowStatements(tuple(statements), tuple(dict.fromkeys(tables)), tuple(emptied))


def _fault(tree: object, database: Database) -> str | None:
    """Why a statement must not run, in words."""
    from sqlglot import exp

    assert isinstance(tree, exp.Expression)
    if any(tree.find_all(exp.Command, exp.Into, exp.Placeholder, exp.Parameter, exp.SessionParameter)):
        return "with parameters, or with more than rows"
    known = {(default_schema(table.schema), table.name) for table in database.tables}
    own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            continue  # A function that gives rows: judged below.
        place = (default_schema(table.db or None), table.name)
        if table.catalog or (place not in known and not (place[0] is None and table.name in own)):
            return f"of {table.sql()}, which is no table here"
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else ""
        if isinstance(function, exp.Anonymous) and name.lower() not in _COMPUTING:
            return f"with the function {name}, which is not known to be harmless"
    if any(True for _ in tree.find_all(exp.Dot)):
        return "with a name that leads elsewhere"
    return None


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
