from fastapi.testclient import TestClient

from app.models import Book
from tests.conftest import add_customer, sign_in


def order(client: TestClient, headers: dict[str, str], *items: tuple[int, int]):
    wanted = {
        "shipping_address": "1 Analytical Way, London",
        "items": [{"book_id": book_id, "quantity": quantity} for book_id, quantity in items],
    }
    return client.post("orders", json=wanted, headers=headers)


def test_an_order_fixes_the_price_and_takes_the_stock(
    client: TestClient, reader: dict[str, str], book: Book
) -> None:
    placed = order(client, reader, (book.id, 1), (book.id, 1))
    assert placed.status_code == 201
    assert placed.json()["total_cents"] == 2 * 899
    assert placed.json()["status"] == "pending"
    assert client.get(f"books/{book.id}").json()["stock"] == 1

    found = client.get(f"orders/{placed.json()['id']}", headers=reader)
    assert found.json() == placed.json()


def test_an_order_is_all_or_nothing(client: TestClient, reader: dict[str, str], book: Book) -> None:
    assert order(client, reader, (book.id, 4)).status_code == 409
    assert order(client, reader, (book.id, 1), (999, 1)).status_code == 404
    assert order(client, reader).status_code == 422
    assert client.get("orders", headers=reader).json()["total"] == 0
    assert client.get(f"books/{book.id}").json()["stock"] == 3


def test_orders_are_ones_own(client: TestClient, session, reader: dict[str, str], book: Book) -> None:
    placed = order(client, reader, (book.id, 1)).json()
    add_customer(session, "other@example.com")
    other = sign_in(client, "other@example.com")
    assert client.get(f"orders/{placed['id']}", headers=other).status_code == 404
    assert client.get("orders", headers=other).json()["items"] == []
    assert client.get("orders", params={"status": "pending"}, headers=reader).json()["total"] == 1
    assert client.get("orders", params={"status": "paid"}, headers=reader).json()["total"] == 0


def test_what_was_ordered_stays_and_sells_best(
    client: TestClient, reader: dict[str, str], staff: dict[str, str], book: Book
) -> None:
    assert client.get("books/bestsellers").json() == []
    order(client, reader, (book.id, 1))
    assert [sold["id"] for sold in client.get("books/bestsellers").json()] == [book.id]
    assert client.delete(f"books/{book.id}", headers=staff).status_code == 409
