from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from app.models.book import BookFormat
from app.schemas.author import AuthorReference
from app.schemas.category import CategoryRead


class BookSort(StrEnum):
    TITLE = "title"
    PRICE = "price"
    NEWEST = "newest"


class BookCreate(BaseModel):
    isbn: str = Field(pattern=r"^\d{13}$")
    title: str = Field(min_length=1, max_length=200)
    summary: str | None = None
    format: BookFormat
    language: str = Field(default="en", min_length=2, max_length=2)
    price_cents: int = Field(ge=0)
    stock: int = Field(default=0, ge=0)
    published_on: date | None = None
    author_id: int
    category_ids: list[int] = []


class BookUpdate(BaseModel):
    title: str | None = Field(default=None, min_length=1, max_length=200)
    summary: str | None = None
    price_cents: int | None = Field(default=None, ge=0)
    stock: int | None = Field(default=None, ge=0)


class BookRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    isbn: str
    title: str
    format: BookFormat
    language: str
    price_cents: int
    stock: int
    published_on: date | None
    author: AuthorReference
    categories: list[CategoryRead]


class BookDetail(BookRead):
    summary: str | None
    review_count: int
    created_at: datetime
    updated_at: datetime
