from fastapi.testclient import TestClient

from app.models import Book


def test_a_book_is_reviewed_once(client: TestClient, reader: dict[str, str], book: Book) -> None:
    path = f"books/{book.id}/reviews"
    written = client.post(path, json={"rating": 5, "title": "Witty", "body": "Still fresh."}, headers=reader)
    assert written.status_code == 201
    assert client.post(path, json={"rating": 1, "body": "Again."}, headers=reader).status_code == 409
    assert client.get(path).json()["items"] == [written.json()]
    assert client.get(f"books/{book.id}").json()["review_count"] == 1


def test_a_review_may_go_without_a_title(client: TestClient, reader: dict[str, str], book: Book) -> None:
    written = client.post(f"books/{book.id}/reviews", json={"rating": 4, "body": "Good."}, headers=reader)
    assert written.json()["title"] is None


def test_ratings_are_from_one_to_five(client: TestClient, reader: dict[str, str], book: Book) -> None:
    answer = client.post(f"books/{book.id}/reviews", json={"rating": 6, "body": "Wow."}, headers=reader)
    assert answer.status_code == 422


def test_a_review_is_taken_back_by_its_writer(
    client: TestClient, reader: dict[str, str], staff: dict[str, str], book: Book
) -> None:
    written = client.post(
        f"books/{book.id}/reviews", json={"rating": 2, "body": "Hm."}, headers=reader
    ).json()
    assert client.delete(f"reviews/{written['id']}", headers=staff).status_code == 404
    assert client.delete(f"reviews/{written['id']}", headers=reader).status_code == 204
    assert client.get(f"books/{book.id}/reviews").json()["total"] == 0
