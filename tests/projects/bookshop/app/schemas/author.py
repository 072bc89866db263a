from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class AuthorCreate(BaseModel):
    name: str = Field(min_length=1, max_length=120)
    biography: str | None = None


class AuthorReference(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class AuthorRead(AuthorReference):
    biography: str | None  # specdrift: ignore[response-field-contradicts-spec] -- null until 1.4 of the API
    website: str | None = None
    created_at: datetime
