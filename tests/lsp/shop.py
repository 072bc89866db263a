"""A small project with drift of several kinds, for sessions with the server."""

from __future__ import annotations

from pathlib import Path

from tests.lsp.editor import write

FILES = {
    "specdrift.toml": "",
    "openapi.yaml": """
        openapi: 3.1.0
        info: {title: Shop, version: "1"}
        paths:
          /books:
            get:
              operationId: list_books
              responses:
                "200":
                  description: All books.
                  content:
                    application/json:
                      schema: {type: array, items: {$ref: "#/components/schemas/Book"}}
          /books/{book_id}:
            get:
              operationId: get_book
              parameters:
                - {name: book_id, in: path, required: true, schema: {type: integer}}
              responses:
                "200":
                  description: One book.
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Book"}
        components:
          schemas:
            Shelf: {title: "😀𝒳 ä", type: array, items: {$ref: "#/components/schemas/Novel"}}
            Book:
              type: object
              required: [id, title]
              properties:
                id: {type: integer}
                title: {type: string}
        """,
    "app/__init__.py": "",
    "app/models.py": """
        from sqlalchemy import String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Book(Base):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str] = mapped_column(String(200))
            pages: Mapped[int | None]
        """,
    "app/main.py": """
        from fastapi import FastAPI
        from pydantic import BaseModel


        class Book(BaseModel):
            id: int
            title: str


        app = FastAPI()


        @app.get("/books")
        def list_books() -> list[Book]:
            return []


        @app.get("/stock")
        def count_stock() -> int:
            return 0
        """,
    "alembic.ini": """
        [alembic]
        script_location = migrations
        """,
    "migrations/env.py": """
        from alembic import context

        from app.models import Base

        context.configure(url="sqlite:///shop.db", target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        """,
    "migrations/versions/0001_books.py": '''
        """Create the table of books."""

        import sqlalchemy as sa
        from alembic import op

        revision = "0001"
        down_revision = None


        def upgrade() -> None:
            op.create_table(
                "books",
                sa.Column("id", sa.Integer(), nullable=False),
                sa.Column("title", sa.String(length=200), nullable=False),
                sa.PrimaryKeyConstraint("id"),
            )


        def downgrade() -> None:
            pass
        ''',
}
SPEC, CODE, MODELS, REVISION = "openapi.yaml", "app/main.py", "app/models.py", "migrations/versions/0001_books.py"


def shop(folder: Path) -> Path:
    """The project on disk, below a folder that also holds the cache."""
    return write(folder.resolve() / "shop", FILES)
