from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, TimestampMixin

if TYPE_CHECKING:
    from app.models.author import Author
    from app.models.category import Category
    from app.models.review import Review


class BookFormat(StrEnum):
    HARDCOVER = "hardcover"
    PAPERBACK = "paperback"
    EBOOK = "ebook"


book_categories = Table(
    "book_categories",
    Base.metadata,
    Column("book_id", ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True),
)


class Book(TimestampMixin, Base):
    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        Index("ix_books_author_id_title", "author_id", "title"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str] = mapped_column(String(13), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str | None] = mapped_column(Text)
    format: Mapped[BookFormat] = mapped_column(Enum(BookFormat, name="book_format"))
    language: Mapped[str] = mapped_column(String(2), server_default="en")
    price_cents: Mapped[int]
    stock: Mapped[int] = mapped_column(server_default="0")
    published_on: Mapped[date | None] = mapped_column(index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id", ondelete="RESTRICT"))

    author: Mapped[Author] = relationship(back_populates="books")
    categories: Mapped[list[Category]] = relationship(secondary=book_categories, back_populates="books")
    reviews: Mapped[list[Review]] = relationship(back_populates="book", passive_deletes=True)

    @property
    def review_count(self) -> int:
        return len(self.reviews)
