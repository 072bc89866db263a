"""Error responses as the routes declare them."""

from typing import Any

from fastapi import status

from app.schemas.error import Error

Responses = dict[int | str, dict[str, Any]]

NOT_FOUND: Responses = {status.HTTP_404_NOT_FOUND: {"model": Error, "description": "No such resource."}}
CONFLICT: Responses = {
    status.HTTP_409_CONFLICT: {"model": Error, "description": "The state does not allow it."}
}
SIGNED_IN: Responses = {
    status.HTTP_401_UNAUTHORIZED: {"model": Error, "description": "No valid access token."}
}
STAFF_ONLY: Responses = {
    **SIGNED_IN,
    status.HTTP_403_FORBIDDEN: {"model": Error, "description": "The customer is not staff."},
}
