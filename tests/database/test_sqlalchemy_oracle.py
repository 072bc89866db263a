"""Our reading of a module beside SQLAlchemy's own: the same text, once read and once run, must describe the same tables."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from lsp_server.database.model import Database
from lsp_server.database.naming import kept_name
from tests.database.test_sqlalchemy import databases

IMPORTS = """
import dataclasses, datetime, decimal, enum, uuid
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Union
import sqlalchemy as sa
from sqlalchemy import (ARRAY, BigInteger, Boolean, CheckConstraint, Column, Computed, DateTime, Enum, ForeignKey, ForeignKeyConstraint,
    Identity, Index, Integer, JSON, MetaData, Numeric, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint, func, text, desc)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, UUID, ExcludeConstraint, TSVECTOR
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (DeclarativeBase, Mapped, MappedAsDataclass, as_declarative, column_property, composite, declarative_base,
    declarative_mixin, declared_attr, deferred, mapped_column, registry, relationship, synonym)
"""

SNIPPETS = {
    "types": """
class Base(DeclarativeBase): pass
class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"
    CRIMSON = "r"
class Everything(Base):
    __tablename__ = "everything"
    id: Mapped[int] = mapped_column(primary_key=True)
    a = Column(String)
    b = Column(String(30))
    c = Column(Text)
    d = Column(sa.Unicode(3))
    e = Column(sa.UnicodeText())
    f = Column(BigInteger)
    g = Column(sa.SmallInteger)
    h = Column(Numeric)
    i = Column(Numeric(8))
    j = Column(Numeric(precision=8, scale=3))
    k = Column(sa.Float)
    l = Column(sa.Float(precision=24))
    m = Column(sa.Double)
    n = Column(DateTime)
    o = Column(DateTime(True))
    p = Column(sa.Date)
    q = Column(sa.Time)
    r = Column(sa.Interval)
    s = Column(sa.LargeBinary)
    t = Column(JSON)
    u = Column(sa.Uuid)
    v = Column(sa.PickleType)
    w = Column(Enum(Colour))
    x = Column(Enum(Colour, native_enum=False))
    y = Column(Enum("a", "bcd", name="letters"))
    z = Column(Enum("a", "bcd", native_enum=False, length=10))
    aa = Column(ARRAY(Integer))
    ab = Column(postgresql.ARRAY(String(3)))
    ac = Column(JSONB)
    ad = Column(UUID(as_uuid=True))
    ae = Column(postgresql.INET)
    af = Column(TSVECTOR)
    ag = Column(postgresql.TIMESTAMP(timezone=True))
    ah = Column(postgresql.INTERVAL(precision=3))
    ai = Column(sa.TIMESTAMP(timezone=True))
    aj = Column(sa.CHAR(2))
    ak = Column(sa.DECIMAL(4, 2))
    al = Column(postgresql.BIT(3))
    am = Column(JSON().with_variant(JSONB(), "postgresql"))
    an = Column(MutableDict.as_mutable(JSONB))
    ao = Column(postgresql.ENUM("p", "q", name="pq"))
    ap = Column(postgresql.INT4RANGE)
    aq = Column(postgresql.DOUBLE_PRECISION)
    ar = Column(sa.Time(timezone=True))
    at = Column(postgresql.HSTORE)
    au: Mapped[Optional[bytes]]
    av: Mapped[float]
    aw: Mapped[bool]
    ax: Mapped[datetime.date]
    ay: Mapped[datetime.time | None]
    az: Mapped[datetime.timedelta]
    ba: Mapped[Colour]
    bb: Mapped[Optional[Literal["one", "three"]]]
    bc = Column(sa.Uuid(as_uuid=False, native_uuid=False))
    bd = Column(sa.NUMERIC(5, 1), sa.CheckConstraint("bd > 0"))
""",
    "annotated types": """
str20 = Annotated[str, 20]
pk = Annotated[int, mapped_column(primary_key=True)]
stamp = Annotated[datetime.datetime, mapped_column(nullable=False, server_default=func.now())]
user_fk = Annotated[int, mapped_column(ForeignKey("user.id", ondelete="CASCADE"))]
class Base(DeclarativeBase):
    type_annotation_map = {
        str20: String(20),
        datetime.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        int: BigInteger,
        enum.Enum: Enum(enum.Enum, native_enum=False, length=50),
    }
