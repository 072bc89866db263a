"""A fresh database in memory for every test, and clients that are signed in."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import StaticPool, create_engine
from sqlalchemy.orm import Session

from app.core.config import get_settings
from app.core.database import enforce_foreign_keys, get_session
from app.core.security import hash_password
from app.main import create_app
from app.models import Author, Base, Book, BookFormat, Category, Customer

PASSWORD = "correct horse battery"


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    enforce_foreign_keys(engine)
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    application = create_app()

    def use_test_database() -> Iterator[Session]:
        with Session(session.get_bind(), expire_on_commit=False) as request_session:
            yield request_session

    application.dependency_overrides[get_session] = use_test_database
    base_url = f"http://testserver{get_settings().api_prefix}"
    with TestClient(application, base_url=base_url) as client:
        yield client


def sign_in(client: TestClient, email: str) -> dict[str, str]:
    answer = client.post("auth/token", data={"username": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def add_customer(session: Session, email: str, *, is_staff: bool = False) -> Customer:
    customer = Customer(
        email=email, full_name="Ada Reader", password_hash=hash_password(PASSWORD), is_staff=is_staff
    )
    session.add(customer)
    session.commit()
    return customer


@pytest.fixture
def reader(client: TestClient, session: Session) -> dict[str, str]:
    add_customer(session, "ada@example.com")
    return sign_in(client, "ada@example.com")


@pytest.fixture
def staff(client: TestClient, session: Session) -> dict[str, str]:
    add_customer(session, "staff@example.com", is_staff=True)
    return sign_in(client, "staff@example.com")


@pytest.fixture
def book(session: Session) -> Book:
    book = Book(
        isbn="9780141439518",
        title="Pride and Prejudice",
        format=BookFormat.PAPERBACK,
        price_cents=899,
        stock=3,
        author=Author(name="Jane Austen"),
        categories=[Category(slug="classics", name="Classics")],
    )
    session.add(book)
    session.commit()
    return book
