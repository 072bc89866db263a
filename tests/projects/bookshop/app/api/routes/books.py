from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response, status
from sqlalchemy import ColumnElement, func, select

from app.api.dependencies import Pagination, SessionDep, require_staff
from app.api.responses import CONFLICT, NOT_FOUND, STAFF_ONLY
from app.models import Author, Book, Category, OrderItem
from app.schemas.book import BookCreate, BookDetail, BookRead, BookSort, BookUpdate
from app.schemas.page import Page
from app.services.paging import paginate

router = APIRouter(prefix="/books", tags=["books"])

ORDERINGS: dict[BookSort, ColumnElement[Any]] = {
    BookSort.TITLE: Book.title.asc(),
    BookSort.PRICE: Book.price_cents.asc(),
    BookSort.NEWEST: Book.published_on.desc(),
}


def find_book(session: SessionDep, book_id: int) -> Book:
    book = session.get(Book, book_id)
    if book is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.")
    return book


BookDep = Annotated[Book, Depends(find_book)]


@router.get("", operation_id="listBooks", response_model=Page[BookRead])
def list_books(
    session: SessionDep,
    page: Pagination,
    q: Annotated[str | None, Query(min_length=2, max_length=100)] = None,
    category: Annotated[str | None, Query(max_length=60)] = None,
    author_id: int | None = None,
    in_stock: bool = False,
    sort: BookSort = BookSort.NEWEST,
) -> dict[str, Any]:
    query = select(Book)
    if q is not None:
        query = query.where(Book.title.icontains(q, autoescape=True))
    if category is not None:
        query = query.where(Book.categories.any(Category.slug == category))
    if author_id is not None:
        query = query.where(Book.author_id == author_id)
    if in_stock:
        query = query.where(Book.stock > 0)
    return paginate(session, query.order_by(ORDERINGS[sort], Book.id), page.limit, page.offset)


@router.post(
    "",
    operation_id="createBook",
    response_model=BookRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(require_staff)],
    responses={**STAFF_ONLY, **NOT_FOUND},
)
def create_book(session: SessionDep, wanted: BookCreate) -> Book:
    if session.get(Author, wanted.author_id) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such author.")
    book = Book(**wanted.model_dump(exclude={"category_ids"}))
    book.categories = list(session.scalars(select(Category).where(Category.id.in_(wanted.category_ids))))
    session.add(book)
    session.commit()
    return book


@router.get("/bestsellers", operation_id="listBestsellers", response_model=list[BookRead])
def list_bestsellers(session: SessionDep, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Sequence[Book]:
    sold = func.sum(OrderItem.quantity)
    query = select(Book).join(OrderItem, OrderItem.book_id == Book.id).group_by(Book.id)
    return session.scalars(query.order_by(sold.desc(), Book.id).limit(limit)).all()


@router.get("/{book_id}", operation_id="getBook", response_model=BookDetail, responses=NOT_FOUND)
def get_book(book: BookDep) -> Book:
    return book


@router.patch(
    "/{book_id}",
    operation_id="updateBook",
    response_model=BookRead,
    dependencies=[Depends(require_staff)],
    responses={**STAFF_ONLY, **NOT_FOUND},
)
def update_book(session: SessionDep, book: BookDep, changes: BookUpdate) -> Book:
    for name, value in changes.model_dump(exclude_none=True).items():
        setattr(book, name, value)
    session.commit()
    return book


@router.delete(
    "/{book_id}",
    operation_id="deleteBook",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[Depends(require_staff)],
    responses={**STAFF_ONLY, **NOT_FOUND, **CONFLICT},
)
def delete_book(session: SessionDep, book: BookDep) -> Response:
    if session.scalar(select(OrderItem.id).where(OrderItem.book_id == book.id).limit(1)) is not None:
        raise HTTPException(
            status.HTTP_409_CONFLICT, detail="The book has been ordered; set its stock to 0 instead."
        )
    session.delete(book)
    session.commit()
    return Response(status_code=status.HTTP_204_NO_CONTENT)
