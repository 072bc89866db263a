"""All tables; importing this package fills `Base.metadata`."""

from app.models.author import Author
from app.models.base import Base
from app.models.book import Book, BookFormat, book_categories
from app.models.category import Category
from app.models.customer import AccessToken, Customer
from app.models.order import Order, OrderItem, OrderStatus
from app.models.review import Review

__all__ = [
    "AccessToken",
    "Author",
    "Base",
    "Book",
    "BookFormat",
    "Category",
    "Customer",
    "Order",
    "OrderItem",
    "OrderStatus",
    "Review",
    "book_categories",
]
