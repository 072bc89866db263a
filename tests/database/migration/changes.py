"""Changes of a small schema that migrations are planned for: a name, the schema before, the schema after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    Default,
    EnumType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)

INTEGER = ColumnType("INTEGER")
BIGINT = ColumnType("BIGINT")
TEXT = ColumnType("TEXT")
BOOLEAN = ColumnType("BOOLEAN")
DATE = ColumnType("DATE")
MOMENT = ColumnType("TIMESTAMP WITHOUT TIME ZONE")


def varchar(length: int | None = None) -> ColumnType:
    return ColumnType("VARCHAR", (length,) if length else ())


def choice(*values: str) -> ColumnType:
    return ColumnType("VARCHAR", (9,), EnumType("kind", values, native=False, create_constraint=True))


def key() -> Column:
    return Column("id", INTEGER, nullable=False, primary_key=True)


def table(name: str, *parts: object) -> Table:
    """A table with a key called id, and these columns, constraints and indexes."""

    def of(sort: type) -> tuple:
        return tuple(part for part in parts if isinstance(part, sort))

    own_key = next(iter(of(PrimaryKey)), PrimaryKey(("id",)))
    columns = of(Column) if own_key.columns != ("id",) else (key(), *of(Column))
    return Table(
        name,
        columns=columns,
        primary_key=own_key,
        foreign_keys=of(ForeignKey),
        uniques=of(Unique),
        indexes=of(Index),
        checks=of(Check),
        exclusions=of(Exclusion),
    )


def schema(*tables: Table) -> Database:
    return Database("app.models", tables)


@dataclass(frozen=True)
class Change:
    name: str
    before: Database
    after: Database

    def __str__(self) -> str:
        return self.name


AUTHOR = table("author", Column("name", varchar(80), nullable=False))
TITLE = Column("title", varchar(80), nullable=False)
PAGES = Column("pages", INTEGER)
AUTHOR_ID = Column("author_id", INTEGER)
TO_AUTHOR = ForeignKey(("author_id",), "author", ("id",))
BOOK = table("book", TITLE, PAGES)
WRITTEN = table("book", TITLE, PAGES, AUTHOR_ID, TO_AUTHOR)


def book(*parts: object) -> Database:
    return schema(AUTHOR, table("book", TITLE, PAGES, *parts))


def retyped(old: ColumnType, new: ColumnType, **more: object) -> tuple[Database, Database]:
    column = Column("extra", old, **more)  # type: ignore[arg-type]
    return book(column), book(replace(column, type=new))


def changes() -> Iterator[Change]:
    plain = book()
    for name, column in {
        "nullable column added": Column("isbn", varchar(13)),
        "required column added, the model has a default": Column("kind", varchar(9), False, default=Default("constant", None, "paper")),
        "required column added, the database has a default": Column("stock", INTEGER, False, server_default=Default("constant", "'0'", "0")),
        "required column added, no value known": Column("isbn", varchar(13), nullable=False),
        "column added with a moment as default": Column("made", MOMENT, False, server_default=Default("sql", "now()")),
        "boolean column added": Column("sold", BOOLEAN, False, default=Default("constant", None, False)),
        "generated column added": Column("double_pages", INTEGER, computed="pages * 2"),
        "reserved word added": Column("order", INTEGER),
        "capitals added": Column("shelfMark", varchar(9), False, default=Default("constant", None, "A")),
    }.items():
        yield Change(name, plain, book(column))
    yield Change("nullable column dropped", book(Column("isbn", varchar(13))), plain)
    yield Change("required column dropped", book(Column("isbn", varchar(13), nullable=False)), plain)
    note = Column("isbn", varchar(13))
    yield Change("column with an index dropped", book(note, Index("ix_book_isbn", ("isbn",))), plain)
    yield Change("column with a unique constraint dropped", book(note, Unique(("isbn",))), plain)
    yield Change("column with a foreign key dropped", schema(AUTHOR, WRITTEN), schema(AUTHOR, BOOK))
    yield Change("column renamed", book(Column("phone", varchar(20))), book(Column("phone_number", varchar(20))))
    yield Change("two columns renamed", *(
        book(Column(f"{prefix}_name", varchar(20)), Column(f"{prefix}_age", INTEGER)) for prefix in ("first", "the_first")
    ))
    yield Change("table renamed", schema(AUTHOR, WRITTEN), schema(replace(AUTHOR, name="book_author"), replace(
        WRITTEN, foreign_keys=(replace(TO_AUTHOR, target_table="book_author"),)
    )))
    yield Change("text grows", *retyped(varchar(20), varchar(200)))
    yield Change("text shrinks", *retyped(varchar(200), varchar(20)))
    yield Change("text without an end", *retyped(varchar(20), TEXT))
    yield Change("number grows", *retyped(INTEGER, BIGINT))
    yield Change("number to text", *retyped(INTEGER, varchar(20)))
    yield Change("text to number", *retyped(varchar(20), INTEGER))
    yield Change("number to yes and no", *retyped(INTEGER, BOOLEAN))
    yield Change("day to moment", *retyped(DATE, MOMENT))
    yield Change("precision changed", *retyped(ColumnType("NUMERIC", (8, 2)), ColumnType("NUMERIC", (12, 4))))
    yield Change("choice added to a checked text", *retyped(choice("paper", "audio"), choice("paper", "audio", "screen")))
    loose = Column("isbn", varchar(13), default=Default("constant", None, "-"))
    yield Change("column tightened, with a default", book(loose), book(replace(loose, nullable=False)))
    bare = Column("isbn", varchar(13))
    yield Change("column tightened, no value known", book(bare), book(replace(bare, nullable=False)))
    yield Change("column loosened", book(replace(bare, nullable=False)), book(bare))
    for name, pair in {
        "default added": (None, Default("constant", "'x'", "x")),
        "default changed": (Default("constant", "'x'", "x"), Default("constant", "'y'", "y")),
        "default removed": (Default("constant", "'x'", "x"), None),
    }.items():
        yield Change(name, *(book(replace(bare, server_default=default)) for default in pair))
    yield Change("table created", schema(AUTHOR), schema(AUTHOR, WRITTEN))
    yield Change("table dropped", schema(AUTHOR, WRITTEN), schema(AUTHOR))
    yield Change("two tables dropped", schema(AUTHOR, WRITTEN, BOOK_TAG), schema(AUTHOR))
    yield Change("tables that refer to each other", schema(), schema(*CIRCLE))
    yield Change("tables that referred to each other", schema(*CIRCLE), schema())
    yield Change("join table created", schema(AUTHOR, BOOK), schema(AUTHOR, BOOK, JOIN))
    free = table("book", TITLE, PAGES, AUTHOR_ID)
    yield Change("foreign key added", schema(AUTHOR, free), schema(AUTHOR, WRITTEN))
    yield Change("foreign key dropped", schema(AUTHOR, WRITTEN), schema(AUTHOR, free))
    cascading = replace(WRITTEN, foreign_keys=(replace(TO_AUTHOR, ondelete="CASCADE"),))
    yield Change("foreign key cascades", schema(AUTHOR, WRITTEN), schema(AUTHOR, cascading))
    yield Change("table refers to itself", plain, book(Column("sequel", INTEGER), ForeignKey(("sequel",), "book", ("id",))))
    yield Change("unique constraint added", plain, book(Unique(("title",), "uq_book_title")))
    yield Change("unnamed unique constraint added", plain, book(Unique(("title",))))
    yield Change("unique constraint dropped", book(Unique(("title",), "uq_book_title")), plain)
    yield Change("unnamed unique constraint dropped", book(Unique(("title",))), plain)
    yield Change("unique constraint over more columns", book(Unique(("title",), "uq")), book(Unique(("title", "pages"), "uq")))
    yield Change("unique constraint to unique index", book(Unique(("title",), "uq_book")), book(Index("ix_book", ("title",), unique=True)))
    yield Change("index added", plain, book(Index("ix_book_title", ("title",))))
    yield Change("index renamed", book(Index("ix_book", ("title",))), book(Index("ix_book_title", ("title",))))
    yield Change("index on an expression", plain, book(Index("ix_lower", ("lower(title)",), expressions=(True,))))
    yield Change("partial index changed", *(book(Index("ix_thick", ("title",), where=f"pages > {limit}")) for limit in (9, 99)))
    yield Change("check added", plain, book(Check("pages > 0", "ck_pages")))
    yield Change("check changed", book(Check("pages > 0", "ck_pages")), book(Check("pages > 1", "ck_pages")))
    yield Change("unnamed check dropped", book(Check("pages > 0")), plain)
    yield Change("column beside an expression's index retyped", *(
        book(Column("extra", of), Index("ix_lower", ("lower(title)",), expressions=(True,)), Check("pages > 0", "ck"))
        for of in (INTEGER, TEXT)
    ))
    pair = (Column("a", INTEGER, False, True), Column("b", INTEGER, False))
    composite = (pair[0], replace(pair[1], primary_key=True))
    yield Change("primary key grows", schema(table("pair", *pair, PrimaryKey(("a",)))), schema(table("pair", *composite, PrimaryKey(("a", "b")))))
    yield Change("much at once", schema(AUTHOR, WRITTEN), schema(AUTHOR, BOOK_TAG, replace(
        cascading,
        columns=(key(), replace(TITLE, type=TEXT), AUTHOR_ID, Column("isbn", varchar(13), False, default=Default("constant", None, "-"))),
        uniques=(Unique(("isbn", "title")),),
        indexes=(Index("ix_book_isbn", ("isbn",)),),
        checks=(Check("length(isbn) < 14", "ck_isbn"),),
    )))


BOOK_TAG = table("tag", Column("book_id", INTEGER), ForeignKey(("book_id",), "book", ("id",), ondelete="CASCADE"))
CIRCLE = (
    table("hen", Column("egg_id", INTEGER), ForeignKey(("egg_id",), "egg", ("id",))),
    table("egg", Column("hen_id", INTEGER), ForeignKey(("hen_id",), "hen", ("id",))),
)
JOIN = table(
    "authorship",
    Column("author_id", INTEGER, False, True),
    Column("book_id", INTEGER, False, True),
    PrimaryKey(("author_id", "book_id")),
    ForeignKey(("author_id",), "author", ("id",)),
    ForeignKey(("book_id",), "book", ("id",)),
)
ALL = tuple(changes())
