"""Models as text -> the database they describe. Sources are small; one rule of SQLAlchemy per case."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lsp_server.database.facts import tables_facts
from lsp_server.database.library import shipped_library
from lsp_server.database.model import Database, Table
from lsp_server.database.sqlalchemy import may_declare_tables, read_models
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.text import LineIndex, Location
from lsp_server.unknown import Unknown

HEAD = """
from __future__ import annotations
import enum, uuid, datetime, decimal
import sqlalchemy as sa
from typing import Annotated, ClassVar, Literal, Optional
from sqlalchemy import *
from sqlalchemy import Column, Integer, String, ForeignKey, Table, Index, UniqueConstraint, CheckConstraint, MetaData, func, text, Enum
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, declared_attr, registry, deferred, composite, column_property, synonym
"""
BASE = HEAD + "\nclass Base(DeclarativeBase):\n    pass\n\n"


def databases(files: dict[str, str]) -> tuple[Database, ...]:
    program = Program(files, lambda path: read_module(path, files[path]))
    return read_models(Interpreter(program), [path for path, text in files.items() if may_declare_tables(text)])


def tables(source: str, **more: str) -> dict[str, Table]:
    files = {"models.py": source, **{f"{name}.py": text for name, text in more.items()}}
    return {table.full_name: table for database in databases(files) for table in database.tables}


def only(source: str, **more: str) -> Table:
    found = list(tables(source, **more).values())
    assert len(found) == 1
    return found[0]


def column(declaration: str, head: str = BASE) -> str:
    """One column of a model, written like `INTEGER NOT NULL PRIMARY KEY`."""
    lines = "\n".join("    " + line for line in declaration.splitlines())
    table = only(f'{head}\nclass Thing(Base):\n    __tablename__ = "thing"\n{lines}\n')
    found = table.columns[0]
    key = " PRIMARY KEY" if found.primary_key is True else ""
    return f"{found.name} {found.type.sql}{'' if found.nullable else ' NOT NULL'}{key}"


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("a: Mapped[int] = mapped_column(primary_key=True)", "a INTEGER NOT NULL PRIMARY KEY"),
        ("a: Mapped[str]", "a VARCHAR NOT NULL"),
        ("a: Mapped[Optional[str]]", "a VARCHAR"),
        ("a: Mapped[str | None] = mapped_column(String(20))", "a VARCHAR(20)"),
        ('a: Mapped["str"] = mapped_column("b")', "b VARCHAR NOT NULL"),
        ('a: "Mapped[int]"', "a INTEGER NOT NULL"),
        ("a: Mapped[Optional[int]] = mapped_column(nullable=False)", "a INTEGER NOT NULL"),
        ("a: Mapped[uuid.UUID]", "a UUID NOT NULL"),
        ("a: Mapped[datetime.datetime]", "a TIMESTAMP WITHOUT TIME ZONE NOT NULL"),
        ("a: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True))", "a TIMESTAMP WITH TIME ZONE NOT NULL"),
        ("a: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))", "a NUMERIC(10, 2) NOT NULL"),
        ("a: Mapped[Annotated[int, mapped_column(primary_key=True)]]", "a INTEGER NOT NULL PRIMARY KEY"),
        ("a: Mapped[Optional[Annotated[str, mapped_column(String(9))]]]", "a VARCHAR(9)"),
        ('a: Mapped[Literal["x", "long"]]', "a VARCHAR(4) NOT NULL"),
        ("a = Column(Integer)", "a INTEGER"),
        ("a = Column(Integer, primary_key=True)", "a INTEGER NOT NULL PRIMARY KEY"),
        ('a = Column("b", String(5), nullable=False)', "b VARCHAR(5) NOT NULL"),
        ("a = Column(type_=sa.Text, name='b')", "b TEXT"),
        ("a = mapped_column(Integer, Identity())", "a INTEGER NOT NULL"),
        ("a = deferred(Column(Text))", "a TEXT"),
        ("a = Column(postgresql.JSONB)", "a JSONB"),
        ("a = Column(sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'))", "a JSONB"),
        ("a = Column(sa.String(3).with_variant(sa.Text, 'sqlite'))", "a VARCHAR(3)"),
        ("a = Column(ARRAY(String(4)))", "a VARCHAR(4)[]"),
        ("a = Column(sa.types.LargeBinary)", "a BYTEA"),
        ("a = Column(postgresql.TIMESTAMP(timezone=True, precision=3))", "a TIMESTAMP(3) WITH TIME ZONE"),
        ("a = Column(Enum('x', 'y', name='state'))", "a state"),
        ("a = Column(Enum('x', 'long', name='state', native_enum=False))", "a VARCHAR(4)"),
        ("a = Column(Uuid(native_uuid=False))", "a CHAR(32)"),
        ("a = Column(MutableDict.as_mutable(JSON))", "a JSON"),
    ],
)
def test_a_column(declaration: str, expected: str) -> None:
    head = BASE.replace("class Base", "from sqlalchemy.ext.mutable import MutableDict\nclass Base")
    assert column(declaration, head) == expected


@pytest.mark.parametrize(
    "declaration",
    [
        'a: Mapped[list["Other"]] = relationship()',
        'a: Mapped["Other"] = relationship(back_populates="b")',
        "a = relationship('Other')",
        "a = synonym('id')",
        "a = column_property(func.now())",
        "a: int = 3",
        "def a(self): return 1",
        "a: ClassVar[int]",
    ],
)
def test_what_is_no_column(declaration: str) -> None:
    source = f'{BASE}\nclass Thing(Base):\n    __tablename__ = "thing"\n    id: Mapped[int] = mapped_column(primary_key=True)\n    {declaration}\n'
    assert [entry.name for entry in only(source).columns] == ["id"]


KEY = "    id = Column(Integer, primary_key=True)\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (BASE + 'class A(Base):\n    __tablename__ = "a"\n' + KEY, ["a"]),
        (BASE + 'class A(Base):\n    __abstract__ = True\n    __tablename__ = "a"\n' + KEY, []),
        (HEAD + "from sqlalchemy.ext.declarative import declarative_base\nBase = declarative_base()\n"
         'class A(Base):\n    __tablename__ = "a"\n' + KEY, ["a"]),
        (HEAD + 'mapper_registry = registry()\n@mapper_registry.mapped\nclass A:\n    __tablename__ = "a"\n' + KEY, ["a"]),
        (HEAD + "from sqlalchemy.orm import as_declarative\n@as_declarative()\nclass Base:\n    @declared_attr\n"
         "    def __tablename__(cls):\n        return cls.__name__.lower() + 's'\nclass Order(Base):\n" + KEY, ["orders"]),
        (HEAD + "class Base(DeclarativeBase):\n    def __init_subclass__(cls, **kw):\n        cls.__tablename__ = 't_' + cls.__name__\n"
         "        super().__init_subclass__(**kw)\nclass A(Base):\n" + KEY, ["t_A"]),
        (HEAD + "import re\nclass Base(DeclarativeBase):\n    @declared_attr.directive\n    def __tablename__(cls):\n"
         "        return re.sub('(?<!^)(?=[A-Z])', '_', cls.__name__).lower()\nclass OrderItem(Base):\n" + KEY, ["order_item"]),
        (HEAD + 'metadata = MetaData(schema="app")\nt = Table("a", metadata, Column("id", Integer))\n', ["app.a"]),
        (BASE + 'class A(Base):\n    __tablename__ = "a"\n    __table_args__ = {"schema": "s"}\n' + KEY, ["s.a"]),
        (HEAD + "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass HTTPRequest(db.Model):\n"
         "    id = db.Column(db.Integer, primary_key=True)\n", ["http_request"]),
        (HEAD + "from sqlmodel import SQLModel, Field\nclass Hero(SQLModel):\n    name: str\nclass HeroTable(Hero, table=True):\n"
         "    id: int | None = Field(default=None, primary_key=True)\n", ["herotable"]),
        (BASE + 'class A(Base):\n    __table__ = Table("a", Base.metadata, Column("id", Integer, primary_key=True))\n', ["a"]),
    ],
)  # fmt: skip
def test_which_tables_there_are(source: str, names: list[str]) -> None:
    assert list(tables(source)) == names


def test_mixins_give_copies_and_their_declared_attributes() -> None:
    source = (
        BASE + "class Stamped:\n    created = Column(DateTime, nullable=False)\n    @declared_attr\n"
        "    def owner_id(cls):\n        return Column(ForeignKey('users.id'), nullable=cls.__name__ == 'A')\n"
        'class User(Base):\n    __tablename__ = "users"\n    id = Column(BigInteger, primary_key=True)\n'
        'class A(Stamped, Base):\n    __tablename__ = "a"\n' + KEY + 'class B(Stamped, Base):\n    __tablename__ = "b"\n'
        "    created = None\n" + KEY
    )
    found = tables(source)
    assert [entry.name for entry in found["a"].columns] == ["id", "created", "owner_id"]
    assert [entry.name for entry in found["b"].columns] == ["id", "owner_id"]
    owners = [found[name].column("owner_id") for name in ("a", "b")]
    assert [(owner.nullable, owner.type.sql) for owner in owners if owner] == [(True, "BIGINT"), (False, "BIGINT")]


INHERITANCE = (
    BASE + 'class Animal(Base):\n    __tablename__ = "animal"\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
    "    kind: Mapped[str]\n"
)


def test_single_table_inheritance_adds_to_the_parent() -> None:
    table = only(INHERITANCE + "class Dog(Animal):\n    tricks: Mapped[int | None]\n")
    assert [entry.name for entry in table.columns] == ["id", "kind", "tricks"]


def test_joined_inheritance_has_its_own_table() -> None:
    found = tables(
        INHERITANCE + 'class Dog(Animal):\n    __tablename__ = "dog"\n'
        '    id: Mapped[int] = mapped_column(ForeignKey("animal.id"), primary_key=True)\n'
    )
    assert [entry.name for entry in found["dog"].columns] == ["id"]


def test_constraints_and_indexes() -> None:
    table = only(
        BASE + 'class A(Base):\n    __tablename__ = "a"\n    __table_args__ = (\n'
        '        UniqueConstraint("x", "y", name="xy"),\n        CheckConstraint("x > 0", name="positive"),\n'
        '        Index("ix_lower", func.lower(text("y")), unique=True, postgresql_where=text("x > 1"), postgresql_using="btree"),\n'
        '        PrimaryKeyConstraint("id", name="a_key"),\n        {"comment": "things"},\n    )\n'
        "    id = Column(Integer)\n    x = Column(Integer, unique=True)\n    y = Column(String, index=True)\n"
        "    z = Column(String, index=True, unique=True)\n"
        'Index("ix_late", A.y.desc(), A.x)\n'
    )
    assert [(unique.name, unique.columns) for unique in table.uniques] == [(None, ("x",)), ("xy", ("x", "y"))]
    assert [(index.name, index.columns, index.unique) for index in table.indexes] == [
        ("ix_a_y", ("y",), False),
        ("ix_a_z", ("z",), True),
        ("ix_lower", ("lower(y)",), True),
        ("ix_late", ("y DESC", "x"), False),
    ]
    assert (table.indexes[2].where, table.indexes[2].method) == ("x > 1", "btree")
    assert [(check.name, check.expression) for check in table.checks] == [("positive", "x > 0")]
    assert table.primary_key is not None and (table.primary_key.name, table.primary_key.columns) == ("a_key", ("id",))
    assert (table.comment, table.columns[0].nullable) == ("things", False)


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ('ForeignKey("users.id")', ("users", ("id",))),
        ("ForeignKey(User.id)", ("users", ("id",))),
        ("ForeignKey(User.__table__.c.id)", ("users", ("id",))),
        ('ForeignKey("users")', ("users", ("id",))),
    ],
)
def test_foreign_keys_name_their_target_and_give_the_type(column: str, target: tuple[str, tuple[str, ...]]) -> None:
    found = tables(
        BASE + "class Keyed:\n    id = Column(SmallInteger, primary_key=True)\n"
        'class User(Keyed, Base):\n    __tablename__ = "users"\n'
        f'class A(Keyed, Base):\n    __tablename__ = "a"\n    user_id = Column({column})\n'
    )
    key = found["a"].foreign_keys[0]
    assert (key.target_table, key.target_columns) == target
    owner = found["a"].column("user_id")
    assert owner is not None and owner.type.sql == "SMALLINT"


def test_what_cannot_be_known_is_unknown_and_nothing_else() -> None:
    table = only(
        BASE + "import settings_of_another_package as settings\n"
        'class A(settings.Mixin, Base):\n    __tablename__ = "a"\n' + KEY + "    b = Column(settings.kind())\n"
        "    c = Column(String(settings.length))\n    d = Column(String, nullable=settings.optional)\n"
    )
    kinds = [entry.type.sql for entry in table.columns]
    assert kinds == ["INTEGER", None, None, "VARCHAR"]
    assert isinstance(table.columns[3].nullable, Unknown)
    assert isinstance(table.incomplete, Unknown)


def test_a_table_without_a_known_name_is_listed_as_unknown() -> None:
    source = BASE + "import other\nclass A(Base):\n    __tablename__ = other.name()\n" + KEY
    found = databases({"models.py": source})
    assert [database.tables for database in found] == [()]
    assert "the table of `A`" in found[0].unknowns[0].what


def test_tables_of_tests_and_migrations_are_not_the_applications() -> None:
    source = BASE + 'class A(Base):\n    __tablename__ = "a"\n' + KEY
    revision = source + "revision = '1'\ndown_revision = None\n"
    assert databases({"tests/models.py": source, "db/steps/1.py": revision, "test_models.py": source}) == ()


def test_enumerations_are_stored_by_name_unless_told_otherwise() -> None:
    source = (
        BASE + 'class State(enum.Enum):\n    ON = "on"\n    OFF = "off"\nclass A(Base):\n    __tablename__ = "a"\n' + KEY
        + "    a: Mapped[State]\n    b = Column(Enum(State, values_callable=lambda e: [m.value for m in e], name='s'))\n"
    )  # fmt: skip
    enums = [entry.type.enum for entry in only(source).columns[1:]]
    assert [(found.name, found.values) for found in enums if found] == [("state", ("ON", "OFF")), ("s", ("on", "off"))]


def test_a_projects_own_types() -> None:
    source = (
        BASE + "class Money(sa.TypeDecorator):\n    impl = sa.Numeric(12, 2)\n"
        "class Guid(sa.TypeDecorator):\n    impl = sa.CHAR\n    def load_dialect_impl(self, dialect):\n"
        "        if dialect.name == 'postgresql':\n            return dialect.type_descriptor(postgresql.UUID())\n"
        "        return dialect.type_descriptor(sa.CHAR(32))\n"
        "class Point(sa.types.UserDefinedType):\n    def get_col_spec(self, **kw):\n        return 'POINT'\n"
        'class A(Base):\n    __tablename__ = "a"\n    a = Column(Money)\n    b = Column(Guid())\n    c = Column(Point)\n'
    )
    assert [entry.type.sql for entry in only(source).columns] == ["NUMERIC(12, 2)", "UUID", "POINT"]


def test_facts_have_the_places_of_declarations() -> None:
    source = BASE + 'def mark(cls): return cls\n\n@mark\nclass A(Base):\n    __tablename__ = "a"\n' + KEY
    lines = LineIndex(source)

    def line(location: Location) -> int:
        return lines.position(location.span.start).line + 1

    table = tables_facts(databases({"models.py": source})[0], line)["tables"][0]
    assert source.splitlines()[table["line"] - 1] == "@mark"
    assert (table["file"], table["columns"][0]["primary_key"], table["columns"][0]["type"]) == ("models.py", True, "INTEGER")


@dataclass(frozen=True)
class SqlModelCase:
    field: str
    expected: str


@pytest.mark.parametrize(
    "case",
    [
        SqlModelCase("name: str", "name VARCHAR NOT NULL"),
        SqlModelCase("name: str | None = None", "name VARCHAR"),
        SqlModelCase("name: str = Field(max_length=5, index=True)", "name VARCHAR(5) NOT NULL"),
        SqlModelCase("id: int | None = Field(default=None, primary_key=True)", "id INTEGER NOT NULL PRIMARY KEY"),
        SqlModelCase("x: dict = Field(sa_column=Column('y', JSON, nullable=False))", "y JSON NOT NULL"),
        SqlModelCase("x: str = Field(sa_type=Text, nullable=True)", "x TEXT"),
        SqlModelCase("x: Annotated[int, Field(sa_column_kwargs={'name': 'z'})]", "z INTEGER NOT NULL"),
    ],
    ids=lambda case: case.field,
)
def test_sqlmodel_fields(case: SqlModelCase) -> None:
    head = HEAD + "from sqlmodel import SQLModel, Field\nclass Base(SQLModel):\n    pass\n"
    lines = f'{head}\nclass Thing(Base, table=True):\n    {case.field}\n'
    found = only(lines).columns[0]
    key = " PRIMARY KEY" if found.primary_key is True else ""
    assert f"{found.name} {found.type.sql}{'' if found.nullable else ' NOT NULL'}{key}" == case.expected


def test_dataclass_composites_bring_the_columns_of_their_fields() -> None:
    table = only(
        BASE + "import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int\n    y: float | None\n"
        'class A(Base):\n    __tablename__ = "a"\n' + KEY + '    p: Mapped[Point] = composite(mapped_column("px"), mapped_column("py"))\n'
    )
    assert [(entry.name, entry.type.sql, entry.nullable) for entry in table.columns[1:]] == [("px", "INTEGER", False), ("py", "FLOAT", True)]


def test_what_hangs_on_a_condition_says_so() -> None:
    found = tables(
        BASE + "import settings_of_another_package as settings\nclass Mixin:\n    @declared_attr\n    def extra(cls):\n"
        "        if settings.extra:\n            return Column(Integer)\n"
        'class A(Mixin, Base):\n    __tablename__ = "a"\n' + KEY + "if settings.more:\n"
        '    class B(Base):\n        __tablename__ = "b"\n        id = Column(Integer, primary_key=True)\n'
    )
    extra = found["a"].column("extra")
    assert extra is not None and isinstance(extra.maybe, Unknown) and found["a"].maybe is None
    assert isinstance(found["b"].maybe, Unknown)


def test_classes_of_other_packages_bring_described_columns() -> None:
    table = only(HEAD + "from advanced_alchemy.base import UUIDAuditBase\nclass BlogPost(UUIDAuditBase):\n    when: Mapped[datetime.datetime]\n")
    assert (table.name, table.incomplete) == ("blog_post", None)
    assert {column.name: column.type.sql for column in table.columns} == {
        "when": "TIMESTAMP WITH TIME ZONE", "id": "UUID", "sa_orm_sentinel": "INTEGER",
        "created_at": "TIMESTAMP WITH TIME ZONE", "updated_at": "TIMESTAMP WITH TIME ZONE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "sql"),
    [
        ("sqlalchemy_utils.UUIDType(binary=False)", "UUID"),
        ("sqlalchemy_utils.types.uuid.UUIDType(native=False)", "BINARY(16)"),
        ("sqlalchemy_utils.ChoiceType(['a'], impl=Integer())", "INTEGER"),
        ("geoalchemy2.Geometry('POINT', srid=4326)", "geometry(POINT, 4326)"),
        ("pgvector.sqlalchemy.Vector(3)", "VECTOR(3)"),
        ("fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware(timezone=True)", "TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_types_of_other_packages(written: str, sql: str) -> None:
    imports = "import sqlalchemy_utils, geoalchemy2, pgvector.sqlalchemy, fastapi_users_db_sqlalchemy.generics\n"
    assert column(f"a = Column({written})", BASE + imports) == f"a {sql}"


def test_types_can_be_described_by_the_project() -> None:
    source = BASE + 'from shapes import Circle\nclass A(Base):\n    __tablename__ = "a"\n    c = Column(Circle())\n'
    program = Program(["models.py"], lambda path: read_module(path, source))
    library = shipped_library().extended({"shapes.Circle": "circle(7)"}, {})
    table = read_models(Interpreter(program), ["models.py"], library)[0].tables[0]
    assert table.columns[0].type.sql == "CIRCLE(7)"


def test_a_class_made_for_each_class_that_declares_it_is_mapped() -> None:
    source = BASE + """