class Size(enum.Enum):
    S = 1
    M = 2
class User(Base):
    __tablename__ = "user"
    id: Mapped[pk]
    name: Mapped[str20]
    nick: Mapped[Optional[str20]]
    data: Mapped[dict[str, Any]]
    created: Mapped[stamp]
    seen: Mapped[Optional[stamp]]
    size: Mapped[Size]
    "a comment"
    unmapped: ClassVar[int] = 3
class Post(Base):
    __tablename__ = "post"
    id: Mapped[pk]
    user_id: Mapped[user_fk]
    editor_id: Mapped[Optional[int]] = mapped_column(ForeignKey("user.id"))
    user: Mapped["User"] = relationship(foreign_keys="Post.user_id")
""",
    "naming convention": """
metadata = MetaData(schema="app", naming_convention={
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s", "pk": "pk_%(table_name)s"})
class Base(DeclarativeBase):
    metadata = metadata
class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int] = mapped_column(index=True)
    y: Mapped[int] = mapped_column(unique=True)
    z: Mapped[int] = mapped_column(unique=True, index=True)
    __table_args__ = (UniqueConstraint("x", "y"), CheckConstraint("x > 0", name="positive"), Index(None, "x", "y"),
                      UniqueConstraint("x", "z", name="own_name"))
class B(Base):
    __tablename__ = "b"
    id: Mapped[int] = mapped_column(ForeignKey("app.a.id"), primary_key=True)
    p: Mapped[int]
    q: Mapped[int]
    __table_args__ = (ForeignKeyConstraint(["p", "q"], ["app.a.x", "app.a.y"], ondelete="SET NULL"),)
class C(Base):
    __tablename__ = "c"
    __table_args__ = {"schema": "other"}
    id: Mapped[int] = mapped_column(primary_key=True)
    a_very_long_column_name_that_makes_a_name_longer_than_the_database_allows: Mapped[int] = mapped_column(index=True)
""",
    "mixins": """
class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls):
        return cls.__name__.lower() + "s"
    @declared_attr.directive
    def __table_args__(cls):
        return (Index(f"ix_{cls.__name__}", "id"),)
class HasId:
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
class Stamped:
    created: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    updated: Mapped[Optional[datetime.datetime]]
    def touch(self): ...
class Owned:
    owner_label = "owner"
    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    @declared_attr
    def owner(cls):
        return relationship("User")
class User(HasId, Stamped, Base):
    name: Mapped[str]
    @hybrid_property
    def upper(self): return self.name
class Note(Owned, HasId, Stamped, Base):
    text: Mapped[str] = mapped_column("body", Text)
    alias = synonym("text")
    length = column_property(func.length(text))
    updated = None
class Abstract(HasId, Base):
    __abstract__ = True
    extra: Mapped[str] = mapped_column(String(4))
class Real(Abstract):
    __tablename__ = "real"
    __table_args__ = (UniqueConstraint("extra", name="uq_extra"), {"comment": "real things"})
""",
    "inheritance": """
class Base(DeclarativeBase): pass
class Stamped:
    at: Mapped[Optional[int]]
class Person(Stamped, Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}
class Engineer(Person):
    __tablename__ = "engineer"
    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    language: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "engineer"}
class Manager(Person):
    level: Mapped[Optional[int]] = mapped_column(index=True)
    start: Mapped[Optional[int]] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "manager"}
class Chief(Manager):
    start: Mapped[Optional[int]] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "chief"}
class Guest(Person):
    __tablename__ = "guest"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"concrete": True}
""",
    "tables": """
metadata = MetaData()
a = Table("a", metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(5), nullable=False, unique=True),
    Column("total", Integer, Computed("id * 2")),
    Column("state", Enum("x", "y", name="state_kind"), server_default="x"),
    CheckConstraint("id > 0", name="positive"),
    Index("ix_code_desc", desc("code"), "id"),
    schema="s", comment="first")
