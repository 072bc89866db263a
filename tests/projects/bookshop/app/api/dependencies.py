"""What routes ask for: a session, the customer behind the token, the page wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Query, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.config import get_settings
from app.core.database import get_session
from app.core.security import token_digest
from app.models import AccessToken, Customer

oauth2_scheme = OAuth2PasswordBearer(
    tokenUrl=f"{get_settings().api_prefix}/auth/token", scheme_name="customerToken"
)

SessionDep = Annotated[Session, Depends(get_session)]


def get_current_user(session: SessionDep, token: Annotated[str, Depends(oauth2_scheme)]) -> Customer:
    customer = session.scalar(
        select(Customer)
        .join(Customer.tokens)
        .where(AccessToken.digest == token_digest(token), AccessToken.expires_at > datetime.now(UTC))
    )
    if customer is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            detail="The token is unknown or has expired.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return customer


CurrentUser = Annotated[Customer, Depends(get_current_user)]


def require_staff(user: CurrentUser) -> Customer:
    if not user.is_staff:
        raise HTTPException(status.HTTP_403_FORBIDDEN, detail="Only staff may do this.")
    return user


@dataclass(frozen=True)
class PageWanted:
    limit: int
    offset: int


def pagination(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PageWanted:
    return PageWanted(limit=limit, offset=offset)


Pagination = Annotated[PageWanted, Depends(pagination)]
