"""create customers and access tokens

Purpose: people can register and sign in.
Impact: new tables only.

Revision ID: 8b52e0d6c173
Revises: 3f1c7a90b2d4
Create Date: 2024-02-19 15:02:55.904417
"""

import sqlalchemy as sa
from alembic import op

revision = "8b52e0d6c173"
down_revision = "3f1c7a90b2d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("full_name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("email", name=op.f("uq_customers_email")),
    )
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_access_tokens_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_access_tokens")),
    )
    op.create_index(op.f("ix_access_tokens_customer_id"), "access_tokens", ["customer_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_access_tokens_customer_id"), table_name="access_tokens")
    op.drop_table("access_tokens")
    op.drop_table("customers")
