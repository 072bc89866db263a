"""add the language of a book

Purpose: the shop starts to sell books in other languages than English.
Impact: one column; every book there is becomes English.

Revision ID: e91f4c60a8b7
Revises: 5ad86b13e7f0
Create Date: 2024-08-21 16:48:09.330175
"""

import sqlalchemy as sa
from alembic import op

revision = "e91f4c60a8b7"
down_revision = "5ad86b13e7f0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("books") as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(length=2), server_default="en", nullable=False))


def downgrade() -> None:
    pass
