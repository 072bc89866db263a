"""A conflict that is answered with 500 today, in the route and in a race."""

from tests.bench.agent.case import Case, Finding, Write

HIDDEN = '''
def wanted(book, **other):
    return {"isbn": book.isbn, "title": "Again", "format": "ebook", "price_cents": 1, "author_id": book.author_id, **other}


def test_a_second_book_with_the_same_isbn_is_a_conflict(client, staff, book):
    answer = client.post("books", json=wanted(book), headers=staff)
    assert answer.status_code == 409
    assert isinstance(answer.json()["detail"], str)
    assert client.get("books").json()["total"] == 1


def test_others_are_taken_as_before(client, reader, staff, book):
    assert client.post("books", json=wanted(book, isbn="9780141439587"), headers=staff).status_code == 201
    assert client.post("books", json=wanted(book, author_id=99), headers=staff).status_code in (404, 409)
    assert client.post("books", json=wanted(book, isbn="9780141439594", author_id=99), headers=staff).status_code == 404
    assert client.post("books", json=wanted(book), headers=reader).status_code == 403


def test_the_answer_is_documented(client):
    assert "409" in client.app.openapi()["paths"]["/api/v1/books"]["post"]["responses"]
'''

CASE = Case(
    name="duplicate_isbn",
    about="an answer that is promised and is a 500 today",
    asks=Finding("response-status-missing", "`POST /books`"),
    hidden=HIDDEN,
    gone=(Finding("response-status-missing", "`POST /books`"),),
    kept=("openapi.yaml", "migrations/*", "app/models/*"),
    reference=(
        Write(
            "app/api/routes/books.py",
            '''    responses={**STAFF_ONLY, **NOT_FOUND, **CONFLICT},
)
def create_book(session: SessionDep, wanted: BookCreate) -> Book:
    if session.scalar(select(Book.id).where(Book.isbn == wanted.isbn)) is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="There is a book with this ISBN already.")
''',
            '''    responses={**STAFF_ONLY, **NOT_FOUND},
)
def create_book(session: SessionDep, wanted: BookCreate) -> Book:
''',
        ),
    ),
)
