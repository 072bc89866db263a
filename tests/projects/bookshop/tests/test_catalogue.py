import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.models import Book, BookFormat


@pytest.fixture
def shelf(session: Session, book: Book) -> None:
    for number, title in enumerate(["Emma", "Persuasion"]):
        session.add(
            Book(
                isbn=f"978000000000{number}",
                title=title,
                format=BookFormat.EBOOK,
                price_cents=500 + number,
                stock=0,
                author_id=book.author_id,
            )
        )
    session.commit()


def titles(client: TestClient, **query: object) -> list[str]:
    answer = client.get("books", params=query)
    assert answer.status_code == 200, answer.text
    return [book["title"] for book in answer.json()["items"]]


def test_books_are_found_and_sorted(client: TestClient, shelf: None) -> None:
    assert titles(client, sort="title") == ["Emma", "Persuasion", "Pride and Prejudice"]
    assert titles(client, sort="price") == ["Emma", "Persuasion", "Pride and Prejudice"]
    assert titles(client, q="pers") == ["Persuasion"]
    assert titles(client, category="classics") == ["Pride and Prejudice"]
    assert titles(client, in_stock=True) == ["Pride and Prejudice"]


def test_books_come_in_pages(client: TestClient, shelf: None) -> None:
    page = client.get("books", params={"sort": "title", "limit": 2, "offset": 1}).json()
    assert [book["title"] for book in page["items"]] == ["Persuasion", "Pride and Prejudice"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert client.get("books", params={"limit": 101}).status_code == 422


def test_one_book_with_its_details(client: TestClient, book: Book) -> None:
    found = client.get(f"books/{book.id}").json()
    assert found["author"] == {"id": book.author_id, "name": "Jane Austen"}
    assert [category["slug"] for category in found["categories"]] == ["classics"]
    assert found["review_count"] == 0
    assert client.get("books/999").status_code == 404


def test_only_staff_change_the_catalogue(
    client: TestClient, reader: dict[str, str], staff: dict[str, str], book: Book
) -> None:
    wanted = {
        "isbn": "9780141439587",
        "title": "Emma",
        "format": "paperback",
        "price_cents": 999,
        "author_id": book.author_id,
        "category_ids": [category.id for category in book.categories],
    }
    assert client.post("books", json=wanted).status_code == 401
    assert client.post("books", json=wanted, headers=reader).status_code == 403
    created = client.post("books", json=wanted, headers=staff)
    assert created.status_code == 201
    assert created.json()["language"] == "en"

    path = f"books/{created.json()['id']}"
    assert client.patch(path, json={"stock": 7}, headers=staff).json()["stock"] == 7
    assert client.delete(path, headers=staff).status_code == 204
    assert client.get(path).status_code == 404


def test_a_book_needs_an_author_that_exists(client: TestClient, staff: dict[str, str]) -> None:
    wanted = {"isbn": "9780141439587", "title": "Emma", "format": "ebook", "price_cents": 1, "author_id": 9}
    assert client.post("books", json=wanted, headers=staff).status_code == 404


def test_authors(client: TestClient, staff: dict[str, str]) -> None:
    created = client.post("authors", json={"name": "Mary Shelley"}, headers=staff)
    assert created.status_code == 201
    assert client.get(f"authors/{created.json()['id']}").json()["name"] == "Mary Shelley"
    assert client.get("authors").json()["total"] == 1
    assert client.get("authors/999").status_code == 404


def test_categories(client: TestClient, staff: dict[str, str], book: Book) -> None:
    wanted = {"slug": "poetry", "name": "Poetry"}
    assert client.post("categories", json=wanted, headers=staff).status_code == 201
    assert client.post("categories", json=wanted, headers=staff).status_code == 409
    assert [category["slug"] for category in client.get("categories").json()] == ["classics", "poetry"]

    classics = book.categories[0].id
    assert client.get(f"categories/{classics}/books").json()["total"] == 1
    assert client.get("categories/999/books").status_code == 404


def test_health(client: TestClient) -> None:
    assert client.get("health").json() == {"status": "ok"}
