"""Placing an order: prices are fixed and stock is taken in one transaction."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Book, Customer, Order, OrderItem
from app.schemas.order import OrderCreate


class UnknownBook(Exception):
    pass


class OutOfStock(Exception):
    pass


def place_order(session: Session, customer: Customer, wanted: OrderCreate) -> Order:
    """Adds the order to the session; the caller commits. A book named twice counts once, with both quantities."""
    quantities: dict[int, int] = {}
    for item in wanted.items:
        quantities[item.book_id] = quantities.get(item.book_id, 0) + item.quantity

    books = session.scalars(select(Book).where(Book.id.in_(quantities)).with_for_update()).all()
    if len(books) < len(quantities):
        raise UnknownBook
    order = Order(customer_id=customer.id, shipping_address=wanted.shipping_address)
    for book in books:
        quantity = quantities[book.id]
        if book.stock < quantity:
            raise OutOfStock(book.title)
        book.stock -= quantity
        order.items.append(OrderItem(book_id=book.id, quantity=quantity, unit_price_cents=book.price_cents))
    session.add(order)
    return order
