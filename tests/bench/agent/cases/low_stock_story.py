"""A story with criteria: the spec has the form, the story the rules, and one of them is in neither."""

from tests.bench.agent.case import Case, Finding, Write

OPERATION = """  /books/low-stock:
    get:
      tags: [books]
      operationId: listLowStock
      summary: Books that should be ordered from the publisher (staff)
      parameters:
        - name: threshold
          in: query
          schema: { type: integer, minimum: 1, maximum: 100, default: 5 }
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Offset'
      responses:
        '200':
          description: One page of books.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/BookPage' }
        '401': { $ref: '#/components/responses/Unauthorized' }
        '403': { $ref: '#/components/responses/Forbidden' }
        '422': { $ref: '#/components/responses/Invalid' }

  /books/{book_id}:
"""

STORY = """# Stories

## Story 12: What to order

As a buyer I see which books run out, so that I order them in time. The form of the answer is `listLowStock` in `openapi.yaml`.

1. A book is on the list when fewer copies than `threshold` are in stock; exactly `threshold` copies are enough.
2. E-books do not run out and are never on the list.
3. What has run out comes first, then what has the fewest copies; equal ones by title.
4. Only staff see the list.
5. A category `out-of-print` is for books that nobody can order any more: they are not on the list.

## Story 13: Gift cards

Not agreed yet.
"""

HIDDEN = '''
import pytest

from app.models import Book, BookFormat, Category


@pytest.fixture
def shelf(session, book):
    gone = Category(slug="out-of-print", name="Out of print")
    for number, (title, stock, form, categories) in enumerate([
        ("Zebra", 0, BookFormat.PAPERBACK, []), ("Apple", 0, BookFormat.HARDCOVER, []), ("Two", 2, BookFormat.PAPERBACK, []), ("Five", 5, BookFormat.PAPERBACK, []),
        ("Digital", 0, BookFormat.EBOOK, []), ("Lost", 0, BookFormat.PAPERBACK, [gone]),
    ]):
        session.add(Book(isbn=f"978000000000{number}", title=title, format=form, price_cents=1, stock=stock, author_id=book.author_id, categories=categories))
    session.commit()


def titles(client, headers, **query):
    answer = client.get("books/low-stock", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["items"]]


def test_what_runs_out_in_order(client, staff, shelf):
    assert titles(client, staff) == ["Apple", "Zebra", "Two", "Pride and Prejudice"]


def test_the_threshold(client, staff, shelf):
    assert titles(client, staff, threshold=6)[-1] == "Five"
    assert titles(client, staff, threshold=3) == ["Apple", "Zebra", "Two"]
    for wrong in (0, 101):
        assert client.get("books/low-stock", params={"threshold": wrong}, headers=staff).status_code == 422


def test_pages(client, staff, shelf):
    page = client.get("books/low-stock", params={"limit": 1, "offset": 2}, headers=staff).json()
    assert ([each["title"] for each in page["items"]], page["total"]) == (["Two"], 4)


def test_only_staff(client, reader):
    assert client.get("books/low-stock").status_code == 401
    assert client.get("books/low-stock", headers=reader).status_code == 403
'''

ROUTE = '''@router.get(
    "/low-stock",
    operation_id="listLowStock",
    response_model=Page[BookRead],
    dependencies=[Depends(require_staff)],
    responses=STAFF_ONLY,
)
def list_low_stock(
    session: SessionDep, page: Pagination, threshold: Annotated[int, Query(ge=1, le=100)] = 5
) -> dict[str, Any]:
    query = select(Book).where(
        Book.stock < threshold,
        Book.format != BookFormat.EBOOK,
        ~Book.categories.any(Category.slug == "out-of-print"),
    )
    return paginate(session, query.order_by(Book.stock, Book.title, Book.id), page.limit, page.offset)


@router.get("/bestsellers",'''

CASE = Case(
    name="low_stock_story",
    about="a story with five criteria, one of which only the story knows",
    asks="docs/stories.md, line 3: Story 12: What to order",
    kind="implement-story",
    prepare=(Write("openapi.yaml", OPERATION, "  /books/{book_id}:\n"), Write("docs/stories.md", STORY)),
    hidden=HIDDEN,
    gone=(Finding("operation-not-implemented", "/books/low-stock"),),
    kept=("openapi.yaml", "docs/*", "migrations/*", "app/models/*"),
    reference=(
        Write("app/api/routes/books.py", "from app.models import Author, Book, BookFormat, Category, OrderItem", "from app.models import Author, Book, Category, OrderItem"),
        Write("app/api/routes/books.py", ROUTE, '@router.get("/bestsellers",'),
    ),
)
