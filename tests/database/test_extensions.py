"""Which tables are *the* schema: plugins with histories of their own and stores that no history names stand beside it."""

from __future__ import annotations

from lsp_server.database.extensions import own_schema
from lsp_server.snapshot import Snapshot
from tests.database.histories import ENV
from tests.database.test_pair import BASE, model, revision

TARGET = ENV + "from app.base import Base\ntarget_metadata = Base.metadata\n"
STORE = model("chunk").replace("from app.base import Base", BASE)


def listed(files: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Names of the application's own tables, and those beside it with the reason."""
    snapshot = Snapshot.of({"app/__init__.py": "", "app/base.py": BASE, **files})
    own, beside = own_schema(snapshot.mapped, snapshot.trees)
    names = sorted(table.name for database in own for table in database.tables)
    return names, {table.name: each.reason for each in beside for table in each.database.tables}


def application(*names: str, env: str = TARGET) -> dict[str, str]:
    files = {f"app/{name}.py": model(name) for name in names}
    return {**files, "migrations/env.py": env, "migrations/versions/r1.py": revision(names[0])}


def test_a_plugin_with_a_history_of_its_own_is_an_extension() -> None:
    files = application("book", "author", "shelf")
    plugin = {"plugins/gifts/models.py": model("gift"), "plugins/gifts/migrations/versions/r1.py": revision("card")}
    assert listed({**files, "plugins/gifts/models.py": model("gift")}) == (["author", "book", "gift", "shelf"], {})
    own, beside = listed({**files, **plugin})
    assert own == ["author", "book", "shelf"]
    assert beside == {"gift": "an extension with a history of its own in plugins/gifts/migrations"}


def test_parts_with_histories_of_their_own_are_the_application_where_they_are_most_of_it() -> None:
    files = application("book")
    for name in ("gift", "card"):
        files[f"app/{name}s/models.py"] = model(name)
        files[f"app/{name}s/migrations/versions/r1.py"] = revision(name)
    assert listed(files) == (["book", "card", "gift"], {})


def test_a_metadata_that_no_history_names_is_another_store() -> None:
    files = {**application("book", "author"), "app/vectors.py": STORE}
    own, beside = listed(files)
    assert own == ["author", "book"]
    assert beside == {"chunk": "no migration history compares this metadata"}


def test_nothing_is_set_aside_where_a_history_does_not_say_what_it_compares() -> None:
    files = {**application("book", "author", env=ENV), "app/vectors.py": STORE}
    assert listed(files) == (["author", "book", "chunk"], {})
    unreadable = ENV + "target_metadata = __import__('app').find()\n"
    assert listed({**files, "migrations/env.py": unreadable}) == (["author", "book", "chunk"], {})


def test_the_history_with_the_most_revisions_says_which_database_is_the_schema() -> None:
    files = application("book", "author")
    files["migrations/versions/r2.py"] = revision("shelf").replace("down_revision = None", 'down_revision = "r_book"')
    tenants = {
        "app/tenants.py": STORE,
        "tenant_migrations/env.py": ENV + "from app.tenants import Base\ntarget_metadata = Base.metadata\n",
        "tenant_migrations/versions/r1.py": revision("chunk"),
    }
    own, beside = listed({**files, **tenants})
    assert own == ["author", "book"]
    assert beside == {"chunk": "another database, with a history of its own in tenant_migrations"}


def test_models_whose_base_is_not_known_stay() -> None:
    stranger = model("page").replace("from app.base import Base", "from strange import Thing as Base")
    assert listed({**application("book", "author"), "app/pages.py": stranger}) == (["author", "book", "page"], {})


def test_several_metadatas_that_one_history_names_are_all_the_schema() -> None:
    both = ENV + "from app.base import Base\nfrom app import vectors\ntarget_metadata = [Base.metadata, vectors.Base.metadata]\n"
    assert listed({**application("book", "author", env=both), "app/vectors.py": STORE}) == (["author", "book", "chunk"], {})


def test_flask_migrate_compares_the_extensions_metadata() -> None:
    env = ENV + "from flask import current_app\ntarget_db = current_app.extensions['migrate'].db\n" + (
        "def get_metadata():\n    if hasattr(target_db, 'metadatas'):\n        return target_db.metadatas[None]\n    return target_db.metadata\n"
        "def run_migrations_online():\n    context.configure(target_metadata=get_metadata())\n"
    )  # fmt: skip
    book = "from app.base import db\nclass Book(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
    files = application("book", "author", env=env)
    files["app/base.py"] = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n"
    files["app/book.py"], files["app/author.py"] = book, book.replace("Book", "Author")
    own, beside = listed({**files, "app/vectors.py": STORE})
    assert (own, list(beside)) == (["author", "book"], ["chunk"])


def test_without_any_history_all_metadatas_are_listed() -> None:
    files = {"app/book.py": model("book"), "app/author.py": model("author"), "app/vectors.py": STORE}
    assert listed(files) == (["author", "book", "chunk"], {})


def test_a_required_release_of_sqlmodel_keeps_time_zones() -> None:
    model = "from datetime import datetime\nfrom sqlmodel import Field, SQLModel\nclass A(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    at: datetime\n"

    def kind(requirement: str) -> str | None:
        snapshot = Snapshot.of({"app/models.py": model, "pyproject.toml": f'[project]\ndependencies = ["{requirement}"]\n'})
        column = snapshot.mapped[0].tables[0].column("at")
        return column.type.sql if column is not None else None

    assert kind("sqlmodel>=0.0.46") == "TIMESTAMP WITH TIME ZONE"
    assert kind("sqlmodel>=0.0.21") == kind("sqlmodel") == "TIMESTAMP WITHOUT TIME ZONE"
