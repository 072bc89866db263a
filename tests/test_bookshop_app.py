"""The bookshop example is a real backend, and drifted exactly as its DRIFT.md says.

Everything runs in a child process with the example's own folder as current directory: its code never gets
into this interpreter, and its database is a file of the test.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

BOOKSHOP = Path(__file__).parent / "projects" / "bookshop"


def run(*arguments: str, database: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The interpreter of this test, in the example's folder, with none of this test run's own settings."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BOOKSHOP_", "PYTEST_", "PYTHONPATH"))
    }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if database is not None:
        environment["BOOKSHOP_DATABASE_URL"] = f"sqlite:///{database.as_posix()}"
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=BOOKSHOP,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def alembic(database: Path, *arguments: str) -> str:
    """Runs Alembic and returns everything it said; an error of Alembic fails the test."""
    finished = run("-m", "alembic", *arguments, database=database)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr


def schema_names(database: Path, kind: str) -> set[str]:
    """The names of the database's own tables or indexes, without those that SQLite makes by itself."""
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
        )
        return {name for (name,) in rows}
    finally:
        connection.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "bookshop.db"


def test_the_example_passes_its_own_tests() -> None:
    finished = run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r"\b\d+ passed", finished.stdout)
    assert not re.search(r"\b\d+ (failed|error|skipped|xfailed)", finished.stdout)


def test_its_revisions_go_up_and_down(database: Path) -> None:
    alembic(database, "upgrade", "head")
    assert schema_names(database, "table") == {
        "access_tokens",
        "alembic_version",
        "authors",
        "book_categories",
        "books",
        "categories",
        "customers",
        "order_items",
        "orders",
        "reviews",
    }
    alembic(database, "downgrade", "base")
    assert schema_names(database, "table") == {"alembic_version"}
    assert schema_names(database, "index") == set()


def test_its_models_are_ahead_of_its_revisions_in_three_places(database: Path) -> None:
    alembic(database, "upgrade", "head")
    finished = run("-m", "alembic", "check", database=database)
    assert finished.returncode != 0
    assert set(re.findall(r"Detected ([\w ]+) '+([\w.]+)'", finished.stderr)) == {
        ("added column", "customers.phone"),
        ("added index", "ix_orders_status"),
        ("NULL on column", "reviews.title"),
    }


def test_one_of_its_rollbacks_is_empty_and_one_forgets_an_index(database: Path) -> None:
    alembic(database, "upgrade", "head")
    alembic(database, "downgrade", "c40d9e27f581")
    connection = sqlite3.connect(database)
    try:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(books)")}
    finally:
        connection.close()
    assert "language" in columns
    assert "ix_books_published_on" in schema_names(database, "index")
    assert "reviews" not in schema_names(database, "table")


def test_its_application_serves_other_operations_than_its_spec_promises() -> None:
    finished = run("-c", "import json; from app.main import app; print(json.dumps(app.openapi()['paths']))")
    assert finished.returncode == 0, finished.stderr
    served = {
        (method, path) for path, operations in json.loads(finished.stdout).items() for method in operations
    }
    spec = yaml.safe_load((BOOKSHOP / "openapi.yaml").read_text(encoding="utf-8"))
    promised = {
        (method, f"/api/v1{path}")
        for path, operations in spec["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert promised - served == {
        ("get", "/api/v1/categories/{category_id}"),
        ("post", "/api/v1/orders/{order_id}/cancel"),
        ("delete", "/api/v1/reviews/{review_id}"),
    }
    assert served - promised == {
        ("get", "/api/v1/books/bestsellers"),
        ("get", "/api/v1/health"),
        ("delete", "/api/v1/reviews/{id}"),
    }


def drift_rows() -> list[tuple[str, str, str]]:
    """Rule, file and quoted line of every row of DRIFT.md's tables."""
    rows = []
    for line in (BOOKSHOP / "DRIFT.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) >= 5 and cells[0] not in ("rule", "---"):
            rows.append((cells[0], cells[1], cells[2].strip("`")))
    return rows


@pytest.mark.parametrize(("rule", "path", "quoted"), drift_rows())
def test_the_list_of_drift_quotes_lines_that_exist(rule: str, path: str, quoted: str) -> None:
    lines = {line.strip() for line in (BOOKSHOP / path).read_text(encoding="utf-8").splitlines()}
    assert quoted in lines, f"{rule}: {path} has no such line any more"
