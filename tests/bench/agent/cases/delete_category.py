"""An endpoint for staff: 401, 403, 404, and 409 while books are in the category."""

from tests.bench.agent.case import Case, Finding, Write

OPERATION = """        '404': { $ref: '#/components/responses/NotFound' }
        '422': { $ref: '#/components/responses/Invalid' }
    delete:
      tags: [categories]
      operationId: deleteCategory
      summary: Remove a category that no book is in (staff)
      responses:
        '204': { description: The category is gone. }
        '401': { $ref: '#/components/responses/Unauthorized' }
        '403': { $ref: '#/components/responses/Forbidden' }
        '404': { $ref: '#/components/responses/NotFound' }
        '409':
          description: There are books in the category.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Error' }
        '422': { $ref: '#/components/responses/Invalid' }

  /categories/{category_id}/books:
"""

HIDDEN = '''
import pytest

from app.models import Category


@pytest.fixture
def empty(session):
    category = Category(slug="poetry", name="Poetry")
    session.add(category)
    session.commit()
    return category.id


def test_an_empty_category_goes(client, staff, empty):
    answer = client.delete(f"categories/{empty}", headers=staff)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get("categories").json() == []
    assert client.delete(f"categories/{empty}", headers=staff).status_code == 404


def test_one_with_books_stays_and_so_do_the_books(client, staff, book):
    category = book.categories[0].id
    assert client.delete(f"categories/{category}", headers=staff).status_code == 409
    assert [each["slug"] for each in client.get(f"books/{book.id}").json()["categories"]] == ["classics"]


def test_only_staff(client, reader, empty):
    assert client.delete(f"categories/{empty}").status_code == 401
    assert client.delete(f"categories/{empty}", headers=reader).status_code == 403
    assert len(client.get("categories").json()) == 1
'''

ROUTE = '''    category = Category(**wanted.model_dump())
    session.add(category)
    session.commit()
    return category


@router.delete(
    "/{category_id}",
    operation_id="deleteCategory",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[Depends(require_staff)],
    responses={**STAFF_ONLY, **NOT_FOUND, **CONFLICT},
)
def delete_category(session: SessionDep, category_id: int) -> Response:
    category = session.get(Category, category_id)
    if category is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such category.")
    if session.scalar(select(Book.id).where(Book.categories.any(Category.id == category_id)).limit(1)) is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="There are books in the category.")
    session.delete(category)
    session.commit()
    return Response(status_code=status.HTTP_204_NO_CONTENT)
'''

CASE = Case(
    name="delete_category",
    about="a missing endpoint for staff, with a conflict that a foreign key does not raise",
    asks=Finding("operation-not-implemented", "DELETE /categories/{category_id}"),
    prepare=(
        Write(
            "openapi.yaml", OPERATION,
            """        '404': { $ref: '#/components/responses/NotFound' }
        '422': { $ref: '#/components/responses/Invalid' }

  /categories/{category_id}/books:
""",
        ),
    ),
    hidden=HIDDEN,
    gone=(Finding("operation-not-implemented", "DELETE /categories/{category_id}"),),
    kept=("openapi.yaml", "migrations/*"),
    reference=(
        Write("app/api/routes/categories.py", "from fastapi import APIRouter, Depends, HTTPException, Response, status", "from fastapi import APIRouter, HTTPException, status"),
        Write("app/api/routes/categories.py", "import Pagination, SessionDep, require_staff", "import Pagination, SessionDep"),
        Write(
            "app/api/routes/categories.py", ROUTE,
            "    category = Category(**wanted.model_dump())\n    session.add(category)\n    session.commit()\n    return category\n",
        ),
    ),
)  # fmt: skip
