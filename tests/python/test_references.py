"""Symbols of files, and where the files of a program speak of one."""

from __future__ import annotations

import textwrap

import pytest

from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.python.references import references_to
from lsp_server.python.symbols import Symbol, named, symbols_of


def program(files: dict[str, str]) -> tuple[Program, dict[str, str]]:
    texts = {path: textwrap.dedent(text).lstrip("\n") for path, text in files.items()}
    facts = {path: read_module(path, text) for path, text in texts.items()}
    return Program(texts, facts.__getitem__), texts


def symbol(files: dict[str, str], path: str, name: str) -> Symbol:
    made, _ = program(files)
    (found,) = named(symbols_of(made.load(path)), name)
    return found


def places(files: dict[str, str], path: str, name: str, certain: bool = True) -> list[str]:
    """`path:line` of the references, in order; every place must hold the name."""
    made, texts = program(files)
    found = references_to(made, texts.__getitem__, symbol(files, path, name))
    last = name.rpartition(".")[2]
    for reference in found:
        span = reference.location.span
        assert texts[reference.location.path][span.start : span.end] == last
    return [
        f"{each.location.path}:{texts[each.location.path].count(chr(10), 0, each.location.span.start) + 1}"
        for each in found
        if each.certain is certain
    ]


MODELS = """
    class Book:
        title = 1

        def price(self):
            return self.title

    def find(): ...
"""


def test_symbols_of_a_file() -> None:
    text = textwrap.dedent(
        '''
        LIMIT: int = 3
        a, (b, c) = 1, (2, 3)

        @decorated(
            1,
        )
        class Book(Base):
            """A book."""
            title: str
            async def price(self) -> int:
                x = 1
                def inner(): ...
                return x

        if LIMIT:
            def late(): ...
        else:
            try:
                other = 1
            except Error:
                def fallen(): ...
        '''
    ).lstrip("\n")
    found = symbols_of(read_module("a.py", text))
    assert [(each.name, each.sort) for each in found] == [
        ("LIMIT", "variable"), ("a", "variable"), ("Book", "class"), ("Book.title", "variable"), ("Book.price", "method"),
        ("Book.price.inner", "function"), ("late", "function"), ("other", "variable"), ("fallen", "function"),
    ]  # fmt: skip
    book = next(each for each in found if each.name == "Book")
    assert text[book.whole.start :].startswith("@decorated") and text[: book.whole.end].endswith("return x")
    assert text[book.name_span.start : book.name_span.end] == "Book"


def test_names_are_followed_through_imports_aliases_and_packages() -> None:
    files = {
        "app/models.py": MODELS,
        "app/__init__.py": "from app.models import Book as Volume\nfrom . import models\n",
        "app/star.py": "from app.models import *\nBook()\n",
        "app/a.py": "from app import Volume\nVolume()\n",
        "app/b.py": "import app.models\napp.models.Book()\n",
        "app/c.py": "from app import models as m\nm.Book()\nm.Other()\n",
        "app/d.py": "from .models import Book\nx: Book = Book()\n\ndef f(b: 'Book') -> Book: ...\n",
        "app/e.py": "from elsewhere import Book\nBook()\n",
        "app/f.py": "from app.star import Book\nBook()\n",
        "app/g.py": "Book()\n",
    }
    assert places(files, "app/models.py", "Book") == [
        "app/__init__.py:1", "app/b.py:2", "app/c.py:2", "app/d.py:1", "app/d.py:2", "app/d.py:2", "app/d.py:4", "app/f.py:1", "app/f.py:2",
        "app/star.py:2",
    ]  # fmt: skip
    assert places(files, "app/models.py", "Book", certain=False) == ["app/d.py:4"], "a text may be meant"


@pytest.mark.parametrize(
    "code",
    [
        "def f(find): find()",
        "def f():\n    find = 1\n    return find",
        "[find for find in x]",
        "f = lambda find: find",
        "def f():\n    for find in x: find",
        "def f():\n    with x as find: find",
        "def f():\n    try: ...\n    except E as find: find",
        "def f():\n    if (find := 1): return find",
        "def f():\n    def find(): ...\n    find()",
        "def f():\n    from other import find\n    find()",
        "class C:\n    find = 1\n    x = find",
    ],
)
def test_names_of_their_own_are_others(code: str) -> None:
    files = {"models.py": MODELS, "a.py": f"from models import find\n{code}\n"}
    assert places(files, "models.py", "find") == ["a.py:1"]


@pytest.mark.parametrize(
    "code",
    [
        "def f(): return find()",
        "def f(x=find): ...",
        "[x for x in find()]",
        "def f():\n    global find\n    find = 1",
        "class C:\n    find = 1\n    def f(self): return find",
        "assert find() == 1",
        "x = f'{find()}'",
        "def f():\n    from models import find\n    find()",
        "@find\ndef f(): ...",
        "match x:\n    case 1: find()",
    ],
)
def test_names_that_are_the_symbol(code: str) -> None:
    files = {"models.py": MODELS, "a.py": f"from models import find\n{code}\n"}
    assert len(places(files, "models.py", "find")) > 1


def test_members_are_certain_where_their_owner_is_named() -> None:
    files = {
        "models.py": MODELS,
        "a.py": "from models import Book\nBook.title\nBook(title=1)\nother.title\nother(title=2)\n'title'\n",
    }
    assert places(files, "models.py", "Book.title") == ["a.py:2", "a.py:3", "models.py:5"]
    assert places(files, "models.py", "Book.title", certain=False) == ["a.py:4", "a.py:5", "a.py:6"]


def test_modules_that_import_each_other_end() -> None:
    files = {"a.py": "from b import *\nfrom b import x\n", "b.py": "from a import *\nfrom a import x\nx = 1\n"}
    assert "a.py:2" in places(files, "b.py", "x")


def test_places_are_code_points() -> None:
    files = {"models.py": "def find(): ...\n", "a.py": "from models import find\nx = '😀é'; find()\n"}
    assert places(files, "models.py", "find") == ["a.py:1", "a.py:2"]
