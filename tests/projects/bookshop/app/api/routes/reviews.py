from typing import Any

from fastapi import APIRouter, HTTPException, Response, status
from sqlalchemy import select

from app.api.dependencies import CurrentUser, Pagination, SessionDep
from app.api.responses import CONFLICT, NOT_FOUND, SIGNED_IN
from app.models import Book, Review
from app.schemas.page import Page
from app.schemas.review import ReviewCreate, ReviewRead
from app.services.paging import paginate

router = APIRouter(tags=["reviews"])


@router.get(
    "/books/{book_id}/reviews",
    operation_id="listReviews",
    response_model=Page[ReviewRead],
    responses=NOT_FOUND,
)
def list_reviews(session: SessionDep, book_id: int, page: Pagination) -> dict[str, Any]:
    if session.get(Book, book_id) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.")
    query = select(Review).where(Review.book_id == book_id).order_by(Review.created_at.desc(), Review.id)
    return paginate(session, query, page.limit, page.offset)


@router.post(
    "/books/{book_id}/reviews",
    operation_id="createReview",
    response_model=ReviewRead,
    status_code=status.HTTP_201_CREATED,
    responses={**SIGNED_IN, **NOT_FOUND, **CONFLICT},
)
def create_review(session: SessionDep, user: CurrentUser, book_id: int, wanted: ReviewCreate) -> Review:
    if session.get(Book, book_id) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.")
    earlier = select(Review.id).where(Review.book_id == book_id, Review.customer_id == user.id)
    if session.scalar(earlier) is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="You have reviewed this book already.")
    review = Review(book_id=book_id, customer_id=user.id, **wanted.model_dump())
    session.add(review)
    session.commit()
    return review


@router.delete(
    "/reviews/{id}",
    operation_id="deleteReview",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**SIGNED_IN, **NOT_FOUND},
)
def delete_review(session: SessionDep, user: CurrentUser, id: int) -> Response:
    review = session.get(Review, id)
    if review is None or review.customer_id != user.id:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such review of yours.")
    session.delete(review)
    session.commit()
    return Response(status_code=status.HTTP_204_NO_CONTENT)
