"""Whatever a model calls tools with, it gets a text or a ToolError; nothing else happens, and nothing reaches the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_server.agent.tool import Tool, ToolError, checked
from lsp_server.agent.tools import all_tools
from tests.agent.benches import bench_of, disk, project

FILES = {
    "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/books')\ndef read_books() -> list[int]:\n    return []\n",
    "app/models.py": "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase): ...\n\n\nclass Book(Base):\n"
                     "    __tablename__ = 'book'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
    "openapi.yaml": "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths:\n  /books:\n    get: {operationId: readBooks, responses: {'200': {description: ok}}}\n",
    "alembic.ini": "[alembic]\nscript_location = m\n",
    "m/env.py": "from alembic import context\nfrom app.models import Base\ncontext.configure(target_metadata=Base.metadata)\n",
    "m/versions/a1.py": "revision = 'a1'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
    "README.md": "# Shop\n\n## Books\n\ntext\n",
    ".env": "TOKEN=x\n",
}  # fmt: skip
WORDS = st.one_of(
    st.sampled_from([
        *FILES, "", ".", "..", "/", "app", "app/new.py", "m/versions/b2.py", "docs/x.md", "Book", "Book.id", "read_books", "GET /books", "readBooks", "book",
        "operation-not-implemented", "(a+)+$", "[", "\\", "*", "**", "def x():\n    pass\n", "class A:\n  x = 1", "import os", "\x00", "\ud800", "é😀", "a" * 3000,
        "revision = 'b2'\ndown_revision = 'a1'\ndef upgrade(): ...\n", "0" * 16, "Books", "m", "from fastapi", "\r\n", "    pass",
    ]),
    st.text(max_size=20),
)  # fmt: skip


def values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema, strange ones among them."""
    match schema.get("type"):
        case "string":
            return st.sampled_from(schema["enum"]) if "enum" in schema else WORDS
        case "integer":
            return st.integers(schema.get("minimum", -5), 10**9)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "object" if "properties" in schema:
            needed = {name: values(inner) for name, inner in schema["properties"].items() if name in schema.get("required", ())}
            others = {name: values(inner) for name, inner in schema["properties"].items() if name not in needed}
            return st.fixed_dictionaries(needed, optional=others)
        case "object":
            return st.dictionaries(WORDS, values(schema["additionalProperties"]), max_size=2)
    return st.one_of(WORDS, st.none(), st.integers())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("any") / "shop", FILES)


@pytest.mark.parametrize("tool", all_tools(), ids=lambda tool: tool.name)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_call_ends_in_a_text_or_a_refusal(tool: Tool, root: Path, data: st.DataObject) -> None:
    before = disk(root)
    bench = bench_of(root)
    for _ in range(2):
        try:
            said = tool.run(bench, checked(tool, data.draw(values(tool.parameters))))
            assert isinstance(said, str) and len(said) < 60_000
        except ToolError as refusal:
            assert str(refusal)
    assert set(bench.draft.change("x").paths) == set(bench.draft.changed)
    assert disk(root) == before
