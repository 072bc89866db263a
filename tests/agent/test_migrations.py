"""Migrations in the draft, and the order of work that code holds: models, the migration, its proof, and only then the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.bench import Workbench
from tests.agent.benches import bench_of, bookshop, call, disk, project, refused

ROUTE = "app/api/routes/authors.py"
LANGUAGE = "migrations/versions/20240821_e91f4c60a8b7_add_the_language_of_a_book.py"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bookshop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def bench(shop: Path) -> Workbench:
    return bench_of(shop)


def add_column(bench: Workbench) -> None:
    call(bench, "insert_after_symbol", path="app/models/author.py", name="Author.name", text="born: Mapped[int | None]")


def write(bench: Workbench) -> str:
    """Write the migration; gives its path."""
    return call(bench, "write_migration", title="Years of birth").split(":")[0]


def may_write_code(bench: Workbench) -> bool:
    kept = bench.draft.copy()
    try:
        call(bench, "create_file", path="app/services/births.py", text="x = 1\n")
    except Exception:
        return False
    bench.draft.restore(kept)
    return True


def test_drift_that_was_there_before_stops_nobody(bench: Workbench) -> None:
    assert may_write_code(bench)


def test_the_order_from_model_to_code(bench: Workbench) -> None:
    add_column(bench)
    said = refused(bench, "edit_file", path=ROUTE, old_text="router =", new_text="# x\nrouter =")
    assert "column authors born" in said and "phone" not in said and "write_migration" in said
    path = write(bench)
    assert may_write_code(bench), "a migration that was planned is proved when it is written"
    call(bench, "edit_file", path=path, old_text="Years of birth", new_text="Years in which authors were born")
    assert "prove_migration" in refused(bench, "edit_file", path=ROUTE, old_text="router =", new_text="# x\nrouter =")
    assert "the proof holds" in call(bench, "prove_migration")
    assert may_write_code(bench)
    call(bench, "insert_after_symbol", path="app/models/author.py", name="Author.name", text="died: Mapped[int | None]")
    assert not may_write_code(bench), "the models have gone ahead again"


def test_what_may_be_written_before_the_migration(bench: Workbench) -> None:
    add_column(bench)
    call(bench, "edit_file", path="app/models/base.py", old_text="class Base", new_text="# x\nclass Base")
    call(bench, "edit_file", path="app/models/__init__.py", old_text="__all__", new_text="# x\n__all__")
    call(bench, "edit_file", path="openapi.yaml", old_text="openapi:", new_text="# x\nopenapi:")
    call(bench, "edit_file", path="README.md", old_text="# Bookshop", new_text="# The bookshop")
    call(bench, "edit_file", path="migrations/env.py", old_text="from alembic", new_text="# x\nfrom alembic")
    call(bench, "create_file", path="docs/decisions.txt", text="x\n")
    call(bench, "create_file", path="app/models/prize.py", text="from sqlalchemy.orm import Mapped, mapped_column\nfrom app.models.base import Base\n\n\n"
         "class Prize(Base):\n    __tablename__ = 'prizes'\n    id: Mapped[int] = mapped_column(primary_key=True)\n")  # fmt: skip
    for path in ("app/services/x.py", "tests/test_x.py", "app/models/routes.py", "Dockerfile", "settings.toml", "data.json"):
        assert "not yet" in refused(bench, "create_file", path=path, text="x = 1\n")


def test_a_finding_of_the_task_holds_the_order_too(shop: Path) -> None:
    plain = bench_of(shop)
    line = next(line for line in call(plain, "list_findings", rule="model-change-without-migration").split("\n") if "phone" in line)
    bench = bench_of(shop, findings=(line.rpartition("(finding ")[2][:16],))
    said = refused(bench, "create_file", path="app/services/x.py", text="x = 1\n")
    assert "column customers phone" in said and "reviews" not in said
    write(bench)
    assert may_write_code(bench)


def test_a_revision_without_proof_stops_the_rest(bench: Workbench) -> None:
    add_column(bench)
    text = ('revision = "aa11"\ndown_revision = "270b8fd5934e"\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\ndef upgrade() -> None:\n'
            '    op.add_column("authors", sa.Column("born", sa.Integer()))\n\n\ndef downgrade() -> None:\n    pass\n')  # fmt: skip
    path = "migrations/versions/aa11_born.py"
    call(bench, "create_file", path=path, text=text)
    said = call(bench, "prove_migration", path=path)
    assert "no proof" in said and "authors.born is left over" in said
    assert path in refused(bench, "create_file", path="app/services/x.py", text="x = 1\n")
    assert "the proof holds" in call(bench, "add_downgrade", path=path)
    assert 'drop_column("born")' in bench.draft.read(path) or 'drop_column("authors", "born")' in bench.draft.read(path)
    assert may_write_code(bench)


def test_a_table_that_is_dropped_on_the_way(bench: Workbench) -> None:
    """A revision may say what it likes: the models still want the table, and no code follows."""
    text = ('revision = "aa11"\ndown_revision = "270b8fd5934e"\n\nfrom alembic import op\n\n\ndef upgrade() -> None:\n'
            '    op.drop_table("reviews")\n\n\ndef downgrade() -> None:\n    pass\n')  # fmt: skip
    call(bench, "create_file", path="migrations/versions/aa11_drop.py", text=text)
    assert "no proof" in call(bench, "prove_migration")
    assert not may_write_code(bench)
    assert "[model-change-without-migration]" in call(bench, "list_findings", only_new=True)


def test_planning_writes_nothing(bench: Workbench) -> None:
    add_column(bench)
    said = call(bench, "plan_migration")
    assert "add authors.born" in said and "proof on " in said and "after 270b8fd5934e" in said
    assert bench.draft.changed == ("app/models/author.py",)


def test_the_migration_in_the_projects_own_way(bench: Workbench) -> None:
    before = disk(bench.root)
    add_column(bench)
    path = write(bench)
    assert path.startswith("migrations/versions/20260102_") and path.endswith("_years_of_birth.py")
    text = bench.draft.read(path)
    assert text.startswith('"""Years of birth\n') and "Proof: on " in text and 'down_revision: Union[str, Sequence[str], None] = "270b8fd5934e"' in text
    assert "nothing to migrate" in call(bench, "plan_migration")
    assert "nothing to migrate" in refused(bench, "write_migration")
    assert disk(bench.root) == before