class Event:
    id: Mapped[int] = mapped_column(primary_key=True)

class HasEvents:
    @declared_attr
    def events(cls):
        cls.Event = type(f"{cls.__name__}Event", (Event, Base), {
            "__tablename__": f"{cls.__tablename__}_events",
            "source_id": mapped_column(ForeignKey(f"{cls.__tablename__}.id"), index=True),
        })
        return relationship(cls.Event)

class Book(HasEvents, Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)

class Card(HasEvents, Base):
    __tablename__ = "card"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
    found = tables(source)
    assert sorted(found) == ["book", "book_events", "card", "card_events"]
    events = found["card_events"]
    assert [column.name for column in events.columns] == ["source_id", "id"]
    assert (events.foreign_keys[0].target_table, events.indexes[0].name) == ("card", "ix_card_events_source_id")


def test_sqlalchemys_own_names_in_other_modules() -> None:
    assert column("a: Mapped[int] = mapped_column(unique=True)", BASE + "from sqlalchemy.testing.schema import mapped_column\n").startswith("a ")


@pytest.mark.parametrize(
    ("imports", "bases", "columns"),
    [
        ("from flask_security.models import fsqla_v3", "fsqla_v3.FsRoleMixin", "description id name permissions update_datetime"),
        ("from sqlalchemy_utils import Timestamp", "Timestamp", "created updated"),
        ("from oslo_db.sqlalchemy import models", "models.SoftDeleteMixin", "deleted deleted_at"),
        ("from flask_appbuilder.models.mixins import AuditMixin", "AuditMixin", "changed_by_fk changed_on created_by_fk created_on"),
        ("from fastapi_users.db import SQLAlchemyBaseUserTable", "SQLAlchemyBaseUserTable[int]",
         "email hashed_password is_active is_superuser is_verified"),
        ("from litestar.plugins.sqlalchemy import base", "base.BigIntPrimaryKey", "id"),
        ("from flask_login import UserMixin", "UserMixin", ""),
        ("from sqlalchemy_mixins import ActiveRecordMixin", "ActiveRecordMixin", ""),
    ],
)  # fmt: skip
def test_what_libraries_bring(imports: str, bases: str, columns: str) -> None:
    source = f"{BASE}{imports}\nclass A({bases}, Base):\n    __tablename__ = 'a'\n    key = Column(Integer, primary_key=True)\n"
    table = only(source)
    assert table.incomplete is None
    assert sorted(column.name for column in table.columns if column.name != "key") == columns.split()


