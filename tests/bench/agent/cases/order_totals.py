"""A new column that must have a value, worked out for the rows that are there."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from app.core.config import get_settings


@pytest.fixture
def database(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("BOOKSHOP_DATABASE_URL", url)
    get_settings.cache_clear()
    config = Config("alembic.ini")
    command.upgrade(config, "270b8fd5934e")
    yield config, create_engine(url)
    monkeypatch.undo()
    get_settings.cache_clear()


def rows(engine, statement, **values):
    with engine.begin() as connection:
        done = connection.execute(text(statement), values)
        return done.all() if done.returns_rows else []


def fill(engine):
    rows(engine, "INSERT INTO customers (id, email, full_name, password_hash) VALUES (1, 'a@b', 'A', 'x')")
    rows(engine, "INSERT INTO authors (id, name) VALUES (1, 'A')")
    for book in (1, 2):
        rows(engine, f"INSERT INTO books (id, isbn, title, format, price_cents, author_id) VALUES ({book}, '978000000000{book}', 'B', 'EBOOK', 1, 1)")
    full, empty = uuid4().hex, uuid4().hex
    for order in (full, empty):
        rows(engine, "INSERT INTO orders (id, customer_id, status, shipping_address) VALUES (:id, 1, 'PAID', 'x')", id=order)
    for book, quantity, price in ((1, 2, 899), (2, 1, 500)):
        rows(engine, f"INSERT INTO order_items (order_id, book_id, quantity, unit_price_cents) VALUES (:id, {book}, {quantity}, {price})", id=full)
    return full, empty


def test_the_orders_there_are_get_their_totals(database):
    config, engine = database
    full, empty = fill(engine)
    command.upgrade(config, "head")
    assert dict(rows(engine, "SELECT id, total_cents FROM orders")) == {full: 2298, empty: 0}
    (column,) = [each for each in rows(engine, "PRAGMA table_info(orders)") if each[1] == "total_cents"]
    assert column[3] == 1, "NOT NULL"
    assert len(rows(engine, "SELECT * FROM order_items")) == 2


def test_and_back(database):
    config, engine = database
    fill(engine)
    command.upgrade(config, "head")
    command.downgrade(config, "270b8fd5934e")
    assert "total_cents" not in [each[1] for each in rows(engine, "PRAGMA table_info(orders)")]
    assert len(rows(engine, "SELECT * FROM orders")) == 2 and len(rows(engine, "SELECT * FROM order_items")) == 2


def test_new_orders_have_one(client, reader, book):
    wanted = {"shipping_address": "1 Analytical Way", "items": [{"book_id": book.id, "quantity": 2}]}
    assert client.post("orders", json=wanted, headers=reader).json()["total_cents"] == 1798
'''

REVISION = '''"""keep the total of an order

Purpose: lists and reports read the total without the items.
Impact: one column in orders; the orders there are get the sum of their items, those without items 0.

Revision ID: 4be0a7c913d2
Revises: 270b8fd5934e
Create Date: 2026-01-02 09:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "4be0a7c913d2"
down_revision = "270b8fd5934e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("total_cents", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE orders SET total_cents = (SELECT coalesce(sum(quantity * unit_price_cents), 0) "
        "FROM order_items WHERE order_items.order_id = orders.id)"
    )
    with op.batch_alter_table("orders") as batch_op:
        batch_op.alter_column("total_cents", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_column("total_cents")
'''

PROPERTY = '''
    @property
    def total_cents(self) -> int:
        return sum(item.quantity * item.unit_price_cents for item in self.items)
'''

CASE = Case(
    name="order_totals",
    about="the data step of a migration: a column without a default, filled from another table",
    asks=Finding("model-change-without-migration", "orders.total_cents"),
    prepare=(
        Write("app/models/order.py", "", PROPERTY),
        Write(
            "app/models/order.py",
            "    shipping_address: Mapped[str] = mapped_column(Text)\n    total_cents: Mapped[int]  # the sum of the items' quantities at their prices\n",
            "    shipping_address: Mapped[str] = mapped_column(Text)\n",
        ),
        Write(
            "app/services/ordering.py",
            "    order.total_cents = sum(item.quantity * item.unit_price_cents for item in order.items)\n    session.add(order)\n",
            "    session.add(order)\n",
        ),
    ),
    hidden=HIDDEN,
    gone=(Finding("model-change-without-migration", "orders.total_cents"),),
    kept=("openapi.yaml", "app/*", "migrations/versions/2024*"),
    proves=True,
    reference=(Write("migrations/versions/20260102_4be0a7c913d2_keep_the_total_of_an_order.py", REVISION),),
)
