from typing import Any

from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy import select

from app.api.dependencies import Pagination, SessionDep, require_staff
from app.api.responses import NOT_FOUND, STAFF_ONLY
from app.models import Author
from app.schemas.author import AuthorCreate, AuthorRead
from app.schemas.page import Page
from app.services.paging import paginate

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("", operation_id="listAuthors", response_model=Page[AuthorRead])
def list_authors(session: SessionDep, page: Pagination) -> dict[str, Any]:
    return paginate(session, select(Author).order_by(Author.name, Author.id), page.limit, page.offset)


@router.post(
    "",
    operation_id="createAuthor",
    response_model=AuthorRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(require_staff)],
    responses=STAFF_ONLY,
)
def create_author(session: SessionDep, wanted: AuthorCreate) -> Author:
    author = Author(**wanted.model_dump())
    session.add(author)
    session.commit()
    return author


@router.get("/{author_id}", operation_id="getAuthor", response_model=AuthorRead, responses=NOT_FOUND)
def get_author(session: SessionDep, author_id: int) -> Author:
    author = session.get(Author, author_id)
    if author is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such author.")
    return author
