"""What verification lets through: a change that costs something is shown with its cost, one that is wrong is refused."""

from __future__ import annotations

from lsp_server.check import check
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
REVISION = '''\
"""create users"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("nick", sa.String(length=40), nullable=True),
    )


def downgrade():
    op.drop_table("users")
'''


def test_a_repair_that_costs_something_is_shown_with_its_cost() -> None:
    """The model has lost a column: the migration that follows it loses values, which is said and does not forbid it."""
    snapshot = Snapshot.of({"models.py": MODELS, "migrations/versions/0001_users.py": REVISION})
    report = check(snapshot, all_rules())
    finding = next(each for each in report.findings if each.rule == "model-change-without-migration")
    verdict = build_and_verify(snapshot, report, finding, finding.fixes[0], all_rules())
    assert verdict.ok, verdict.problem
    assert [each.rule for each in verdict.introduced] == ["migration-loses-data"]
