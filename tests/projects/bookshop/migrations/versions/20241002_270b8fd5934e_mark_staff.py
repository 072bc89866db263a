"""mark staff

Purpose: only staff may change the catalogue.
Impact: one column; nobody is staff until an administrator says so.

Revision ID: 270b8fd5934e
Revises: e91f4c60a8b7
Create Date: 2024-10-02 10:35:20.776043
"""

import sqlalchemy as sa
from alembic import op

revision = "270b8fd5934e"
down_revision = "e91f4c60a8b7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customers") as batch_op:
        batch_op.add_column(sa.Column("is_staff", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("customers") as batch_op:
        batch_op.drop_column("is_staff")
