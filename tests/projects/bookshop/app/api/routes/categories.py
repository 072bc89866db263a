from typing import Any

from fastapi import APIRouter, HTTPException, status
from sqlalchemy import select

from app.api.dependencies import Pagination, SessionDep
from app.api.responses import CONFLICT, NOT_FOUND, STAFF_ONLY
from app.models import Book, Category
from app.schemas.book import BookRead
from app.schemas.category import CategoryCreate, CategoryRead
from app.schemas.page import Page
from app.services.paging import paginate

router = APIRouter(prefix="/categories", tags=["categories"])


@router.get("", operation_id="listCategories")
def list_categories(session: SessionDep) -> list[CategoryRead]:
    categories = session.scalars(select(Category).order_by(Category.name))
    return [CategoryRead.model_validate(category) for category in categories]


@router.post(
    "",
    operation_id="createCategory",
    response_model=CategoryRead,
    status_code=status.HTTP_201_CREATED,
    responses={**STAFF_ONLY, **CONFLICT},
)
def create_category(session: SessionDep, wanted: CategoryCreate) -> Category:
    if session.scalar(select(Category.id).where(Category.slug == wanted.slug)) is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="There is a category with this slug already.")
    category = Category(**wanted.model_dump())
    session.add(category)
    session.commit()
    return category


@router.get(
    "/{category_id}/books",
    operation_id="listCategoryBooks",
    response_model=Page[BookRead],
    responses=NOT_FOUND,
)
def list_category_books(session: SessionDep, category_id: int, page: Pagination) -> dict[str, Any]:
    if session.get(Category, category_id) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such category.")
    query = select(Book).where(Book.categories.any(Category.id == category_id)).order_by(Book.title, Book.id)
    return paginate(session, query, page.limit, page.offset)
