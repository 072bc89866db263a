"""A naming convention that comes after the history: old databases get its names, new ones have them already."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from lsp_server.config import Config
from lsp_server.database.migration.catalogue import read_shapes
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.operations import RenameConstraint
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.render import render
from lsp_server.database.migration.schema import create_schema
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.migration.steps.running import run_steps
from lsp_server.snapshot import Snapshot
from tests.database.migration.test_servers import assert_proved
from tests.shadow.servers import find, scratch, server_url

CONVENTION = """{
    "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s",
}"""
MODELS = """from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={convention})

class Owner(Base):
    __tablename__ = "owner"
    id = Column(Integer, primary_key=True)

class Pet(Base):
    __tablename__ = "pet"
    __table_args__ = (CheckConstraint("age > 0", name="positive"),)
    id = Column(Integer, primary_key=True)
    age = Column(Integer)
    code = Column(String(9), unique=True)
    owner_id = Column(Integer, ForeignKey("owner.id"))
"""
ENV = "from alembic import context\nimport models\ncontext.configure(target_metadata=models.Base.metadata)\ncontext.run_migrations()\n"
FIRST = """import sqlalchemy as sa
from alembic import op
revision = "r1"
down_revision = None
def upgrade():
    op.create_table("owner", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "pet", sa.Column("id", sa.Integer(), nullable=False), sa.Column("age", sa.Integer()), sa.Column("code", sa.String(9)),
        sa.Column("owner_id", sa.Integer()), sa.CheckConstraint("age > 0", name="positive"),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"]{fk}), sa.PrimaryKeyConstraint("id"), sa.UniqueConstraint("code"),
    )
def downgrade():
    op.drop_table("pet")
    op.drop_table("owner")
"""


def project(dialect: str, *, fk: str = "", convention: str = CONVENTION, **more: str) -> Snapshot:
    files = {"models.py": MODELS.format(convention=convention), "migrations/env.py": ENV, "migrations/versions/r1.py": FIRST.format(fk=fk)}
    return Snapshot.of({**files, **{f"migrations/versions/{name}.py": text for name, text in more.items()}}, Config(dialect=dialect))


def planned(snapshot: Snapshot, dialect: str) -> Plan:
    (replay,) = snapshot.histories
    assert replay.verdict.ok is not False, replay.verdict
    return plan(replay.database, snapshot.mapped[0], dialect)


def renamed(made: Plan) -> dict[str, str]:
    return {item.constraint.name or "": item.after for item in made.operations if isinstance(item, RenameConstraint)}


def test_every_name_that_a_server_chose_is_known() -> None:
    assert renamed(planned(project("postgresql"), "postgresql")) == {
        "owner_pkey": "pk_owner", "pet_pkey": "pk_pet", "pet_code_key": "uq_pet_code", "pet_owner_id_fkey": "fk_pet_owner_id",
        "positive": "ck_pet_positive",
    }  # fmt: skip
    assert renamed(planned(project("mysql"), "mysql")) == {
        "code": "uq_pet_code", "pet_ibfk_1": "fk_pet_owner_id", "positive": "ck_pet_positive",
    }  # fmt: skip


def test_a_history_that_knows_the_convention_is_left_alone() -> None:
    assert not planned(project("postgresql", fk=', name=op.f("fk_pet_owner_id")'), "postgresql").operations


def test_without_a_convention_there_is_nothing_to_do() -> None:
    assert not planned(project("postgresql", convention="{}"), "postgresql").operations


def test_a_check_that_the_server_named_is_an_obstacle_on_mysql() -> None:
    """MariaDB and MySQL name them differently, and the address does not tell which one it is."""
    text = FIRST.format(fk="").replace(', name="positive"', "")
    convention = CONVENTION.replace("_%(constraint_name)s", "_check")
    files = {"models.py": MODELS.format(convention=convention).replace(', name="positive"', ""), "migrations/env.py": ENV, "migrations/versions/r1.py": text}
    made = planned(Snapshot.of(files, Config(dialect="mysql")), "mysql")
    assert "the check age > 0 of pet" in made.obstacles[0]
    assert "rename it by hand" in made.obstacles[0]


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_after_the_revision_nothing_is_left_to_do(dialect: str) -> None:
    snapshot = project(dialect)
    revision = render(planned(snapshot, dialect), Conventions(heads=("r1",)))
    again = project(dialect, r2=revision.text)
    assert not planned(again, dialect).operations


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_an_old_database_gets_the_names(dialect: str, tmp_path: Path) -> None:
    assert_proved(prove(planned(project(dialect), dialect), find=find(server_url(dialect), tmp_path)))


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_new_database_has_them_already(dialect: str, tmp_path: Path) -> None:
    made = planned(project(dialect), dialect)
    with scratch(dialect, tmp_path).open(None, lambda connection: create_schema(connection, made.after, dialect)) as connection:
        before = read_shapes(connection)
        run_steps(connection, to_steps(made.operations, made.before, dialect))
        assert read_shapes(connection) == before
        assert "uq_pet_code" in {index["name"] for index in sa.inspect(connection).get_indexes("pet")}
