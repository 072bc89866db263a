"""A promised field that has to be worked out, and is null where there is nothing to work it out from."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
import pytest

from tests.conftest import add_customer, sign_in


def test_null_without_reviews(client, book):
    found = client.get(f"books/{book.id}").json()
    assert found["average_rating"] is None and found["review_count"] == 0


def test_the_mean_of_all(client, session, book):
    for number, rating in enumerate((5, 4, 4)):
        add_customer(session, f"reader{number}@example.com")
        headers = sign_in(client, f"reader{number}@example.com")
        assert client.post(f"books/{book.id}/reviews", json={"rating": rating, "title": "t", "body": "b"}, headers=headers).status_code == 201
    found = client.get(f"books/{book.id}").json()
    assert found["average_rating"] == pytest.approx(13 / 3, abs=0.06)  # rounded or not
    assert found["review_count"] == 3


def test_lists_stay_as_they_are(client, book):
    assert "average_rating" not in client.get("books").json()["items"][0]
'''

CASE = Case(
    name="average_rating",
    about="a field of an answer that is worked out, null without reviews, and needs no column",
    asks=Finding("response-field-missing", "average_rating"),
    hidden=HIDDEN,
    gone=(Finding("response-field-missing", "average_rating"),),
    kept=("openapi.yaml", "migrations/*"),
    reference=(
        Write("app/schemas/book.py", "    review_count: int\n    average_rating: float | None\n", "    review_count: int\n"),
        Write(
            "app/models/book.py",
            '''        return len(self.reviews)

    @property
    def average_rating(self) -> float | None:
        """From 1 to 5; None without reviews."""
        return sum(review.rating for review in self.reviews) / len(self.reviews) if self.reviews else None
''',
            "        return len(self.reviews)\n",
        ),
    ),
)
