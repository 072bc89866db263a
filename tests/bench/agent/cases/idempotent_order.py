"""A retry that must not order twice: a column, its migration, and a key that belongs to one customer."""

from tests.bench.agent.case import Case, Finding, Write

PARAMETER = """      summary: Order books
      parameters:
        - name: Idempotency-Key
          in: header
          description: |
            Chosen by the client for one order. A second request of the same customer with the same key orders nothing: it answers 201 with the
            order that the first one placed. Keys of different customers have nothing to do with each other.
          schema: { type: string, minLength: 8, maxLength: 64 }
"""

HIDDEN = '''
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from app.core.config import get_settings
from tests.conftest import add_customer, sign_in


def place(client, headers, book, key=None):
    wanted = {"shipping_address": "1 Analytical Way", "items": [{"book_id": book.id, "quantity": 1}]}
    return client.post("orders", json=wanted, headers={**headers, **({"Idempotency-Key": key} if key else {})})


def stock(client, book):
    return client.get(f"books/{book.id}").json()["stock"]


def test_a_retry_answers_the_first_order(client, reader, book):
    first, second = place(client, reader, book, "key-00000001"), place(client, reader, book, "key-00000001")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert stock(client, book) == 2
    assert client.get("orders", headers=reader).json()["total"] == 1


def test_other_keys_and_none_are_other_orders(client, reader, book):
    ids = {place(client, reader, book, key).json()["id"] for key in ("key-00000001", "key-00000002", None)}
    assert len(ids) == 3 and stock(client, book) == 0
    assert place(client, reader, book, "short").status_code == 422


def test_a_key_is_one_customer_s(client, session, reader, book):
    add_customer(session, "other@example.com")
    other = sign_in(client, "other@example.com")
    assert place(client, reader, book, "key-00000001").json()["id"] != place(client, other, book, "key-00000001").json()["id"]


def test_the_database_holds_it_too(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("BOOKSHOP_DATABASE_URL", url)
    get_settings.cache_clear()
    try:
        command.upgrade(Config("alembic.ini"), "head")
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    found = inspect(create_engine(url))
    unique = [*found.get_unique_constraints("orders"), *(each for each in found.get_indexes("orders") if each["unique"])]
    tables = [name for name in found.get_table_names() if name not in ("alembic_version",)]
    assert unique or len(tables) > 9, "two requests at once must not both come through"
'''

REVISION = '''"""keep the key of an order

Purpose: a client that asks again after a lost answer does not order twice.
Impact: one column without a value in the orders there are, and a unique constraint.

Revision ID: 7d2c51e8a904
Revises: 270b8fd5934e
Create Date: 2026-01-02 09:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "7d2c51e8a904"
down_revision = "270b8fd5934e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("idempotency_key", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint("uq_orders_customer_id_idempotency_key", ["customer_id", "idempotency_key"])


def downgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_constraint("uq_orders_customer_id_idempotency_key", type_="unique")
        batch_op.drop_column("idempotency_key")
'''

ROUTE = '''def create_order(
    session: SessionDep,
    user: CurrentUser,
    wanted: OrderCreate,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=64)] = None,
) -> Order:
    earlier = select(Order).where(Order.customer_id == user.id, Order.idempotency_key == key)
    if key is not None and (order := session.scalar(earlier)) is not None:
        return order
    try:
        order = place_order(session, user, wanted)
    except UnknownBook:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.") from None
    except OutOfStock as short:
        raise HTTPException(status.HTTP_409_CONFLICT, detail=f"Not enough copies of {short}.") from None
    order.idempotency_key = key
    try:
        session.commit()
    except IntegrityError:  # another request with this key was quicker
        session.rollback()
        return session.scalars(earlier).one()
    return order
'''

OLD_ROUTE = '''def create_order(session: SessionDep, user: CurrentUser, wanted: OrderCreate) -> Order:
    try:
        order = place_order(session, user, wanted)
    except UnknownBook:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.") from None
    except OutOfStock as short:
        raise HTTPException(status.HTTP_409_CONFLICT, detail=f"Not enough copies of {short}.") from None
    session.commit()
    return order
'''

CASE = Case(
    name="idempotent_order",
    about="a header that makes a request idempotent: model, migration, then the route",
    asks=Finding("parameter-missing-in-code", "Idempotency-Key"),
    prepare=(Write("openapi.yaml", PARAMETER, "      summary: Order books\n"),),
    hidden=HIDDEN,
    gone=(Finding("parameter-missing-in-code", "Idempotency-Key"), Finding("model-change-without-migration", "idempotency")),
    kept=("openapi.yaml", "migrations/versions/2024*"),
    proves=True,
    reference=(
        Write(
            "app/models/order.py",
            '        Index("ix_orders_status", "status"),\n        UniqueConstraint("customer_id", "idempotency_key", name="uq_orders_customer_id_idempotency_key"),\n',
            '        Index("ix_orders_status", "status"),\n',
        ),
        Write("app/models/order.py", "import CheckConstraint, Enum, ForeignKey, Index, String, Text,", "import CheckConstraint, Enum, ForeignKey, Index, Text,"),
        Write(
            "app/models/order.py",
            "    shipping_address: Mapped[str] = mapped_column(Text)\n    idempotency_key: Mapped[str | None] = mapped_column(String(64))\n",
            "    shipping_address: Mapped[str] = mapped_column(Text)\n",
        ),
        Write("migrations/versions/20260102_7d2c51e8a904_keep_the_key_of_an_order.py", REVISION),
        Write("app/api/routes/orders.py", "import APIRouter, Header, HTTPException, Query, status", "import APIRouter, HTTPException, Query, status"),
        Write("app/api/routes/orders.py", "from sqlalchemy import select\nfrom sqlalchemy.exc import IntegrityError\n", "from sqlalchemy import select\n"),
        Write("app/api/routes/orders.py", ROUTE, OLD_ROUTE),
    ),
)