b = Table("b", metadata,
    Column("a_id", ForeignKey("s.a.id", ondelete="CASCADE", name="fk_a"), primary_key=True),
    Column("other_id", None, ForeignKey(a.c.id), primary_key=True),
    Column("x", Integer, Identity(always=True)))
Index("ix_expression", func.lower(a.c.code), unique=True, postgresql_where=a.c.id > 3)
UniqueConstraint(b.c.x, b.c.a_id, name="uq_late")
class Base(DeclarativeBase):
    metadata = metadata
class C(Base):
    __table__ = Table("c", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
mapper_registry = registry(metadata=metadata)
class Plain: pass
mapper_registry.map_imperatively(Plain, Table("plain", metadata, Column("id", Integer, primary_key=True)))
""",
    "old style": """
class Model:
    id = Column(Integer, primary_key=True, autoincrement=True)
    @declared_attr
    def __tablename__(cls):
        return "tbl_" + cls.__name__.lower()
    @classmethod
    def find(cls): ...
Base = declarative_base(cls=Model, metadata=MetaData(naming_convention={"pk": "%(table_name)s_pkey", "ix": "i_%(column_0_N_name)s"}))
class A(Base):
    name = Column("the_name", String(40), default="x", index=True)
    when = Column(DateTime(timezone=True), default=datetime.datetime.utcnow, server_default=text("now()"))
    big = deferred(Column(Text))
links = Table("links", Base.metadata, Column("a_id", ForeignKey("tbl_a.id")), Column("b_id", Integer, ForeignKey("tbl_b.id")),
    PrimaryKeyConstraint("a_id", "b_id", name="links_key"))
class B(Base):
    a_id = Column(ForeignKey(A.id), nullable=False)
    self_id = Column(Integer, ForeignKey("tbl_b.id"))
    a = relationship(A, backref="bs")
    __table_args__ = (Index("ix_both", a_id, self_id.desc()),)
""",
    "dataclasses and decorators": """
reg = registry(type_annotation_map={str: String(77)})
class Base(MappedAsDataclass, DeclarativeBase):
    registry = reg
class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(default=None)
    tags: Mapped[Optional[list[str]]] = mapped_column(ARRAY(String), default_factory=list)
@reg.mapped
class B:
    __tablename__ = "b"
    id = Column(Integer, primary_key=True)
    a_id = Column(ForeignKey(A.id))
@reg.mapped_as_dataclass
class C:
    __tablename__ = "c"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
@dataclasses.dataclass
class Point:
    x: int
    y: Optional[int]
class D(Base):
    __tablename__ = "d"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    start: Mapped[Point] = composite(mapped_column("x1"), mapped_column("y1"))
    end: Mapped[Point] = composite(mapped_column("x2", sa.SmallInteger), mapped_column("y2", nullable=False))
""",
    "own types": """
class Money(sa.TypeDecorator):
    impl = Numeric
    cache_ok = True
    def __init__(self, digits=2):
        super().__init__(12, digits)
class Guid(sa.TypeDecorator):
    impl = sa.CHAR(32)
    def load_dialect_impl(self, dialect):
        if dialect.name == "postgresql":
            return dialect.type_descriptor(UUID())
        return dialect.type_descriptor(sa.CHAR(32))
class Code(sa.TypeDecorator):
    impl = String
class IntEnum(sa.TypeDecorator):
    impl = sa.SmallInteger
    def __init__(self, kind, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
class Point(sa.types.UserDefinedType):
    cache_ok = True
    def __init__(self, precision=8):
        self.precision = precision
    def get_col_spec(self, **kw):
        return "POINT(%s)" % self.precision
class Long(Code):
    pass
class Kind(enum.IntEnum):
    a = 1
def key(**more):
    return mapped_column(BigInteger, primary_key=True, **more)
def name(length, required=True):
    return Column(String(length), nullable=not required)
class Base(DeclarativeBase): pass
class A(Base):
    __tablename__ = "a"
    id = key()
    a = Column(Money)
    b = Column(Money(4))
    c = Column(Guid)
    d = Column(Code(9))
    e = Column(IntEnum(Kind), nullable=False)
    f = Column(Point(3))
    g = Column(Long(length=3))
    h = name(10)
    i = name(length=11, required=False)
    j = Column(ARRAY(Code(2)))
for suffix in ("x", "y"):
    setattr(A, f"extra_{suffix}", Column(f"extra_{suffix}", Integer))
A.later = Column(Text)
""",
    "enumerations": """
class Base(DeclarativeBase): pass
class Status(str, enum.Enum):
    open = "Open"
    closed = "Closed"
class Level(enum.IntEnum):
    low = 1
    high = 2
values = lambda kind: [member.value for member in kind]
class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped[Status] = mapped_column(Enum(Status, values_callable=values, name="status_kind", create_constraint=True))
    b: Mapped[Level]
    c: Mapped[Status] = mapped_column(Enum(Status, native_enum=False, values_callable=lambda k: [m.value for m in k]))
    d = Column(Enum(*[status.value for status in Status], name="by_value"))
    e: Mapped[Status] = mapped_column(server_default=Status.open.name)
""",
    "init subclass": """
class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"})
    def __init_subclass__(cls, prefix="app", **kwargs):
        if "__tablename__" not in cls.__dict__:
            cls.__tablename__ = f"{prefix}_{cls.__name__.lower()}"
        super().__init_subclass__(**kwargs)
class First(Base):
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    slug: Mapped[str] = mapped_column(String(9), unique=True)
class Second(Base, prefix="other"):
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    first_id: Mapped[Optional[uuid.UUID]] = mapped_column(ForeignKey(First.id, ondelete="SET NULL", onupdate="CASCADE"), index=True)
""",
    "sqlmodel": """
from sqlmodel import Field, Relationship, SQLModel
metadata = SQLModel.metadata
class Kind(str, enum.Enum):
    a = "A"
    b = "B"
class HeroBase(SQLModel):
    name: str = Field(index=True)
    secret: str = Field(max_length=20, unique=True)
    age: Optional[int] = None
    kind: Kind = Kind.a
    price: decimal.Decimal = Field(default=0, max_digits=5, decimal_places=2)
class Team(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    label: str = Field(sa_column=Column("title", String(9), nullable=False, index=True))
    heroes: list["Hero"] = Relationship(back_populates="team")
class Hero(HeroBase, table=True):
    __tablename__ = "heroes"
    __table_args__ = (UniqueConstraint("name", "team_id", name="uq_name"),)
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    team_id: Optional[int] = Field(default=None, foreign_key="team.id", ondelete="SET NULL")
    team: Optional[Team] = Relationship(back_populates="heroes")
    data: dict = Field(default_factory=dict, sa_type=JSON)
    note: Optional[str] = Field(default=None, sa_column_kwargs={"server_default": "x", "comment": "c"})
    flag: bool = False
    size: float
    raw: bytes
    day: datetime.date
class HeroRead(HeroBase):
    id: int
""",
    "merged table arguments": """
class Base(DeclarativeBase): pass
class Slugged:
    slug: Mapped[str] = mapped_column(String(10))
    @declared_attr.directive
    def __table_args__(cls):
        return (UniqueConstraint("slug", name=f"uq_{cls.__tablename__}_slug"),)
class Checked:
    n: Mapped[int]
    @declared_attr.directive
    def __table_args__(cls):
        return (*super().__table_args__, CheckConstraint("n > 0", name="n_positive"))
class A(Checked, Slugged, Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
class B(Slugged, Base):
    __tablename__ = "b"
    id: Mapped[int] = mapped_column(primary_key=True)
    @declared_attr.directive
    def __table_args__(cls):
        return Slugged.__table_args__ + (Index("ix_b", "id", "slug", postgresql_using="hash"),) if False else (Index("ix_b", "id"), {"schema": "q"})
""",
}


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    made = types.ModuleType("oracle_models")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


@pytest.mark.parametrize("name", SNIPPETS)
@pytest.mark.filterwarnings("ignore")
def test_we_read_what_sqlalchemy_makes(name: str, module: types.ModuleType) -> None:
    source = IMPORTS + SNIPPETS[name]
    exec(compile(source, "oracle_models", "exec", dont_inherit=True), module.__dict__)
    sa.orm.configure_mappers()
    read = databases({"oracle_models.py": source})
    assert [database.unknowns for database in read if database.unknowns] == []
    ours = {key: value for database in read for key, value in our_tables(database).items()}
    theirs = {key: value for metadata in metadatas(module) for key, value in their_tables(metadata).items()}
    assert sorted(ours) == sorted(theirs)
    for table, facts in theirs.items():
        for part, expected in facts.items():
            assert ours[table][part] == expected, f"{part} of {table}"


def metadatas(module: types.ModuleType) -> list[sa.MetaData]:
    found = []
    for value in module.__dict__.values():
        metadata = value if isinstance(value, sa.MetaData) else getattr(value, "metadata", None)
        if isinstance(metadata, sa.MetaData) and metadata not in found:
            found.append(metadata)
    return found


def their_tables(metadata: sa.MetaData) -> dict[str, dict[str, Any]]:
    dialect = postgresql.dialect()
    preparer = dialect.identifier_preparer
    result = {}
    for table in metadata.tables.values():
        constraints = table.constraints
        facts: dict[str, Any] = {
            "columns": {column.name: (their_type(column, dialect), column.nullable, column.primary_key) for column in table.columns},
            "foreign keys": sorted(
                (
                    real_name(preparer, key), tuple(key.column_keys), key.referred_table.fullname,
                    tuple(element.column.name for element in key.elements), key.ondelete, key.onupdate,
                )
                for key in constraints if isinstance(key, sa.ForeignKeyConstraint)
            ),
            "uniques": sorted((real_name(preparer, key), tuple(column.name for column in key.columns))
                              for key in constraints if type(key) is sa.UniqueConstraint),
            "indexes": sorted((str(real_name(preparer, index)), len(index.expressions), bool(index.unique)) for index in table.indexes),
            "checks": sorted(str(check.sqltext) for check in [*constraints, *(one for column in table.columns for one in column.constraints)]
                             if isinstance(check, sa.CheckConstraint) and not getattr(check, "_type_bound", False)),
            "primary key": (real_name(preparer, table.primary_key), tuple(column.name for column in table.primary_key)),
            "comment": table.comment,
        }  # fmt: skip
        result[table.fullname] = facts
    return result


def their_type(column: sa.Column[Any], dialect: sa.Dialect) -> str:
    """PostgreSQL knows no difference between these; SQLAlchemy 2.0 writes a Python float in one way, 2.1 in the other."""
    text = column.type.compile(dialect).replace("INTERVAL (", "INTERVAL(")
    return "FLOAT" if text == "DOUBLE PRECISION" and isinstance(column.type, sa.Float) and column.name == "av" else text


def real_name(preparer: Any, constraint: Any) -> str:
    name = None if constraint.name is None else preparer.format_constraint(constraint)
    return "" if name is None else name.strip('"')


def our_tables(database: Database) -> dict[str, dict[str, Any]]:
    def arrived(name: str | None) -> str:
        return kept_name(name or "", "postgresql")

    result = {}
    for table in database.tables:
        key = table.primary_key
        result[table.full_name] = {
            "columns": {column.name: (column.type.sql, column.nullable, column.primary_key) for column in table.columns},
            "foreign keys": sorted(
                (
                    arrived(key.name), key.columns, f"{key.target_schema}.{key.target_table}" if key.target_schema else key.target_table,
                    key.target_columns, key.ondelete, key.onupdate,
                )
                for key in table.foreign_keys
            ),
            "uniques": sorted((arrived(unique.name), unique.columns) for unique in table.uniques),
            "indexes": sorted((arrived(index.name), len(index.columns or ()), index.unique) for index in table.indexes),
            "checks": sorted(str(check.expression) for check in table.checks),
            "primary key": (arrived(key.name), key.columns) if key else ("", ()),
            "comment": table.comment,
        }  # fmt: skip
    return result