def test_a_library_class_hides_the_columns_it_inherits() -> None:
    library = shipped_library().extended({}, {
        "acme.Old": {"columns": [{"name": "code", "type": "TEXT"}]},
        "acme.New": {"columns": [{"name": "code", "type": "DATE"}], "inherits": ["acme.Old"]},
    })  # fmt: skip
    source = BASE + "from acme import New\nclass A(New, Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n"
    program = Program(["models.py"], lambda path: read_module(path, source))
    table = read_models(Interpreter(program), ["models.py"], library)[0].tables[0]
    assert [(column.name, column.type.sql) for column in table.columns if column.name == "code"] == [("code", "DATE")]


@pytest.mark.parametrize(
    ("imports", "base", "metadata"),
    [
        ("from flask_appbuilder import Model", "Model", "Model.metadata"),
        ("from advanced_alchemy.base import UUIDBase, orm_registry", "UUIDBase", "orm_registry.metadata"),
    ],
)
def test_tables_beside_a_librarys_base_share_its_metadata(imports: str, base: str, metadata: str) -> None:
    source = f"{HEAD}{imports}\nclass A({base}):\n    x = Column(Integer, primary_key=True)\nb = Table('b', {metadata}, Column('y', Integer))\n"
    found = databases({"models.py": source})
    assert [sorted(table.name for table in database.tables) for database in found] == [["a", "b"]]


