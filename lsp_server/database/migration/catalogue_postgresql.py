"""What a PostgreSQL database of ours holds, from its own catalogue, every definition as the server spells it.

Left out: what extensions made, column order, sequences that belong to a column (they are told with it), owners and rights.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lsp_server.database.migration.shape import VERSION_TABLE, Part, Shape, Shapes

if TYPE_CHECKING:
    import sqlalchemy as sa

_OWN = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
_NOT_OF_EXTENSIONS = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{}'::regclass AND e.objid = {} AND e.deptype = 'e')"
)

_TABLES = f"""
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions, obj_description(c.oid, 'pg_class'),
           (SELECT array_agg(i.inhparent::regclass::text) FROM pg_inherits i WHERE i.inhrelid = c.oid),
           CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, c.relrowsecurity,
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND {_OWN} AND c.relname <> '{VERSION_TABLE}'
      AND {_NOT_OF_EXTENSIONS.format("pg_class", "c.oid")}"""

_COLUMNS = """
    SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
           CASE WHEN s.seq IS NULL THEN pg_get_expr(d.adbin, d.adrelid) ELSE 'its own sequence' END,
           CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
           col_description(a.attrelid, a.attnum), s.seq
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN LATERAL (
        SELECT concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle) AS seq
        FROM pg_depend p JOIN pg_sequence q ON q.seqrelid = p.objid
        WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass
          AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i') LIMIT 1
    ) s ON true
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ANY(CAST(:tables AS oid[]))"""

_CONSTRAINTS = """
    SELECT conrelid, contype, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'), convalidated
    FROM pg_constraint WHERE conrelid = ANY(CAST(:tables AS oid[])) AND contype IN ('p', 'u', 'f', 'c', 'x')"""

_INDEXES = """
    SELECT i.indrelid, c.relname, i.indisunique, regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', ''),
           obj_description(c.oid, 'pg_class'), i.indisvalid
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY(CAST(:tables AS oid[])) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)"""

_TRIGGERS = """
    SELECT tgrelid, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ANY(CAST(:tables AS oid[]))"""

_TYPES = f"""
    SELECT n.nspname, t.typname, t.typtype, (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
           CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, t.typnotnull, t.typdefault,
           (SELECT array_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd') AND {_OWN} AND {_NOT_OF_EXTENSIONS.format("pg_type", "t.oid")}"""

_SEQUENCES = f"""
    SELECT n.nspname, c.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle
    FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {_OWN} AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = 'pg_class'::regclass AND p.objid = c.oid
                                 AND p.refclassid = 'pg_class'::regclass AND p.deptype IN ('a', 'i'))"""

_SCHEMAS = f"SELECT n.nspname FROM pg_namespace n WHERE {_OWN} AND n.nspname <> 'public'"

_FUNCTIONS = f"""
    SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p') AND {_OWN} AND {_NOT_OF_EXTENSIONS.format("pg_proc", "p.oid")}"""

_PLACE = {"p": "uniques", "u": "uniques", "x": "uniques", "f": "foreign_keys", "c": "checks"}
_WORDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view"}


def read(connection: sa.Connection) -> Shapes:
    """All tables, views, types, sequences, functions and schemas."""
    import sqlalchemy as sa

    def rows(query: str, **values: object) -> list[Any]:
        return list(connection.execute(sa.text(query.replace("::", r"\:\:")), values).all())

    tables = {row[0]: row for row in rows(_TABLES)}
    parts: dict[int, dict[str, set[Part]]] = defaultdict(lambda: defaultdict(set))
    if tables:
        wanted = list(tables)
        for table, *column in rows(_COLUMNS, tables=wanted):
            parts[table]["columns"].add(tuple(column))
        for table, sort, name, definition, comment, valid in rows(_CONSTRAINTS, tables=wanted):
            parts[table][_PLACE[sort]].add((name, definition, comment, valid))
        for table, *index in rows(_INDEXES, tables=wanted):
            parts[table]["indexes"].add(tuple(index))
        for table, name, definition in rows(_TRIGGERS, tables=wanted):
            parts[table]["options"].add(("trigger", name, definition))
    shapes: Shapes = {}
    for number, row in tables.items():
        _, schema, name, kind, *rest = row
        options = {(label, _hashable(value)) for label, value in zip(_OPTIONS, rest) if value not in (None, False, "p")}
        found = {field: frozenset(items) for field, items in parts[number].items()}
        found["options"] = found.get("options", frozenset()) | options
        shapes[f"{_WORDS[kind]} {_place(schema, name)}"] = Shape(**found)
    for schema, name, *rest in rows(_TYPES):
        shapes[f"type {_place(schema, name)}"] = Shape(options=frozenset({tuple(map(_hashable, rest))}))
    for schema, name, *rest in rows(_SEQUENCES):
        shapes[f"sequence {_place(schema, name)}"] = Shape(options=frozenset({tuple(rest)}))
    for schema, name, arguments, definition in rows(_FUNCTIONS):
        shapes[f"function {_place(schema, name)}({arguments})"] = Shape(options=frozenset({(definition,)}))
    for (schema,) in rows(_SCHEMAS):
        shapes[f"schema {schema}"] = Shape()
    return shapes


_OPTIONS = ("persistence", "storage options", "comment", "inherits", "partitioned by", "row security", "query")


def _place(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
