"""What models declare beside tables: views in all the ways there are, sequences, schemas, exclusion constraints."""

from __future__ import annotations

import pytest

from lsp_server.database.model import Database, Identity
from lsp_server.unknown import Unknown
from tests.database.test_sqlalchemy import BASE, databases

MODELS = BASE + """
from sqlalchemy import CreateView, DDL, Sequence, event, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))

class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("author.id"))
    pages = Column(Integer)
"""


def read(source: str, **more: str) -> Database:
    (database, *_) = databases({"models.py": MODELS + source, **{f"{name}.py": text for name, text in more.items()}})
    return database


def views(source: str) -> dict[str, object]:
    return {view.full_name: view.query for view in read(source).views}


@pytest.mark.parametrize(
    "declared",
    [
        "event.listen(Base.metadata, 'after_create', DDL('CREATE VIEW names AS SELECT name FROM author'))",
        "for name in ['names']:\n    event.listen(Base.metadata, 'after_create', DDL(f'CREATE VIEW {name} AS SELECT name FROM author'))",
        "event.listen(Author.__table__, 'after_create', DDL('CREATE VIEW names AS SELECT name FROM author'))",
        "@event.listens_for(Base.metadata, 'after_create')\ndef make(target, connection, **more):\n"
        "    connection.execute(text('CREATE VIEW names AS SELECT name FROM author'))",
        "def make(target, connection, **more):\n    connection.execute(DDL('CREATE VIEW names AS SELECT name FROM author'))\n"
        "event.listen(Base.metadata, 'after_create', make)",
        "CreateView(text('SELECT name FROM author'), 'names', metadata=Base.metadata)",
        "from sqlalchemy_utils import create_view\ncreate_view('names', text('SELECT name FROM author'), Base.metadata)",
        "class CreateMyView(DDLElement):\n    def __init__(self, name, selectable):\n        self.name = name\n        self.selectable = selectable\n"
        "event.listen(Base.metadata, 'after_create', CreateMyView('names', text('SELECT name FROM author')))",
    ],
)
def test_ways_to_declare_a_view(declared: str) -> None:
    assert views("from sqlalchemy.schema import DDLElement\n" + declared) == {"names": "SELECT name FROM author"}


def test_a_view_for_one_database_only() -> None:
    (view,) = read("event.listen(Base.metadata, 'after_create', DDL('CREATE VIEW v AS SELECT 1').execute_if(dialect='postgresql'))").views
    assert view.dialects == ("postgresql",)


def test_what_is_said_when_tables_go_makes_no_view() -> None:
    assert views("event.listen(Base.metadata, 'before_drop', DDL('CREATE VIEW v AS SELECT 1'))") == {}


def test_a_table_that_maps_a_view() -> None:
    source = "class Seen(Base):\n    __tablename__ = 'seen'\n    __table_args__ = {'info': {'is_view': True}}\n    id = Column(Integer, primary_key=True)\n"
    (view,) = read(source).views
    assert view.name == "seen" and isinstance(view.query, Unknown)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("select(Author.id, Author.name)", "SELECT author.id, author.name FROM author"),
        ("select(Author)", "SELECT author.id, author.name FROM author"),
        ("select(Author.name.label('who')).where(Author.id > 1)", "SELECT author.name AS who FROM author WHERE author.id > 1"),
        ("select(Book.__table__.c.pages)", "SELECT book.pages FROM book"),
        (
            "select(Author.name, func.sum(Book.pages).label('pages')).join(Book, Book.author_id == Author.id).group_by(Author.name)",
            "SELECT author.name, sum(book.pages) AS pages FROM author JOIN book ON book.author_id = author.id GROUP BY author.name",
        ),
        (
            "select(Author.id).where((Author.id > 1) & (Author.name != 'it\\'s')).order_by(Author.name.desc())",
            "SELECT author.id FROM author WHERE author.id > 1 AND author.name != 'it''s' ORDER BY author.name DESC",
        ),
        ("select(Author.id).where(Author.name.is_not(None)).distinct()", "SELECT DISTINCT author.id FROM author WHERE author.name IS NOT NULL"),
        ("select(Author.id).where(Author.name.in_(['a', 'b']))", "SELECT author.id FROM author WHERE author.name IN ('a', 'b')"),
    ],
)
def test_a_query_in_python(query: str, text: str) -> None:
    assert views(f"CreateView({query}, 'v', metadata=Base.metadata)") == {"v": text}


@pytest.mark.parametrize(
    "query",
    [
        "select(Author.id).where(Author.name == None)",
        "select(Author.id).where(make_condition())",
        "select(Author.id).limit(3)",
        "select(Author.id, case((Author.id > 1, 'a'), else_='b'))",
        "select(Author.name).join(Book)",
        "select(Author.id).where(Author.name.ilike('a%'))",
        "union(select(Author.id), select(Book.id))",
    ],
)
def test_a_query_that_is_not_understood_to_the_last_word(query: str) -> None:
    (found,) = views(f"CreateView({query}, 'v', metadata=Base.metadata)").values()
    assert isinstance(found, Unknown)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("number = Sequence('number', start=5, increment=2, metadata=Base.metadata)", {"number": Identity(start=5, increment=2)}),
        ("class Bill(Base):\n    __tablename__ = 'bill'\n    id = Column(Integer, Sequence('bills', cycle=True), primary_key=True)",
         {"bills": Identity(cycle=True)}),
        ("class Bill(Base):\n    __tablename__ = 'bill'\n    id = Column(Integer, primary_key=True)\n"
         "    number = Column(Integer, default=Sequence('numbers', schema='s'))", {"s.numbers": Identity()}),
        ("class Bill(Base):\n    __tablename__ = 'bill'\n    id = Column(Integer, Sequence('bills', optional=True), primary_key=True)", {}),
        ("number = Sequence('number')", {}),
    ],
)  # fmt: skip
def test_sequences(declared: str, expected: dict[str, Identity]) -> None:
    assert {sequence.full_name: sequence.options for sequence in read(declared).sequences} == expected


def test_a_default_that_asks_a_sequence() -> None:
    source = "class Bill(Base):\n    __tablename__ = 'bill'\n    id = Column(Integer, primary_key=True)\n"
    source += "    number = Column(Integer, server_default=Sequence('Bills', schema='s').next_value())\n"
    column = next(table for table in read(source).tables if table.name == "bill").column("number")
    assert column is not None and getattr(column.server_default, "text", None) == "nextval('s.\"Bills\"')"


def test_schemas_that_the_models_make() -> None:
    assert read("event.listen(Base.metadata, 'before_create', DDL('CREATE SCHEMA IF NOT EXISTS audit'))").made_schemas == ("audit",)


def test_exclusion_constraints() -> None:
    source = "class Stay(Base):\n    __tablename__ = 'stay'\n    id = Column(Integer, primary_key=True)\n    room = Column(Integer)\n"
    source += "    __table_args__ = (ExcludeConstraint((Column('room'), '='), ('id', '<>'), name='x', where=text('room > 1')),)\n"
    (exclusion,) = next(table for table in read(source).tables if table.name == "stay").exclusions
    assert exclusion.elements == (("room", "="), ("id", "<>"))
    assert (exclusion.name, exclusion.method, exclusion.where) == ("x", "gist", "room > 1")
