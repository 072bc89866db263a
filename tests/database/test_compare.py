"""Two schemas side by side: what differs is said once, what means the same or is not known is not said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_server.database.compare import compare
from lsp_server.database.equivalence import automatic_name, same_expression
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    Default,
    EnumType,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    Unique,
    View,
)
from lsp_server.unknown import Unknown

NOT_KNOWN = Unknown("computed at run time")


def of(family: str, *arguments: int, **more: object) -> ColumnType:
    return ColumnType(family, arguments, **more)  # type: ignore[arg-type]


def choice(*values: str, name: str | None = "mood", native: bool = True, **more: bool) -> ColumnType:
    return ColumnType("ENUM" if native else "VARCHAR", (), EnumType(name, values, native=native, **more))  # type: ignore[arg-type]


def sql(text: str) -> Default:
    return Default("sql", text)


def constant(value: object) -> Default:
    return Default("constant", None, value)


def table(name: str = "book", **parts: object) -> Table:
    key = Column("id", of("INTEGER"), nullable=False, primary_key=True)
    columns = (key, *parts.pop("columns", (Column("a", of("TEXT")), Column("b", of("TEXT")))))  # type: ignore[misc]
    return Table(name, columns=columns, primary_key=PrimaryKey(("id",)), **parts)  # type: ignore[arg-type]


def said(before: Table | Database, after: Table | Database, dialect: str = "postgresql") -> list[str]:
    """The differences as "kind element label"."""
    sides = [side if isinstance(side, Database) else Database("x", (side,)) for side in (before, after)]
    return [f"{item.kind} {item.element} {item.path[-1]}" for item in compare(sides[0], sides[1], dialect)]


def column_differences(before: dict[str, object], after: dict[str, object], dialect: str = "postgresql") -> list[str]:
    sides = [table(columns=(Column("a", **{"type": of("TEXT"), **side}),)) for side in (before, after)]  # type: ignore[arg-type]
    return [item.element for item in compare(*(Database("x", (side,)) for side in sides), dialect)]


# Types


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of("VARCHAR", 50), of("CHARACTER VARYING", 50)),
        (of("FLOAT"), of("DOUBLE PRECISION")),
        (of("NUMERIC", 10, 2), of("DECIMAL", 10, 2)),
        (of("DATETIME"), of("TIMESTAMP WITHOUT TIME ZONE")),
        (of("TIMESTAMPTZ"), of("TIMESTAMP WITH TIME ZONE")),
        (of("SERIAL"), of("INTEGER")),
        (of("BLOB"), of("BYTEA")),
        (of("VARCHAR", 50), of("VARCHAR")),
        (of("VARCHAR", 4), choice("fine", "foul", native=False)),
        (choice("fine"), choice("fine")),
        (of("ARRAY", item=of("INT4")), of("ARRAY", item=of("INTEGER"))),
        (ColumnType(NOT_KNOWN), of("TEXT")),
        (of("TEXT"), ColumnType(NOT_KNOWN)),
        (choice("a", name=None), choice("b", name="x")),
        (of("INTEGER"), of("TEXT", variants=(("postgresql", of("INTEGER")),))),
    ],
)
def test_types_that_are_one(before: ColumnType, after: ColumnType) -> None:
    assert column_differences({"type": before}, {"type": after}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of("VARCHAR", 50), of("VARCHAR", 60)),
        (of("VARCHAR", 50), of("TEXT")),
        (of("INTEGER"), of("BIGINT")),
        (of("JSON"), of("JSONB")),
        (of("TIMESTAMP WITHOUT TIME ZONE"), of("TIMESTAMP WITH TIME ZONE")),
        (of("NUMERIC", 10, 2), of("NUMERIC", 12, 2)),
        (of("VARCHAR", 9), choice("fine")),
        (of("ARRAY", item=of("TEXT")), of("ARRAY", item=of("INTEGER"))),
        (of("TEXT"), of("ARRAY", item=of("TEXT"))),
    ],
)
def test_types_that_differ(before: ColumnType, after: ColumnType) -> None:
    assert "type" in column_differences({"type": before}, {"type": after})


def test_a_length_that_goes_counts_only_for_an_exact_answer() -> None:
    sides = [Database("x", (table(columns=(Column("a", type_),)),)) for type_ in (of("VARCHAR", 9), of("VARCHAR"))]
    assert compare(*sides, "postgresql") == ()
    assert [item.element for item in compare(*sides, "postgresql", exact=True)] == ["type"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of("TIMESTAMP WITHOUT TIME ZONE"), of("TIMESTAMP WITH TIME ZONE")),
        (of("UUID"), of("CHAR", 32)),
        (choice("fine", "foul"), of("VARCHAR", 4)),
        (of("JSON"), of("JSONB")),
    ],
)
def test_types_that_sqlite_cannot_tell_apart(before: ColumnType, after: ColumnType) -> None:
    assert column_differences({"type": before}, {"type": after}, "sqlite") == []
    assert column_differences({"type": before}, {"type": after}, "postgresql") != []


# Defaults


@pytest.mark.parametrize(
    ("family", "before", "after"),
    [
        ("VARCHAR", sql("'x'::character varying"), constant("x")),
        ("VARCHAR", sql("('x')"), constant("x")),
        ("VARCHAR", sql("CAST('x' AS VARCHAR)"), constant("x")),
        ("VARCHAR", sql("'it''s'::text"), constant("it's")),
        ("TIMESTAMP WITHOUT TIME ZONE", sql("now()"), sql("CURRENT_TIMESTAMP")),
        ("BOOLEAN", sql("false"), constant("0")),
        ("BOOLEAN", sql("'t'::boolean"), constant(True)),
        ("BOOLEAN", sql("true"), sql("TRUE")),
        ("INTEGER", sql("'0'::bigint"), sql("0")),
        ("INTEGER", sql("'-1'::integer"), constant("-1")),
        ("NUMERIC", sql("1.0"), constant("1")),
        ("JSONB", sql("'{}'::jsonb"), constant("{}")),
        ("JSON", sql("""'{"a": 1, "b": 2}'::json"""), constant('{"b":2,"a":1}')),
        ("UUID", sql("gen_random_uuid()"), sql("(GEN_RANDOM_UUID())")),
        ("TEXT", sql("NULL"), None),
        ("TEXT", NOT_KNOWN, constant("x")),
        ("TEXT", constant("x"), NOT_KNOWN),
    ],
)
def test_defaults_that_are_one(family: str, before: Default, after: Default) -> None:
    sides = [{"type": of(family), "server_default": default} for default in (before, after)]
    assert column_differences(*sides) == []


@pytest.mark.parametrize(
    ("family", "before", "after"),
    [
        ("BOOLEAN", sql("false"), None),
        ("BOOLEAN", sql("false"), constant("true")),
        ("TEXT", None, constant("")),
        ("TEXT", sql("'a'::text"), constant("b")),
        ("DATE", sql("'2020-01-01'::date"), sql("CURRENT_DATE")),
        ("JSONB", sql("'{}'::jsonb"), constant("[]")),
        ("INTEGER", sql("0"), constant("1")),
    ],
)
def test_defaults_that_differ(family: str, before: Default, after: Default) -> None:
    sides = [{"type": of(family), "server_default": default} for default in (before, after)]
    assert column_differences(*sides) == ["server_default"]


def test_the_counter_of_a_key_is_no_default() -> None:
    counted = Column("id", of("INTEGER"), False, True, server_default=sql("nextval('book_id_seq'::regclass)"))
    plain = replace(counted, server_default=None)
    sides = [Table("book", columns=(column,), primary_key=PrimaryKey(("id",))) for column in (counted, plain)]
    assert said(*sides) == []


# Other aspects of columns


def test_nullability() -> None:
    assert column_differences({"nullable": True}, {"nullable": False}) == ["nullable"]
    assert column_differences({"nullable": NOT_KNOWN}, {"nullable": False}) == []
    loose = Table("t", columns=(Column("id", of("INTEGER"), True, True),))
    assert said(loose, replace(loose, columns=(Column("id", of("INTEGER"), False, True),))) == []


def test_comments_generated_columns_and_identities() -> None:
    assert column_differences({"comment": "x"}, {"comment": None}) == ["comment"]
    assert column_differences({"comment": NOT_KNOWN}, {"comment": None}) == []
    assert column_differences({"comment": "x"}, {"comment": None}, "sqlite") == []
    assert column_differences({"computed": "(a * 2)"}, {"computed": "a*2"}) == []
    assert column_differences({"computed": "a * 2"}, {"computed": "a * 3"}) == ["computed"]
    assert column_differences({"identity": Identity()}, {"identity": Identity(always=True)}) == ["identity"]


def test_columns_there_and_not_there() -> None:
    one, two = table(columns=(Column("a", of("TEXT")),)), table(columns=(Column("b", of("TEXT")),))
    assert said(one, two) == ["missing column b", "unrequested column a"]
    assert said(replace(one, incomplete=NOT_KNOWN), two) == ["unrequested column a"]
    assert said(one, replace(two, incomplete=NOT_KNOWN)) == ["missing column b"]
    perhaps = table(columns=(Column("b", of("TEXT"), maybe=NOT_KNOWN),))
    assert said(one, perhaps) == ["unrequested column a"]
    assert said(perhaps, one) == ["missing column a"]


# Tables


def test_tables_there_and_not_there() -> None:
    nothing, one = Database("x"), Database("x", (table(),))
    assert said(nothing, one) == ["missing table book"]
    assert said(one, nothing) == ["unrequested table book"]
    assert said(replace(nothing, incomplete=NOT_KNOWN), one) == []
    assert said(one, replace(nothing, incomplete=NOT_KNOWN)) == []
    assert said(nothing, table(maybe=NOT_KNOWN)) == []
    assert said(table(maybe=NOT_KNOWN), nothing) == []
    assert said(replace(nothing, views=(View("book", "SELECT 1"),)), one) == []
    assert said(Database("x", (table("alembic_version"), table("shop_alembic_version"))), nothing) == []


def test_public_is_the_default_schema() -> None:
    assert said(table(schema="public"), table()) == []
    assert said(table(schema="audit"), table()) == ["missing table book", "unrequested table audit.book"]


# Keys


KEY = ForeignKey(("a",), "author", ("id",), name="book_a_fkey", ondelete="NO ACTION")


@pytest.mark.parametrize(
    "after",
    [
        replace(KEY, name=None, ondelete=None),
        replace(KEY, name="fk_other"),
        replace(KEY, target_schema="public"),
        replace(KEY, ondelete=NOT_KNOWN),
        replace(KEY, target_columns=None),
        replace(KEY, ondelete="no action", initially="IMMEDIATE", deferrable=False),
    ],
)
def test_foreign_keys_that_are_one(after: ForeignKey) -> None:
    assert said(table(foreign_keys=(KEY,)), table(foreign_keys=(after,))) == []


@pytest.mark.parametrize(
    "after",
    [
        replace(KEY, ondelete="CASCADE"),
        replace(KEY, target_table="person"),
        replace(KEY, target_columns=("name",)),
        replace(KEY, columns=("b",)),
        replace(KEY, deferrable=True),
        replace(KEY, target_schema="audit"),
    ],
)
def test_foreign_keys_that_differ(after: ForeignKey) -> None:
    found = said(table(foreign_keys=(KEY,)), table(foreign_keys=(replace(after, name=None),)))
    assert found == [f"missing foreign_key {','.join(after.columns or ())}", "unrequested foreign_key book_a_fkey"]


def test_an_unreadable_key_may_be_any_of_the_other_side() -> None:
    unread = ForeignKey(None, None, None, unknown=NOT_KNOWN)
    assert said(table(foreign_keys=(KEY,)), table(foreign_keys=(unread,))) == []
    assert said(table(foreign_keys=(unread,)), table(foreign_keys=(KEY,))) == []


def test_a_key_stated_twice_is_one() -> None:
    assert said(table(foreign_keys=(KEY,)), table(foreign_keys=(KEY, replace(KEY, name=None)))) == []


def test_primary_keys() -> None:
    columns = (Column("a", of("TEXT"), False), Column("b", of("TEXT"), False))
    one, two = (Table("t", columns=columns, primary_key=PrimaryKey(names)) for names in (("a",), ("a", "b")))
    assert said(one, two) == ["contradicts primary_key primary_key"]
    assert said(two, replace(two, primary_key=PrimaryKey(("b", "a"), "t_pkey"))) == []


# Unique constraints and indexes


def test_names_of_unique_constraints() -> None:
    named, unnamed = table(uniques=(Unique(("a",), "book_a_key"),)), table(uniques=(Unique(("a",)),))
    assert said(named, unnamed) == []
    assert said(unnamed, named) == []
    other = table(uniques=(Unique(("a",), "uq_a"),))
    assert said(other, unnamed) == []
    assert said(named, other) == ["missing unique uq_a", "unrequested unique book_a_key"]


def test_a_unique_index_is_a_unique_constraint_only_on_mysql() -> None:
    index, unique = table(indexes=(Index("u", ("a",), unique=True),)), table(uniques=(Unique(("a",), "u"),))
    assert said(index, unique) == ["missing unique u", "unrequested index u"]
    assert said(index, unique, "mysql") == []


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (Index("i", ("a",)), Index("i", ("a",)), True),
        (Index("i", ("a",)), Index("i", ("a", "b")), False),
        (Index("i", ("a", "b")), Index("i", ("b", "a")), False),
        (Index("i", ("a",)), Index("i", ("a",), unique=True), False),
        (Index("i", ("a",)), Index("i", ("a",), unique=NOT_KNOWN), True),
        (Index("i", ("lower(a)",)), Index("i", ("lower((a)::text)",)), True),
        (Index("i", ("lower(a)",)), Index("i", ("upper(a)",)), False),
        (Index("i", ("a",)), Index("i", ("a DESC",)), False),
        (Index("i", ("a ASC",)), Index("i", ("a",)), True),
        (Index("i", ("a DESC NULLS FIRST",)), Index("i", ("a DESC",)), True),
        (Index("i", ("a",), where="(b IS NULL)"), Index("i", ("a",), where="book.b is null"), True),
        (Index("i", ("a",), where="b = 'x'::text"), Index("i", ("a",), where="b = 'y'"), False),
        (Index("i", ("a",), where="b > 1"), Index("i", ("a",)), False),
        (Index("i", ("a",), where=NOT_KNOWN), Index("i", ("a",)), True),
        (Index("i", ("a",), method="btree"), Index("i", ("a",)), True),
        (Index("i", ("a",), method="gin"), Index("i", ("a",)), True),
        (Index("i", ("a",), method="gin"), Index("i", ("a",), method="gist"), False),
        (Index("i", ("a",), operators=(("a", "gin_trgm_ops"),)), Index("i", ("a",)), True),
        (Index("i", ("a",), operators=(("a", "DESC"),)), Index("i", ("a DESC",)), True),
        (Index("i", ("a",), operators=(("a", "DESC"),)), Index("i", ("a",)), False),
    ],
)
def test_indexes_of_one_name(before: Index, after: Index, same: bool) -> None:
    assert said(table(indexes=(before,)), table(indexes=(after,))) == ([] if same else ["contradicts index i"])


def test_long_names_arrive_shortened() -> None:
    long = "ix_bpmn_process_definition_relationship_bpmn_process_definition_child_id"
    short = "ix_bpmn_process_definition_relationship_bpmn_process_de_e57f"
    longer, shortened = (table(indexes=(Index(name, ("a",)),)) for name in (long, short))
    assert said(shortened, longer) == said(longer, shortened) == []
    assert len(said(shortened, longer, "sqlite")) == 2


def test_long_names_in_raw_sql_are_cut_off_by_postgresql() -> None:
    long = "ix_flow_run__scheduler_deployment_id_auto_scheduled_next_scheduled_start_time"
    written, named = (table(indexes=(Index(name, ("a",)),)) for name in (long, long[:63]))
    assert said(written, named) == []


def test_an_unreadable_index_silences_the_other_side() -> None:
    unread = Index(None, None, unknown=NOT_KNOWN)
    assert said(table(indexes=(unread,)), table(indexes=(Index("i", ("a",)),))) == []
    assert said(table(indexes=(Index("i", ("a",)),)), table(indexes=(unread,))) == []


# Checks and enums


def test_checks() -> None:
    def of_check(text: str, name: str | None = None) -> Table:
        return table(checks=(Check(text, name),))

    assert said(of_check("a > 0", "ck"), of_check("(a > 0)", "ck")) == []
    assert said(of_check("a > 0", "ck"), of_check("a > 0")) == []
    assert said(of_check("a > 0", "book_a_check"), of_check("a > 0", "ck_book_positive")) == []
    assert said(of_check("a > 0", "ck"), of_check("a > 1", "ck")) == ["contradicts check ck"]
    assert said(of_check("a > 0"), of_check("a > 1")) == ["missing check a > 1", "unrequested check a > 0"]
    assert said(table(checks=(Check(None, unknown=NOT_KNOWN),)), of_check("a > 1")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))", "a IN ('x', 'y')"),
        ('"a" != 1', "a <> 1"),
        ("book.a > 0", "a>0"),
        ('"book".a > 0', "a>0"),
        ("CAST(a AS INTEGER) > 0", "a::int > 0"),
    ],
)
def test_spellings_of_expressions(before: str, after: str) -> None:
    assert same_expression(before, after)


def test_values_of_enumerations() -> None:
    def person(*values: str, **more: object) -> Database:
        return Database("x", (table("person", columns=(Column("mood", choice(*values, **more)),)),))  # type: ignore[arg-type]

    assert said(person("a"), person("a")) == []
    assert said(person("a"), person("a", "b")) == ["contradicts enum mood"]
    assert said(person("a", "b"), person("b", "a")) == []
    assert said(person("a"), person("a", "b"), "sqlite") == []
    checked = [person(*values, native=False, create_constraint=True) for values in (("aa",), ("aa", "bb"))]
    assert said(*checked) == ["contradicts enum enum"]
    left_behind = replace(Database("x", (table("person"),)), enums=(EnumType("mood", ("a",)),))
    assert said(left_behind, table("person")) == ["unrequested enum mood"]
    assert said(left_behind, table("person", columns=(Column("mood", ColumnType(NOT_KNOWN)),)))[-1:] == ["unrequested column b"]


def test_nothing_differs_from_itself() -> None:
    parts = table(
        columns=(Column("a", choice("x", "y")), Column("b", of("NUMERIC", 3, 1), server_default=sql("1"))),
        foreign_keys=(KEY,),
        uniques=(Unique(("a",)), Unique(("b",))),
        indexes=(Index(None, ("a",)), Index("i", ("lower(b)",), where="a IS NULL")),
        checks=(Check("b > 0"), Check("b > 1")),
    )
    for dialect in ("postgresql", "sqlite", "mysql"):
        assert said(parts, parts, dialect) == []


def test_automatic_names_fit_into_the_limit() -> None:
    long = Table("t" * 40)
    assert automatic_name(long, Unique(("c" * 40,)), "postgresql") == f"{'t' * 29}_{'c' * 29}_key"
    assert automatic_name(Table("book"), ForeignKey(("a",), "x", ("id",)), "postgresql") == "book_a_fkey"
    assert automatic_name(Table("book", columns=(Column("a", of("TEXT")),)), Check("a > 0"), "postgresql") == "book_a_check"