DESCRIBED = {
    "acme.Base": {"root": True, "tablename": "snake", "metadata": "acme", "annotations": {"builtins.str": "VARCHAR(40)"},
                  "convention": {"ix": "idx_%(column_0_label)s"}},
    "acme.Key": {"columns": [{"name": "id", "type": "UUID", "primary_key": True}]},
    "acme.Audit": {"columns": [{"name": "made", "type": "TIMESTAMP WITH TIME ZONE", "nullable": False, "server_default": "now()"},
                               {"name": "team_id", "type": "UUID", "foreign_key": "team.id", "index": True}],
                   "unique": [{"columns": ["made", "team_id"]}], "inherits": ["acme.Key", "acme.Audit"]},
}  # fmt: skip


def test_bases_can_be_described_by_the_project() -> None:
    source = "from acme.orm import Audit, Base\nfrom sqlalchemy.orm import Mapped\nclass BookShelf(Audit, Base):\n    name: Mapped[str]\n"
    program = Program(["models.py"], lambda path: read_module(path, source))
    library = shipped_library().extended({}, DESCRIBED)
    table = read_models(Interpreter(program), ["models.py"], library)[0].tables[0]
    assert (table.name, table.incomplete) == ("book_shelf", None)
    columns = {column.name: (column.type.sql, column.nullable, column.declared_in) for column in table.columns}
    assert columns == {
        "made": ("TIMESTAMP WITH TIME ZONE", False, "acme.orm.Audit"), "team_id": ("UUID", True, "acme.orm.Audit"),
        "id": ("UUID", False, "acme.orm.Audit"), "name": ("VARCHAR(40)", False, "BookShelf"),
    }  # fmt: skip
    assert [index.name for index in table.indexes] == ["idx_book_shelf_team_id"]
    assert [unique.columns for unique in table.uniques] == [("made", "team_id")]
    assert table.foreign_keys[0].target_table == "team"
    assert {column.location.path for column in table.columns if column.location is not None} == {"models.py"}


def test_every_text_that_declares_is_looked_at() -> None:
    assert may_declare_tables("class A(Base):\n    x = db.Column(db.Integer)")
    assert not may_declare_tables("import sqlalchemy\nsession.execute(select(A))")
