"""A list in pages of what belongs to one customer, newest first."""

from tests.bench.agent.case import Case, Finding, Write

OPERATION = """  /customers/me/reviews:
    get:
      tags: [reviews]
      operationId: listOwnReviews
      summary: One's own reviews, newest first
      parameters:
        - name: rating
          in: query
          description: Only reviews with this rating.
          schema: { type: integer, minimum: 1, maximum: 5 }
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Offset'
      responses:
        '200':
          description: One page of reviews.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/ReviewPage' }
        '401': { $ref: '#/components/responses/Unauthorized' }
        '422': { $ref: '#/components/responses/Invalid' }

  /customers/me:
"""

HIDDEN = '''
from datetime import datetime, timedelta, timezone

import pytest

from app.models import Book, BookFormat, Customer, Review
from tests.conftest import add_customer, sign_in


@pytest.fixture
def reviews(session, reader, book):
    ada = session.query(Customer).filter_by(email="ada@example.com").one()
    other = add_customer(session, "other@example.com")
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number in range(4):
        extra = Book(isbn=f"978000000000{number}", title=f"Book {number}", format=BookFormat.EBOOK, price_cents=1, author_id=book.author_id)
        session.add(extra)
        session.flush()
        session.add(Review(book_id=extra.id, customer_id=ada.id, rating=number % 2 + 4, title=f"t{number}", body="b", created_at=start + timedelta(days=number)))
    session.add(Review(book_id=book.id, customer_id=other.id, rating=5, title="not hers", body="b"))
    session.commit()


def test_ones_own_newest_first_in_pages(client, reader, reviews):
    page = client.get("customers/me/reviews", params={"limit": 2, "offset": 1}, headers=reader).json()
    assert [each["title"] for each in page["items"]] == ["t2", "t1"]
    assert (page["total"], page["limit"], page["offset"]) == (4, 2, 1)


def test_by_rating(client, reader, reviews):
    page = client.get("customers/me/reviews", params={"rating": 5}, headers=reader).json()
    assert ([each["title"] for each in page["items"]], page["total"]) == (["t3", "t1"], 2)
    assert client.get("customers/me/reviews", params={"rating": 6}, headers=reader).status_code == 422
    assert client.get("customers/me/reviews", params={"limit": 101}, headers=reader).status_code == 422


def test_nobody_else_s(client, session, reviews):
    assert client.get("customers/me/reviews").status_code == 401
    theirs = client.get("customers/me/reviews", headers=sign_in(client, "other@example.com")).json()
    assert [each["title"] for each in theirs["items"]] == ["not hers"]
'''

ROUTE = '''

@router.get(
    "/customers/me/reviews",
    operation_id="listOwnReviews",
    response_model=Page[ReviewRead],
    responses=SIGNED_IN,
)
def list_own_reviews(
    session: SessionDep, user: CurrentUser, page: Pagination, rating: Annotated[int | None, Query(ge=1, le=5)] = None
) -> dict[str, Any]:
    query = select(Review).where(Review.customer_id == user.id)
    if rating is not None:
        query = query.where(Review.rating == rating)
    return paginate(session, query.order_by(Review.created_at.desc(), Review.id), page.limit, page.offset)
'''
BEFORE = 'router = APIRouter(tags=["reviews"])\n'

CASE = Case(
    name="own_reviews",
    about="a missing list: ownership, pages, a filter, an order",
    asks=Finding("operation-not-implemented", "/customers/me/reviews"),
    prepare=(Write("openapi.yaml", OPERATION, "  /customers/me:\n"),),
    hidden=HIDDEN,
    gone=(Finding("operation-not-implemented", "/customers/me/reviews"),),
    kept=("openapi.yaml", "migrations/*", "app/models/*"),
    reference=(
        Write("app/api/routes/reviews.py", "from typing import Annotated, Any", "from typing import Any"),
        Write("app/api/routes/reviews.py", "import APIRouter, HTTPException, Query, Response, status", "import APIRouter, HTTPException, Response, status"),
        Write("app/api/routes/reviews.py", BEFORE + ROUTE, BEFORE),
    ),
)
