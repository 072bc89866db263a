"""Which models a history speaks of: those it knows, without what a nearer history keeps."""

from __future__ import annotations

from lsp_server.config import Config
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


def asked(files: dict[str, str], config: Config | None = None) -> list[str]:
    """What could not be paired, in the words of the report."""
    snapshot = Snapshot.of({"app/base.py": BASE, **files}, config)
    return [unknown.what for unknown in snapshot.unknowns if "migrations" in unknown.what]


HELD = {"app/models.py": model("book"), "migrations/env.py": ENV, "migrations/versions/r1.py": revision("book")}


def test_models_that_are_held_against_a_history_need_no_question() -> None:
    assert asked(HELD) == []


def test_models_that_no_history_knows_are_asked_for_once() -> None:
    lonely = {"app/models.py": model("book") + model("author"), "migrations/env.py": ENV, "migrations/versions/r1.py": revision("order")}
    more = {"other/env.py": ENV, "other/versions/r1.py": revision("part")}
    assert asked({**lonely, **more}) == [
        "the models of app/base.py have hardly a table in common with the migrations in migrations, other and are not compared: "
        "`alembic` in the configuration says which folder counts"
    ]


def test_a_schema_for_each_tenant_that_only_the_models_name_is_asked_for() -> None:
    tenants = model("book").replace("    id =", "    __table_args__ = {'schema': 'tenant'}\n    id =")
    other = {"other/env.py": ENV, "other/versions/r1.py": revision("part")}
    (question,) = asked({**HELD, "app/models.py": tenants, **other})
    assert question.startswith("the models of app/base.py have hardly a table in common with the migrations in migrations, other")


def test_a_schema_that_models_and_revisions_name_is_compared() -> None:
    tenants = model("book").replace("    id =", "    __table_args__ = {'schema': 'tenant'}\n    id =")
    made = revision("book").replace("primary_key=True)", "primary_key=True), schema='tenant'")
    files = {**HELD, "app/models.py": tenants, "migrations/versions/r1.py": made}
    assert asked(files) == []
    assert said(files) == [("table", "tenant.book", "column", "size")]


def test_a_pattern_for_migrations_that_names_nothing_is_said() -> None:
    assert asked(HELD, Config(alembic=("db/**",))) == [
        "`alembic` in the configuration: no folder of migrations fits `db/**`"]  # fmt: skip
