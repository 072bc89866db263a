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


def test_a_registrys_naming_convention_is_the_models_and_the_revisions() -> None:
    base = (
        "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import registry\n"
        "mapper = registry(metadata=MetaData(naming_convention={'ix': 'idx_%(column_0_N_label)s'}))\nBase = mapper.generate_base()\n"
    )
    files = {
        "app/base.py": base,
        "app/models.py": model("book").replace("size = Column(Integer)", "size = Column(Integer, index=True)"),
        "migrations/env.py": "from app.base import Base\n" + ENV + "target_metadata = Base.metadata\n",
        "migrations/versions/r1.py": revision("book").replace(
            "primary_key=True)", "primary_key=True), sa.Column('size', sa.Integer(), index=True)"
        ),
    }
    assert said(files) == []


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
