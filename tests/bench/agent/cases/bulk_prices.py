"""Many changes in one request: all of them or none."""

from tests.bench.agent.case import Case, Finding, Write

OPERATION = """  /books/prices:
    post:
      tags: [books]
      operationId: changePrices
      summary: Change the prices of many books (staff)
      description: All of them change, or none. A book may be named once.
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: array
              minItems: 1
              maxItems: 100
              items: { $ref: '#/components/schemas/PriceChange' }
      responses:
        '200':
          description: How many books have another price now; one that has the wanted price already does not count.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/PricesChanged' }
        '401': { $ref: '#/components/responses/Unauthorized' }
        '403': { $ref: '#/components/responses/Forbidden' }
        '404':
          description: At least one of the books does not exist; nothing has changed.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Error' }
        '409':
          description: A book is named twice; nothing has changed.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Error' }
        '422': { $ref: '#/components/responses/Invalid' }

  /books/{book_id}:
"""
SCHEMAS = """    PriceChange:
      type: object
      required: [book_id, price_cents]
      properties:
        book_id: { type: integer }
        price_cents: { type: integer, minimum: 0 }

    PricesChanged:
      type: object
      required: [changed]
      properties:
        changed: { type: integer }

    BookUpdate:
"""

HIDDEN = '''
import pytest

from app.models import Book, BookFormat


@pytest.fixture
def other(session, book):
    other = Book(isbn="9780141439587", title="Emma", format=BookFormat.EBOOK, price_cents=500, author_id=book.author_id)
    session.add(other)
    session.commit()
    return other


def ask(client, headers, *changes):
    return client.post("books/prices", json=[{"book_id": book, "price_cents": price} for book, price in changes], headers=headers)


def price(client, book):
    return client.get(f"books/{book.id}").json()["price_cents"]


def test_many_change_at_once(client, staff, book, other):
    answer = ask(client, staff, (book.id, 799), (other.id, 500))
    assert (answer.status_code, answer.json()) == (200, {"changed": 1})
    assert (price(client, book), price(client, other)) == (799, 500)


def test_all_or_none(client, staff, book, other):
    assert ask(client, staff, (book.id, 1), (999, 1)).status_code == 404
    assert ask(client, staff, (book.id, 1), (book.id, 2)).status_code == 409
    assert ask(client, staff, (book.id, 1), (other.id, -1)).status_code == 422
    assert ask(client, staff).status_code == 422
    assert ask(client, staff, *((number, 1) for number in range(101))).status_code == 422
    assert (price(client, book), price(client, other)) == (899, 500)


def test_only_staff(client, reader, book):
    assert ask(client, {}, (book.id, 1)).status_code == 401
    assert ask(client, reader, (book.id, 1)).status_code == 403
    assert price(client, book) == 899
'''

ROUTE = '''@router.post(
    "/prices",
    operation_id="changePrices",
    response_model=PricesChanged,
    dependencies=[Depends(require_staff)],
    responses={**STAFF_ONLY, **NOT_FOUND, **CONFLICT},
)
def change_prices(
    session: SessionDep, wanted: Annotated[list[PriceChange], Body(min_length=1, max_length=100)]
) -> PricesChanged:
    prices = {change.book_id: change.price_cents for change in wanted}
    if len(prices) < len(wanted):
        raise HTTPException(status.HTTP_409_CONFLICT, detail="A book is named twice.")
    books = session.scalars(select(Book).where(Book.id.in_(prices)).with_for_update()).all()
    if len(books) < len(prices):
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.")
    others = [book for book in books if book.price_cents != prices[book.id]]
    for book in others:
        book.price_cents = prices[book.id]
    session.commit()
    return PricesChanged(changed=len(others))


@router.get("/bestsellers",'''

CASE = Case(
    name="bulk_prices",
    about="a missing bulk endpoint: all or nothing, limits, and what counts",
    asks=Finding("operation-not-implemented", "POST /books/prices"),
    prepare=(Write("openapi.yaml", OPERATION, "  /books/{book_id}:\n"), Write("openapi.yaml", SCHEMAS, "    BookUpdate:\n")),
    hidden=HIDDEN,
    gone=(Finding("operation-not-implemented", "POST /books/prices"),),
    kept=("openapi.yaml", "migrations/*", "app/models/*"),
    reference=(
        Write("app/api/routes/books.py", "from fastapi import APIRouter, Body, Depends,", "from fastapi import APIRouter, Depends,"),
        Write("app/api/routes/books.py", "BookSort, BookUpdate, PriceChange, PricesChanged\n", "BookSort, BookUpdate\n"),
        Write("app/api/routes/books.py", ROUTE, '@router.get("/bestsellers",'),
        Write(
            "app/schemas/book.py",
            "class PriceChange(BaseModel):\n    book_id: int\n    price_cents: int = Field(ge=0)\n\n\nclass PricesChanged(BaseModel):\n    changed: int\n\n\n"
            "class BookRead(BaseModel):\n",
            "class BookRead(BaseModel):\n",
        ),
    ),
)
