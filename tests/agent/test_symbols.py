"""Python by its symbols: whole definitions are found, replaced and put beside each other; the file stays Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.bench import Workbench
from tests.agent.benches import bench_of, call, project, refused

MAIN = '''import os

LIMIT = 3


# How a book is made.
# With its price.
@router.post(
    "/books",
)
def create_book(wanted: BookCreate, *, session: Session) -> Book:
    """Make one."""
    text = """
  kept as it is
"""
    return Book(text)  # done


class Shelf(Base):
    """A shelf."""

    name: str

    @property
    def books(self) -> list[Book]:
        return []

    @books.setter
    def books(self, value: list[Book]) -> None: ...


async def close() -> None: ...
'''
FILES = {
    "app/main.py": MAIN,
    "app/other.py": "from app.main import Shelf, create_book\n\n\ndef create_book2(): return create_book(1)\n",
    "app/windows.py": "class A:\r\n    def f(self):\r\n        return 1\r\n\r\n\r\nclass B: pass\r\n",
    "app/broken.py": "def good(): ...\n\ndef bad(:\n    pass\n",
    "README.md": "# create_book\n",
}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return bench_of(project(tmp_path, FILES))


def test_overview(bench: Workbench) -> None:
    assert call(bench, "symbol_overview", path="app/main.py").split("\n") == [
        "     3  LIMIT = 3",
        "    11  def create_book(wanted: BookCreate, *, session: Session) -> Book",
        "    19  class Shelf(Base)",
        "    22    name: str",
        "    25    def books(self) -> list[Book]",
        "    29    def books(self, value: list[Book]) -> None",
        "    32  async def close() -> None",
    ]
    assert "line 3: not Python" in call(bench, "symbol_overview", path="app/broken.py")
    assert "read_file" in refused(bench, "symbol_overview", path="README.md")


def test_finding(bench: Workbench) -> None:
    shown = call(bench, "find_symbol", name="create_book")
    assert shown.startswith("app/main.py:8-16 function create_book\n     8  @router.post(") and "return Book(text)" in shown
    assert call(bench, "find_symbol", name="books") == "app/main.py:24-26 method Shelf.books\napp/main.py:28-29 method Shelf.books"
    assert "class Shelf" in call(bench, "find_symbol", name="Shelf", path="app")
    assert "Shelf.name" in call(bench, "find_symbol", name="Shelf/name", path="app/main.py")
    assert "symbol_overview" in refused(bench, "find_symbol", name="Other", path="app/main.py")
    assert "search" in refused(bench, "find_symbol", name="nothing_like_it")
    refused(bench, "find_symbol", name=" ")


def test_references(bench: Workbench) -> None:
    shown = call(bench, "find_references", name="create_book", path="app/main.py")
    assert shown.split("\n") == [
        "2 references to create_book (app/main.py):",
        "app/other.py:1: from app.main import Shelf, create_book",
        "app/other.py:4: def create_book2(): return create_book(1)",
    ]
    assert "nothing refers" in call(bench, "find_references", name="close")


def test_a_definition_is_replaced_whole(bench: Workbench) -> None:
    call(bench, "replace_symbol_body", path="app/main.py", name="create_book", text="def create_book() -> None:\n    pass\n")
    assert bench.draft.read("app/main.py") == MAIN.replace(
        MAIN[MAIN.index("@router") : MAIN.index("  # done")], "def create_book() -> None:\n    pass"
    )


@pytest.mark.parametrize(
    "text",
    [
        "def f(self):\n    return 2\n",
        "    def f(self):\n        return 2",
        "def f(self):\r\n    return 2",
        "\n\n  def f(self):\n      return 2\n\n",
        "def f(self):\n        return 2",
    ],
)
def test_code_gets_the_indentation_and_the_breaks_of_its_place(bench: Workbench, text: str) -> None:
    call(bench, "replace_symbol_body", path="app/windows.py", name="A.f", text=text)
    written = bench.draft.read("app/windows.py")
    assert "\n" not in written.replace("\r\n", "")
    assert written.startswith("class A:\r\n    def f(self):\r\n") and "return 2\r\n\r\n\r\nclass B" in written


def test_texts_over_several_lines_keep_their_blanks(bench: Workbench) -> None:
    code = 'def f(self):\n    x = """\n a\n"""\n    return x'
    call(bench, "replace_symbol_body", path="app/windows.py", name="A.f", text=code)
    assert '        x = """\r\n a\r\n"""\r\n        return x' in bench.draft.read("app/windows.py")


def test_inserting_before_takes_the_comments_along(bench: Workbench) -> None:
    call(bench, "insert_before_symbol", path="app/main.py", name="create_book", text="def first() -> None: ...")
    assert "LIMIT = 3\n\n\ndef first() -> None: ...\n\n\n# How a book is made.\n" in bench.draft.read("app/main.py")
    call(bench, "insert_before_symbol", path="app/main.py", name="LIMIT", text="LEAST = 1")
    assert "import os\n\nLEAST = 1\nLIMIT = 3\n" in bench.draft.read("app/main.py")


def test_inserting_after(bench: Workbench) -> None:
    call(bench, "insert_after_symbol", path="app/main.py", name="create_book", text="def second() -> None: ...")
    assert "return Book(text)  # done\n\n\ndef second() -> None: ...\n\n\nclass Shelf" in bench.draft.read("app/main.py")
    call(bench, "insert_after_symbol", path="app/main.py", name="Shelf.name", text="size: int")
    assert "    name: str\n    size: int\n" in bench.draft.read("app/main.py")
    call(bench, "insert_after_symbol", path="app/main.py", name="close", text="def last(): ...")
    assert bench.draft.read("app/main.py").endswith("async def close() -> None: ...\n\n\ndef last(): ...\n")


def test_what_is_not_clear_is_asked(bench: Workbench) -> None:
    said = refused(bench, "replace_symbol_body", path="app/main.py", name="Shelf.books", text="def books(self): ...")
    assert "2 times" in said and "app/main.py:24" in said and "app/main.py:28" in said
    call(bench, "replace_symbol_body", path="app/main.py", name="Shelf.books", line=28, text="@books.setter\ndef books(self, value): ...")
    assert "def books(self, value): ..." in bench.draft.read("app/main.py")


def test_a_file_stays_python(bench: Workbench) -> None:
    assert "would not be Python" in refused(bench, "replace_symbol_body", path="app/main.py", name="close", text="def close(:\n  pass")
    assert "edit_file" in refused(bench, "replace_symbol_body", path="app/main.py", name="close", text="  \n")
    assert "not be Python" in refused(bench, "insert_after_symbol", path="app/broken.py", name="good", text="x = 1")
