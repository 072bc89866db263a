"""Views, sequences and exclusion constraints: planned around the changes of tables, and proved where databases have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.describe import phrases_of
from lsp_server.database.migration.operations import CreateSchema, RenameTable
from lsp_server.database.migration.plan import alternatives, plan
from lsp_server.database.migration.proof import Proof, prove
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.render import render
from lsp_server.database.migration.reversing import reversed_operations
from lsp_server.database.model import (
    Column,
    ColumnType,
    Database,
    Default,
    EnumType,
    Exclusion,
    Identity,
    Index,
    Sequence,
    Table,
    View,
)
from lsp_server.database.storage_options import read_storage
from lsp_server.unknown import Unknown
from tests.database.migration.changes import INTEGER, TEXT, schema, table, varchar
from tests.database.migration.test_servers import assert_proved
from tests.shadow.servers import find, server_url

NAME, PHONE = Column("name", varchar(80), nullable=False), Column("phone", varchar(30))
NAMED = View("named", "SELECT id, name FROM person")
PHONES = View("phones", "SELECT id, phone FROM person WHERE phone <> '12:30'")
FEW = View("few", "SELECT id FROM phones")
ALL_OF = View("all_of", "SELECT * FROM person")
COUNTED = View("counted", "SELECT name, count(*) AS many FROM person GROUP BY name", materialized=True, indexes=(Index("ix_counted", ("name",), True),))
WHOLE = ("view", "sequence", "option")


def person(*parts: object, objects: tuple[View | Sequence, ...] = (), whole: bool = False) -> Database:
    return with_objects(schema(table("person", *(parts or (NAME, PHONE)))), objects, whole)


def with_objects(database: Database, objects: tuple[View | Sequence, ...], whole: bool = False) -> Database:
    return replace(
        database,
        views=tuple(each for each in objects if isinstance(each, View)),
        sequences=tuple(each for each in objects if isinstance(each, Sequence)),
        whole=WHOLE if whole else (),
    )


def phrases(before: Database, after: Database, dialect: str = "postgresql", answers: Answers | None = None) -> list[str]:
    planned = plan(before, after, dialect, answers)
    assert planned.obstacles == ()
    return phrases_of(planned.operations)


def proof_of(before: Database, after: Database, dialect: str, folder: Path, answers: Answers | None = None) -> Proof:
    planned = plan(before, after, dialect, answers)
    assert planned.operations and planned.obstacles == ()
    return prove(planned, find=find(server_url(dialect), folder) if dialect != "sqlite" else None)


LONGER = Column("phone", TEXT)
RENAMED = Column("telephone", varchar(30))
TELEPHONE = Answers((Rename((None, "person"), "phone", "telephone", True, "as answered"),))
ON_ALL = {
    "a view made": (person(), person(objects=(NAMED,)), None),
    "a view gone": (person(objects=(NAMED,)), person(whole=True), None),
    "a view redefined": (person(objects=(NAMED,)), person(objects=(replace(NAMED, query="SELECT id, name FROM person WHERE id > 1"),)), None),
    "a view with other columns": (person(objects=(NAMED,)), person(objects=(replace(NAMED, query="SELECT name FROM person"),)), None),
    "a column retyped below a view": (person(objects=(PHONES,)), person(NAME, LONGER, objects=(PHONES,)), None),
    "below views of views": (person(objects=(FEW, PHONES, NAMED)), person(NAME, LONGER, objects=(FEW, PHONES, NAMED)), None),
    "below views that only the history makes": (person(objects=(FEW, PHONES)), person(NAME, LONGER), None),
    "a column more below a view of all": (person(objects=(ALL_OF,)), person(NAME, PHONE, Column("age", INTEGER), objects=(ALL_OF,)), None),
    "a column renamed below a view": (
        person(objects=(PHONES,)), person(NAME, RENAMED, objects=(View("phones", "SELECT id, telephone FROM person"),)), TELEPHONE,
    ),
    "renamed below a view that only the history makes": (person(objects=(PHONES, FEW)), person(NAME, RENAMED), TELEPHONE),
    "a column that goes from the view too": (
        person(objects=(View("both", "SELECT name, phone FROM person"),)), person(NAME, objects=(View("both", "SELECT name FROM person"),)), None,
    ),
    "a view whose columns have names of their own": (person(), person(objects=(replace(NAMED, columns=("number", "label")),)), None),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("name", ON_ALL)
def test_views_are_proved(name: str, dialect: str, tmp_path: Path) -> None:
    proof = proof_of(*ON_ALL[name][:2], dialect, tmp_path, ON_ALL[name][2])
    assert proof.failed == ()
    assert {"the upgrade gives the schema of the models", "the downgrade gives the schema before"} <= set(proof.proved), proof.not_proved
    assert dialect == "sqlite" or proof.where != "SQLite in memory", proof.not_proved


NUMBER = Sequence("number", options=Identity(start=5, increment=2))
FED = Column("number", INTEGER, server_default=Default("sql", "nextval('number')"))
ROOMS = Exclusion((("room", "="), ("during", "&&")), "no_overlap")
BOOKED = (Column("room", INTEGER), Column("during", ColumnType("INT4RANGE")))
MOOD = EnumType("mood", ("ok", "sad"))
ON_POSTGRESQL = {
    "a materialized view made": (person(), person(objects=(COUNTED,))),
    "a column retyped below a materialized view": (
        person(objects=(COUNTED,)), person(replace(NAME, type=TEXT), PHONE, objects=(replace(COUNTED, indexes=()),)),
    ),
    "a view with options": (person(), person(objects=(replace(NAMED, options="WITH (security_barrier=true)"),))),
    "a value less below a view": (
        person(Column("mood", ColumnType("ENUM", enum=replace(MOOD, values=("ok", "sad", "glad")))), objects=(View("moods", "SELECT mood FROM person"),)),
        person(Column("mood", ColumnType("ENUM", enum=MOOD)), objects=(View("moods", "SELECT mood FROM person"),)),
    ),
    "a sequence made": (person(), person(objects=(NUMBER,))),
    "a sequence that feeds a column": (person(), person(NAME, PHONE, FED, objects=(NUMBER,))),
    "and no more": (person(NAME, PHONE, FED, objects=(NUMBER,)), person()),
    "a sequence that goes with its column": (person(NAME, PHONE, FED, objects=(replace(NUMBER, owner=(None, "person", "number")),)), person()),
    "a sequence that counts otherwise": (
        person(objects=(NUMBER,)), person(objects=(replace(NUMBER, options=Identity(increment=-1, cycle=True), family="INTEGER"),)),
    ),
    "a key that a sequence feeds": (
        schema(),
        with_objects(schema(Table("ticket", columns=(Column("id", INTEGER, False, True, Default("sequence")),))), (Sequence("tickets"),)),
    ),
    "an exclusion constraint": (person(*BOOKED), person(*BOOKED, ROOMS)),
    "another one": (person(*BOOKED, ROOMS), person(*BOOKED, replace(ROOMS, where="room > 1", deferrable=True, initially="DEFERRED"))),
    "none any more": (person(*BOOKED, ROOMS), person(*BOOKED)),
    "of an expression, without a name": (person(), person(NAME, PHONE, Exclusion((("lower(name)", "="),), method="btree"))),
    "in a new table": (schema(), person(*BOOKED, ROOMS)),
    "a fill factor": (person(), schema(replace(person().tables[0], options=read_storage({"postgresql_with": {"fillfactor": 70}})))),
    "an unlogged table": (person(), schema(replace(person().tables[0], options=read_storage({"prefixes": ["UNLOGGED"]})))),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_what_only_postgresql_has_is_proved(name: str, tmp_path: Path) -> None:
    assert_proved(proof_of(*ON_POSTGRESQL[name], "postgresql", tmp_path))


def test_a_view_steps_aside_only_for_what_it_shows() -> None:
    after = person(NAME, LONGER, objects=(NAMED, PHONES))
    assert phrases(person(objects=(NAMED, PHONES)), after) == ["make view phones again", "change the type of person.phone"]
    assert phrases(person(objects=(PHONES,)), person(NAME, Column("phone", varchar(30), comment="x"), objects=(PHONES,))) == [
        "change the comment of person.phone"
    ]
    assert phrases(person(objects=(PHONES,)), person(NAME, LONGER, objects=(PHONES,)), "mysql") == ["change the type of person.phone"]


def test_a_query_over_the_same_columns_is_exchanged_in_place() -> None:
    after = person(objects=(replace(NAMED, query="SELECT id, name FROM person WHERE id > 1"), FEW, PHONES))
    assert phrases(person(objects=(NAMED, FEW, PHONES)), after) == ["change view named"]
    assert phrases(person(objects=(NAMED,)), after, "sqlite")[:1] == ["make view named again"]


def test_a_query_in_another_spelling_is_the_same() -> None:
    spelled = replace(NAMED, query="select person.id,\n  person.name as name\nfrom person")
    assert phrases(person(objects=(NAMED,)), person(objects=(spelled,))) == []
    assert phrases(person(objects=(NAMED,)), person(objects=(replace(NAMED, query="SELECT id, 'NAME' FROM person"),))) != []


def test_what_the_models_do_not_tell_stays() -> None:
    assert phrases(person(objects=(NAMED, NUMBER)), person()) == []
    assert phrases(person(objects=(NAMED, NUMBER)), person(whole=True)) == ["drop view named", "drop sequence number"]


def test_a_view_that_reads_what_is_dropped_is_asked_about() -> None:
    planned = plan(person(objects=(PHONES,)), person(NAME), "postgresql")
    assert planned.obstacles == ("the view phones reads person.phone, which is dropped: change or drop the view first",)
    assert plan(person(objects=(PHONES,)), schema(), "postgresql").obstacles


def test_a_query_that_is_not_known_is_no_guess() -> None:
    unknown = replace(NAMED, query=Unknown("a query made at run time"))
    assert plan(person(), person(objects=(unknown,)), "postgresql").operations == ()
    assert plan(person(objects=(NAMED,)), person(objects=(unknown,)), "postgresql").operations == ()


def test_a_serial_brings_the_sequence_that_a_model_names() -> None:
    assert phrases(person(), person(objects=(Sequence("person_id_seq"),))) == []


def test_a_program_that_asks_the_sequence_itself_needs_no_default() -> None:
    asking = Column("number", INTEGER, default=Default("sequence"))
    assert phrases(person(NAME, FED, objects=(NUMBER,)), person(NAME, asking, objects=(NUMBER,))) == []


def test_the_operations_undo_themselves() -> None:
    before, after = person(objects=(NAMED, NUMBER)), person(NAME, LONGER, objects=(PHONES, replace(NUMBER, family="INTEGER")), whole=True)
    operations = plan(before, after, "postgresql").operations
    assert reversed_operations(reversed_operations(operations)) == operations


def test_a_colon_in_a_query_is_no_parameter() -> None:
    planned = plan(person(), person(objects=(View("at_noon", "SELECT id FROM person WHERE name = ' :noon'"),)), "postgresql")
    text = render(planned, Conventions(heads=("1",))).text
    assert r"' \\:noon'" in text


def test_a_table_moves_to_a_schema_that_may_be_there() -> None:
    before = person()
    after = schema(replace(before.tables[0], schema="archive"))
    (planned,) = alternatives(before, after, "postgresql")
    assert [type(operation) for operation in planned.operations] == [CreateSchema, RenameTable]
    text = render(planned, Conventions(heads=("1",))).text
    assert "CREATE SCHEMA IF NOT EXISTS archive" in text and "DROP SCHEMA" not in text
    assert "data_loss_up" not in {hazard.code for hazard in planned.hazards}


def test_a_schema_that_the_models_make_goes_on_the_way_back() -> None:
    after = replace(schema(*person().tables, replace(table("log", NAME), schema="audit")), made_schemas=("audit",))
    text = render(plan(person(), after, "postgresql"), Conventions(heads=("1",))).text
    assert "CREATE SCHEMA audit" in text and "DROP SCHEMA audit" in text


def test_on_mysql_a_view_of_another_database_is_not_tried() -> None:
    planned = plan(person(), person(objects=(View("stolen", "SELECT * FROM other.secret"),)), "mysql")
    asked: list[str] = []

    def look(dialect: str) -> str:
        asked.append(dialect)
        return "no scratch server"

    proof = prove(planned, find=look)
    assert asked == [] and any("another database" in text for text in proof.not_proved)
