"""Which models a history speaks of: those it knows, without what a nearer history keeps."""

from __future__ import annotations

from lsp_server.snapshot import Snapshot
from tests.database.histories import ENV, HEAD

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"
COLUMNS = "from sqlalchemy import Column, Integer\n"


def model(name: str) -> str:
    return (
        f"from app.base import Base\n{COLUMNS}class {name.title()}(Base):\n    __tablename__ = {name!r}\n"
        "    id = Column(Integer, primary_key=True)\n    size = Column(Integer)\n"
    )


def revision(table: str) -> str:
    return (
        f'"""Make {table}."""\n{HEAD}revision = "r_{table}"\ndown_revision = None\n'
        f"def upgrade():\n    op.create_table({table!r}, sa.Column('id', sa.Integer(), primary_key=True))\n"
        f"def downgrade():\n    op.drop_table({table!r})\n"
    )


def said(files: dict[str, str]) -> list[tuple[str, ...]]:
    snapshot = Snapshot.of({"app/base.py": BASE, **files})
    return [difference.path for drift in snapshot.drifts for difference in drift.differences]


def test_a_plugins_own_history_keeps_its_tables() -> None:
    files = {
        "app/models.py": model("book"),
        "migrations/env.py": ENV,
        "migrations/versions/r1.py": revision("book"),
        "plugins/gifts/models.py": model("gift"),
    }
    assert said(files) == [("table", "book", "column", "size"), ("table", "gift")]
    own = {"plugins/gifts/migrations/env.py": ENV, "plugins/gifts/migrations/versions/r1.py": revision("card")}
    assert said({**files, **own}) == [("table", "book", "column", "size")]


def test_a_history_in_another_package_keeps_nothing_here() -> None:
    files = {
        "app/models.py": model("book"),
        "migrations/env.py": ENV,
        "migrations/versions/r1.py": revision("book"),
        "app/plugins/gifts/migrations/env.py": ENV,
        "app/plugins/gifts/migrations/versions/r1.py": revision("gift"),
    }
    assert said(files) == [("table", "book", "column", "size")]
