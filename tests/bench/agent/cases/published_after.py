"""A filter that the spec promises: a day that does not count itself, books without a date, and totals that fit the pages."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
from datetime import date

import pytest

from app.models import Book, BookFormat


@pytest.fixture
def shelf(session, book):
    for number in range(1, 6):
        session.add(Book(isbn=f"978000000000{number}", title=f"Book {number}", format=BookFormat.EBOOK, price_cents=500,
                         published_on=date(2026, 1, number), author_id=book.author_id))
    session.commit()


def found(client, **query):
    answer = client.get("books", params={"sort": "title", **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_only_what_came_out_after_that_day(client, shelf):
    page = found(client, published_after="2026-01-03")
    assert [each["title"] for each in page["items"]] == ["Book 4", "Book 5"]
    assert page["total"] == 2


def test_pages_and_other_filters_go_together(client, shelf):
    page = found(client, published_after="2026-01-01", limit=1, offset=1)
    assert ([each["title"] for each in page["items"]], page["total"]) == (["Book 3"], 4)
    assert found(client, published_after="2026-01-01", q="book 5")["total"] == 1


def test_without_it_everything_is_there(client, shelf):
    assert found(client)["total"] == 6
    assert client.get("books", params={"published_after": "soon"}).status_code == 422
'''

CASE = Case(
    name="published_after",
    about="a query parameter that the route does not read, with pages",
    asks=Finding("parameter-missing-in-code", "published_after"),
    hidden=HIDDEN,
    gone=(Finding("parameter-missing-in-code", "published_after"),),
    kept=("openapi.yaml", "migrations/*"),
    reference=(
        Write("app/api/routes/books.py", "from collections.abc import Sequence\nfrom datetime import date\n", "from collections.abc import Sequence\n"),
        Write("app/api/routes/books.py", "    author_id: int | None = None,\n    published_after: date | None = None,\n", "    author_id: int | None = None,\n"),
        Write(
            "app/api/routes/books.py",
            "    if published_after is not None:\n        query = query.where(Book.published_on > published_after)\n    if in_stock:\n",
            "    if in_stock:\n",
        ),
    ),
)
