from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy import select

from app.api.dependencies import SessionDep
from app.api.responses import SIGNED_IN
from app.core.config import get_settings
from app.core.security import new_token, token_digest, verify_password
from app.models import AccessToken, Customer
from app.schemas.customer import Token

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/token", operation_id="createAccessToken", response_model=Token, responses=SIGNED_IN)
def create_access_token(session: SessionDep, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    customer = session.scalar(select(Customer).where(Customer.email == form.username.lower()))
    if customer is None or not verify_password(form.password, customer.password_hash):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, detail="E-mail address or password is wrong.")
    lifetime = timedelta(minutes=get_settings().access_token_minutes)
    token = new_token()
    session.add(
        AccessToken(
            digest=token_digest(token), customer_id=customer.id, expires_at=datetime.now(UTC) + lifetime
        )
    )
    session.commit()
    return Token(access_token=token, expires_in=int(lifetime.total_seconds()))
