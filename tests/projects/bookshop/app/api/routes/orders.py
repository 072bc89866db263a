from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, status
from sqlalchemy import select

from app.api.dependencies import CurrentUser, SessionDep
from app.api.responses import CONFLICT, NOT_FOUND, SIGNED_IN
from app.models import Order, OrderStatus
from app.schemas.order import OrderCreate, OrderRead
from app.schemas.page import Page
from app.services.ordering import OutOfStock, UnknownBook, place_order
from app.services.paging import paginate

router = APIRouter(prefix="/orders", tags=["orders"])


@router.get("", operation_id="listOrders", response_model=Page[OrderRead], responses=SIGNED_IN)
def list_orders(
    session: SessionDep,
    user: CurrentUser,
    order_status: Annotated[OrderStatus | None, Query(alias="status")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    query = select(Order).where(Order.customer_id == user.id)
    if order_status is not None:
        query = query.where(Order.status == order_status)
    return paginate(session, query.order_by(Order.created_at.desc(), Order.id), limit, offset)


@router.post(
    "",
    operation_id="placeOrder",
    response_model=OrderRead,
    status_code=status.HTTP_201_CREATED,
    responses={**SIGNED_IN, **NOT_FOUND, **CONFLICT},
)
def create_order(session: SessionDep, user: CurrentUser, wanted: OrderCreate) -> Order:
    try:
        order = place_order(session, user, wanted)
    except UnknownBook:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such book.") from None
    except OutOfStock as short:
        raise HTTPException(status.HTTP_409_CONFLICT, detail=f"Not enough copies of {short}.") from None
    session.commit()
    return order


@router.get(
    "/{order_id}",
    operation_id="getOrder",
    response_model=OrderRead,
    responses={**SIGNED_IN, **NOT_FOUND},
)
def get_order(session: SessionDep, user: CurrentUser, order_id: UUID) -> Order:
    order = session.get(Order, order_id)
    if order is None or order.customer_id != user.id:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="No such order.")
    return order
