"""An endpoint with logic: whose order it is, what state it is in, and the copies that go back."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
from app.models import Book, Order, OrderStatus
from tests.conftest import add_customer, sign_in


def placed(client, headers, book, quantity=2):
    wanted = {"shipping_address": "1 Analytical Way", "items": [{"book_id": book.id, "quantity": quantity}]}
    return client.post("orders", json=wanted, headers=headers).json()["id"]


def stock(client, book):
    return client.get(f"books/{book.id}").json()["stock"]


def test_the_copies_come_back_once(client, reader, book):
    order = placed(client, reader, book)
    answer = client.post(f"orders/{order}/cancel", headers=reader)
    assert (answer.status_code, answer.json()["status"], answer.json()["id"]) == (200, "cancelled", order)
    assert stock(client, book) == 3
    assert client.post(f"orders/{order}/cancel", headers=reader).status_code == 409
    assert stock(client, book) == 3
    assert client.get(f"orders/{order}", headers=reader).json()["status"] == "cancelled"


def test_what_is_shipped_stays_and_what_is_paid_goes(client, session, reader, book):
    for status, expected in ((OrderStatus.SHIPPED, 409), (OrderStatus.PAID, 200)):
        order = placed(client, reader, book, 1)
        for each in session.query(Order).filter(Order.status == OrderStatus.PENDING):
            each.status = status
        session.commit()
        assert client.post(f"orders/{order}/cancel", headers=reader).status_code == expected
    assert stock(client, book) == 2


def test_only_ones_own(client, session, reader, book):
    order = placed(client, reader, book)
    add_customer(session, "other@example.com")
    assert client.post(f"orders/{order}/cancel", headers=sign_in(client, "other@example.com")).status_code == 404
    assert client.post(f"orders/{order}/cancel").status_code == 401
    assert client.post("orders/not-an-id/cancel", headers=reader).status_code == 422
    assert stock(client, book) == 1
'''

SERVICE = '''    session.add(order)
    return order


class TooLate(Exception):
    pass


def take_back(session: Session, order: Order) -> None:
    """Cancels an order that was not shipped, and gives its copies back; the caller commits."""
    if order.status in (OrderStatus.SHIPPED, OrderStatus.CANCELLED):
        raise TooLate
    session.scalars(select(Book).where(Book.id.in_([item.book_id for item in order.items])).with_for_update()).all()
    for item in order.items:
        item.book.stock += item.quantity
    order.status = OrderStatus.CANCELLED
'''

ROUTE = '''        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such order.")
    return order


@router.post(
    "/{order_id}/cancel",
    operation_id="cancelOrder",
    response_model=OrderRead,
    responses={**SIGNED_IN, **NOT_FOUND, **CONFLICT},
)
def cancel_order(session: SessionDep, user: CurrentUser, order_id: UUID) -> Order:
    order = get_order(session, user, order_id)
    try:
        take_back(session, order)
    except TooLate:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="The order has been shipped or cancelled already.") from None
    session.commit()
    return order
'''

CASE = Case(
    name="cancel_order",
    about="a missing endpoint with ownership, a state machine, and stock that comes back",
    asks=Finding("operation-not-implemented", "/orders/{order_id}/cancel"),
    hidden=HIDDEN,
    gone=(Finding("operation-not-implemented", "/orders/{order_id}/cancel"),),
    kept=("openapi.yaml", "migrations/*"),
    reference=(
        Write("app/services/ordering.py", "import Book, Customer, Order, OrderItem, OrderStatus", "import Book, Customer, Order, OrderItem"),
        Write("app/services/ordering.py", SERVICE, "    session.add(order)\n    return order\n"),
        Write("app/api/routes/orders.py", "import OutOfStock, TooLate, UnknownBook, place_order, take_back", "import OutOfStock, UnknownBook, place_order"),
        Write("app/api/routes/orders.py", ROUTE, '        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such order.")\n    return order\n'),
    ),
)
