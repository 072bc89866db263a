"""The proof of a revision as it is written: its own steps, on SQLite in memory and on real servers."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lsp_server.agent.proving import RevisionProof, prove_revision
from lsp_server.config import Config
from lsp_server.database.migration.row_statements import read_row_statements
from lsp_server.database.model import Column, ColumnType, Database, Table
from lsp_server.document import Document, Documents
from lsp_server.snapshot import Snapshot
from tests.shadow.servers import find, server_url

FIRST = """
    revision = "a1"
    down_revision = None

    from alembic import op
    import sqlalchemy as sa

    def upgrade():
        op.create_table("book", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("title", sa.String(100), nullable=False),
                        sa.Column("price", sa.Integer(), nullable=True))
        op.create_table("author", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))

    def downgrade():
        op.drop_table("author")
        op.drop_table("book")
"""


def revision(upgrade: str, downgrade: str) -> str:
    def body(code: str) -> str:
        return textwrap.indent(textwrap.dedent(code).strip(), "    ")

    head = 'revision = "b2"\ndown_revision = "a1"\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\n'
    return f"{head}def upgrade():\n{body(upgrade)}\n\n\ndef downgrade():\n{body(downgrade)}\n"


def snapshot(text: str, dialect: str, folder: Path | None = None) -> Snapshot:
    texts = {"alembic.ini": "[alembic]\nscript_location = m\n", "m/env.py": "from alembic import context\ncontext.configure()\n",
             "m/versions/a1.py": textwrap.dedent(FIRST), "m/versions/b2.py": text}  # fmt: skip
    documents = Documents({path: Document(path, content) for path, content in texts.items()})
    made = Snapshot(documents, Config(dialect=dialect))
    if folder is not None:
        made.find_scratch = find(server_url("mysql" if dialect == "mariadb" else dialect), folder)
    return made


@pytest.fixture(params=["sqlite", "postgresql in memory", "postgresql", "mysql"])
def prove(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    dialect, _, memory = request.param.partition(" ")
    folder = None if memory or dialect == "sqlite" else tmp_path
    if folder is not None:
        server_url(dialect)

    def proved(upgrade: str, downgrade: str) -> RevisionProof:
        return prove_revision(snapshot(revision(upgrade, downgrade), dialect, folder), "m/versions/b2.py")

    return proved


def test_a_column_and_its_values(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove(
        """
        op.add_column("book", sa.Column("cents", sa.Integer(), nullable=True))
        op.execute("UPDATE book SET cents = price * 100")
        """,
        'op.drop_column("book", "cents")',
    )
    assert found.holds, found.lines()
    assert found.proof.proved == (
        "the upgrade gives the schema that its text says", "rows that it does not change are kept", "the downgrade gives the schema before",
        "rows kept on the way back", "a second upgrade works",
    )  # fmt: skip


def test_rows_that_stop_it(prove) -> None:  # type: ignore[no-untyped-def]
    """Two rows are there: a column that must have a value and gets none cannot be added."""
    found = prove('op.add_column("book", sa.Column("isbn", sa.String(13), nullable=False))', 'op.drop_column("book", "isbn")')
    if "MariaDB" in found.proof.where:
        assert found.holds, "it gives them an empty text by itself"
    else:
        assert any(line.startswith("failed: the upgrade: ") for line in found.lines()), found.lines()


def test_sql_that_is_wrong(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove('op.execute("UPDATE book SET titel = 1")', "pass")
    assert not found.holds or "SQLite does not know how" in " ".join(found.lines())


def test_a_downgrade_that_does_not_reverse(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove('op.add_column("book", sa.Column("isbn", sa.String(13)))', "pass")
    assert not found.holds and "wrong: the downgrade does not reverse the upgrade: the column book.isbn is left over" in found.lines()


def test_a_downgrade_that_is_not_there(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove('op.add_column("book", sa.Column("isbn", sa.String(13)))', "raise NotImplementedError")
    assert not found.holds and "wrong: the downgrade raises" in found.lines()


def test_all_rows_of_a_table_go(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove('op.execute("DELETE FROM author")', "pass")
    assert not found.holds and "failed: the upgrade deletes all rows of author" in found.lines()


@pytest.mark.parametrize(
    "harm",
    [
        'op.execute("TRUNCATE TABLE author")',
        'op.execute("COPY author TO PROGRAM \'touch /tmp/harm\'")',
        'op.execute("UPDATE book SET title = pg_read_file(\'/etc/passwd\')")',
        'op.execute("UPDATE book SET title = load_file(\'/etc/passwd\')")',
        'op.execute("INSERT INTO book (id, title) SELECT 9, usename FROM pg_shadow")',
        'op.execute("UPDATE other.book SET title = \'x\'")',
        'op.execute("DELETE FROM mysql.user")',
        'op.execute("DELETE FROM author WHERE id = 1; VACUUM")',
        'op.execute("GRANT ALL ON book TO PUBLIC")',
        'op.execute("UPDATE book SET title = dblink_exec(\'dbname=x\', \'DROP TABLE y\')")',
        'op.get_bind().execute(sa.text("UPDATE book SET title = :t"), {"t": load()})',
        'op.execute(open("x.sql").read())',
        'op.bulk_insert(sa.table("book", sa.column("id")), load())',
    ],
)
def test_what_is_more_than_a_change_of_rows_never_runs(prove, harm: str) -> None:  # type: ignore[no-untyped-def]
    found = prove(harm, "pass")
    assert not found.holds
    assert any("op.execute with plain INSERT, UPDATE or DELETE" in line for line in found.lines()), found.lines()


def test_what_no_schema_shows_is_named(prove) -> None:  # type: ignore[no-untyped-def]
    found = prove('op.execute("ALTER TABLE book OWNER TO somebody")', "pass")
    assert any(line.startswith("not proved: what ALTER TABLE book OWNER TO somebody changes") for line in found.lines())


def test_what_stood_there_before_is_named_and_no_problem() -> None:
    """A rollback is written for a revision whose upgrade nobody can read: that is said, not held against it."""
    upgrade = 'op.add_column("book", sa.Column("isbn", sa.String(13)))\nop.get_bind().execute(sa.text("UPDATE book SET isbn = :t"), {"t": load()})'
    before = snapshot(revision(upgrade, "pass"), "sqlite")
    after = snapshot(revision(upgrade, 'op.drop_column("book", "isbn")'), "sqlite")
    assert prove_revision(after, "m/versions/b2.py", before).holds
    assert not prove_revision(after, "m/versions/b2.py").holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("revision = 'b2'\ndown_revision = 'a1'\ndef upgrade(:\n  pass\n", "line 3 is not Python"),
        ("x = 1\n", "no migration history has a revision in this file"),
        (revision('op.drop_column("book", "nothing")', "pass"), "the database would refuse the upgrade"),
        (revision("pass", "pass").replace('"a1"', '"a0"'), "wrong: "),
    ],
)
def test_revisions_that_cannot_run(text: str, said: str) -> None:
    found = prove_revision(snapshot(text, "sqlite"), "m/versions/b2.py")
    assert not found.holds and any(said in line for line in found.lines()), found.lines()


BOOKS = Database("x", (Table("book", columns=(Column("id", ColumnType("INTEGER")), Column("title", ColumnType("TEXT")))),))


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE book SET title = lower(title) WHERE id > 3",
        "UPDATE book SET title = coalesce(title, 'x') || id::text",
        "INSERT INTO book (id, title) VALUES (1, 'it''s; fine')",
        "INSERT INTO book (id) SELECT id + 1 FROM book",
        "DELETE FROM book WHERE id IN (SELECT id FROM book GROUP BY id HAVING count(*) > 1)",
        "WITH twice AS (SELECT id, row_number() OVER (PARTITION BY title) AS n FROM book) DELETE FROM book USING twice WHERE twice.id = book.id AND n > 1",
        "UPDATE public.book SET title = CASE WHEN id = 1 THEN now()::text ELSE gen_random_uuid()::text END",
    ],
)
def test_changes_of_rows_are_read(text: str) -> None:
    read = read_row_statements(text, BOOKS, "postgresql")
    assert not isinstance(read, str), read
    assert read.tables == ("book",)


def test_a_view_is_made_as_it_is_written(prove) -> None:  # type: ignore[no-untyped-def]
    assert prove('op.execute("CREATE VIEW titles AS SELECT title FROM book")', 'op.execute("DROP VIEW titles")').holds
    assert not prove('op.execute("CREATE VIEW titles AS SELECT title FROM book")', "pass").holds


def test_a_view_does_not_step_aside_by_itself(tmp_path: Path) -> None:
    upgrade = """
        op.execute("CREATE VIEW titles AS SELECT title FROM book")
        op.alter_column("book", "title", type_=sa.Text())
    """
    downgrade = """
        op.execute("DROP VIEW titles")
        op.alter_column("book", "title", type_=sa.String(100))
    """
    text = revision(upgrade, downgrade)
    found = prove_revision(snapshot(text, "postgresql", tmp_path), "m/versions/b2.py")
    assert found is not None and any("cannot alter type of a column used by a view" in line for line in found.lines()), found


def test_on_mysql_a_view_of_another_database_is_not_tried(tmp_path: Path) -> None:
    text = revision('op.execute("CREATE VIEW stolen AS SELECT * FROM mysql.user")', 'op.execute("DROP VIEW stolen")')
    found = prove_revision(snapshot(text, "mysql", tmp_path), "m/versions/b2.py")
    assert found is not None and any("a table of another database" in line for line in found.lines())