def test_an_open_question_is_asked_and_answered(bench: Workbench) -> None:
    call(bench, "edit_file", path="app/models/author.py", old_text="biography: Mapped[str | None] = mapped_column(Text)", new_text="life: Mapped[str | None] = mapped_column(Text)")
    said = refused(bench, "write_migration")
    assert "a question first" in said and '{"rename_columns": {"authors.biography": "life"}}' in said
    assert '{"rename_columns": {"authors.biography": null}}' in call(bench, "plan_migration")
    path = call(bench, "write_migration", answers={"rename_columns": {"authors.biography": "life"}}).split(":")[0]
    assert "new_column_name=\"life\"" in bench.draft.read(path) and "drop_column(\"biography\")" not in bench.draft.read(path)


@pytest.mark.parametrize("answers", [{"rename_columns": {"authors.biography": True}}, {"backfill": ["x"]}, {"unknown": {}}, {"backfill": {"authors": "1"}}])
def test_answers_are_checked(bench: Workbench, answers: object) -> None:
    add_column(bench)
    assert "answers" in refused(bench, "write_migration", answers=answers)


def test_values_come_from_answers_only(bench: Workbench) -> None:
    call(bench, "insert_after_symbol", path="app/models/author.py", name="Author.name", text="country: Mapped[str] = mapped_column(String(2))")
    assert '{"backfill": {"authors.country": ' in call(bench, "plan_migration")
    path = call(bench, "write_migration", answers={"backfill": {"authors.country": "'GB'"}}).split(":")[0]
    assert "country = 'GB'" in bench.draft.read(path)


def test_an_empty_downgrade_is_written_and_proved(bench: Workbench) -> None:
    assert "the proof holds" in call(bench, "add_downgrade", path=LANGUAGE)
    assert "drop_column" in bench.draft.read(LANGUAGE).partition("def downgrade")[2]
    assert "no migration history" in refused(bench, "add_downgrade", path="app/main.py")


def test_a_workspace_without_migrations(tmp_path: Path) -> None:
    bench = bench_of(project(tmp_path, {"app/main.py": "x = 1\n"}))
    assert "no migration history" in refused(bench, "plan_migration")
    assert "no revision" in refused(bench, "prove_migration")
    assert may_write_code(bench)


def test_a_history_that_does_not_replay(bench: Workbench) -> None:
    call(bench, "edit_file", path=LANGUAGE, old_text='down_revision', new_text='down_revision_', every=True)
    assert "no proof" in call(bench, "prove_migration")
    assert not may_write_code(bench)


def test_no_tool_takes_an_address_of_a_database(bench: Workbench) -> None:
    from lsp_server.agent.tools import all_tools

    for tool in all_tools(True, ("make",)):
        assert not {"url", "database", "connection", "dsn", "host"} & set(tool.parameters["properties"]), tool.name
