from fastapi import APIRouter, HTTPException, status
from sqlalchemy import select

from app.api.dependencies import CurrentUser, SessionDep
from app.api.responses import CONFLICT, SIGNED_IN
from app.core.security import hash_password
from app.models import Customer
from app.schemas.customer import CustomerCreate, CustomerRead, CustomerUpdate

router = APIRouter(prefix="/customers", tags=["customers"])


@router.post(
    "",
    operation_id="registerCustomer",
    response_model=CustomerRead,
    status_code=status.HTTP_201_CREATED,
    responses=CONFLICT,
)
def register_customer(session: SessionDep, wanted: CustomerCreate) -> Customer:
    email = wanted.email.lower()
    if session.scalar(select(Customer.id).where(Customer.email == email)) is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, detail="This e-mail address is registered already.")
    customer = Customer(email=email, full_name=wanted.full_name, password_hash=hash_password(wanted.password))
    session.add(customer)
    session.commit()
    return customer


@router.get("/me", operation_id="getCurrentCustomer", response_model=CustomerRead, responses=SIGNED_IN)
def get_current_customer(user: CurrentUser) -> Customer:
    return user


@router.patch("/me", operation_id="updateMe", response_model=CustomerRead, responses=SIGNED_IN)
def update_current_customer(session: SessionDep, user: CurrentUser, changes: CustomerUpdate) -> Customer:
    for name, value in changes.model_dump(exclude_none=True).items():
        setattr(user, name, value)
    session.commit()
    return user
