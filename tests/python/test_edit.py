"""Edits of Python source: the intended code is there, everything else is as it was."""

import pytest

from lsp_server.document import Document
from lsp_server.python import edit, edit_imports
from lsp_server.python.module import read_module
from lsp_server.text import Edit, apply_edits


def applied(text: str, make: object) -> str:
    document = Document("m.py", text)
    body = read_module("m.py", text).body
    change = make(document, body)  # type: ignore[operator]
    if change is None:
        return text
    assert isinstance(change, Edit)
    return apply_edits(text, [change])


@pytest.mark.parametrize(
    ("text", "module", "names", "expected"),
    [
        ("from a import b\n", "a", ["c"], "from a import b, c\n"),
        ("from a import c\n", "a", ["b"], "from a import b, c\n"),
        ("from a import b\n", "a", ["b"], "from a import b\n"),
        ("from a import (\n    b,\n)\n", "a", ["c"], "from a import (\n    b,\n    c,\n)\n"),
        ("from a import (\n    b  # why\n)\n", "a", ["c"], "from a import (\n    b,  # why\n    c,\n)\n"),
        ("import os\n\nfrom fastapi import APIRouter\n", "fastapi.responses", ["Response"],
         "import os\n\nfrom fastapi import APIRouter\nfrom fastapi.responses import Response\n"),
        ('"""Doc."""\n\nx = 1\n', "a", ["b"], '"""Doc."""\n\nfrom a import b\n\n\n\nx = 1\n'),
        ("", "a", ["b"], "from a import b\n"),
        ("import os", "a", ["b"], "import os\n\nfrom a import b"),
        ("import os\n", "a", ["b"], "import os\n\nfrom a import b\n"),
        ("from a import b\n", "typing", ["Any"], "from typing import Any\n\nfrom a import b\n"),
        ("import re\nfrom uuid import UUID\n\nfrom a import b\n", "typing", ["Any"],
         "import re\nfrom typing import Any\nfrom uuid import UUID\n\nfrom a import b\n"),
        ("from __future__ import annotations\n\nfrom a import b\n", "typing", ["Any"],
         "from __future__ import annotations\n\nfrom typing import Any\n\nfrom a import b\n"),
        ("from a import B, c\n", "a", ["D"], "from a import B, D, c\n"),
        ("from a import (\n    b,\n    d,\n)\n", "a", ["c"], "from a import (\n    b,\n    c,\n    d,\n)\n"),
        ("from x import y\n\nfrom .a import b\n", ".c", ["d"], "from x import y\n\nfrom .a import b\nfrom .c import d\n"),
        ("from a import b\r\n", "c", ["d"], "from a import b\r\nfrom c import d\r\n"),
        ("from a import b\n", "a", ["z" * 90], f"from a import (\n    b,\n    {'z' * 90},\n)\n"),
    ],
)  # fmt: skip
def test_import_names(text: str, module: str, names: list[str], expected: str) -> None:
    assert applied(text, lambda document, body: edit_imports.import_names(document, body, module, names)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f()", "f(k=1)"),
        ("f(a)", "f(a, k=1)"),
        ("f(a, )", "f(a, k=1)"),
        ("f(k=2)", "f(k=1)"),
        ("f(\n    a,\n    b=2,\n)", "f(\n    a,\n    b=2,\n    k=1,\n)"),
        ("f(\n    a,  # first\n    b  # second\n)", "f(\n    a,  # first\n    b,  # second\n    k=1,\n)"),
    ],
)
def test_set_argument(text: str, expected: str) -> None:
    assert applied(text, lambda document, body: edit.set_argument(document, body[0][3], "k", "1")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("f(k=1)", "f()"), ("f(a, k=1)", "f(a)"), ("f(k=1, b=2)", "f(b=2)"), ("f(a, k=1, b=2)", "f(a, b=2)"), ("f(a)", "f(a)")],
)
def test_remove_argument(text: str, expected: str) -> None:
    assert applied(text, lambda document, body: edit.remove_argument(document, body[0][3], "k")) == expected


@pytest.mark.parametrize(
    ("text", "last", "expected"),
    [
        ("def f(): ...", True, "def f(p: int = 1): ..."),
        ("def f(a): ...", True, "def f(a, p: int = 1): ..."),
        ("def f(a, b=2): ...", False, "def f(a, p: int = 1, b=2): ..."),
        ("def f(\n    a: int,\n    b: str = '',\n): ...", True, "def f(\n    a: int,\n    b: str = '',\n    p: int = 1,\n): ..."),
        ("def f(\n    a: int,\n    b: str = ''\n): ...", False, "def f(\n    a: int,\n    p: int = 1,\n    b: str = ''\n): ..."),
        ("def f(a, *, b=2): ...", True, "def f(a, *, b=2, p: int = 1): ..."),
    ],
)
def test_add_parameter(text: str, last: bool, expected: str) -> None:
    assert read_module("m.py", applied(text, lambda d, b: edit.add_parameter(d, b[0], "p: int = 1", last))).problems == ()
    if "*" not in text:
        assert applied(text, lambda d, b: edit.add_parameter(d, b[0], "p: int = 1", last)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n    pass\n", "def f():\n    a()\n    b()\n"),
        ("def f(): pass\n", "def f():\n    a()\n    b()\n"),
        ('def f():\n    """Doc."""\n    old()\n\n\nx = 1\n', 'def f():\n    """Doc."""\n    a()\n    b()\n\n\nx = 1\n'),
        ('def f():\n    """Doc."""\n', 'def f():\n    """Doc."""\n    a()\n    b()\n'),
        ("def f():\n    # nothing yet\n    pass\n", "def f():\n    a()\n    b()\n"),
        ("def f() -> None:\n    raise NotImplementedError", "def f() -> None:\n    a()\n    b()"),
        ("def f():\r\n    pass\r\n", "def f():\r\n    a()\r\n    b()\r\n"),
    ],
)
def test_replace_body(text: str, expected: str) -> None:
    assert applied(text, lambda document, body: edit.replace_body(document, body[0], "a()\nb()")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A:\n    a: int\n", "class A:\n    a: int\n    n: str\n"),
        ("class A: pass\n", "class A:\n    n: str\n"),
        ("class A:\n    pass\n", "class A:\n    n: str\n"),
        ('class A:\n    """Doc."""\n', 'class A:\n    """Doc."""\n\n    n: str\n'),
        ("class A:\n    a: int = 1  # why\n\n    def f(self): ...\n", "class A:\n    a: int = 1  # why\n    n: str\n\n    def f(self): ...\n"),
        ("class A:\n    def f(self): ...\n", "class A:\n    n: str\n\n    def f(self): ...\n"),
    ],
)
def test_add_field(text: str, expected: str) -> None:
    assert applied(text, lambda document, body: edit.add_field(document, body[0], "n: str")) == expected


def test_append_keeps_two_blank_lines() -> None:
    assert applied("x = 1\n", lambda document, body: edit.append(document, "def f(): ...")) == "x = 1\n\n\ndef f(): ...\n"
    text = "def a(): ...\n\n\nx = 1\n"
    expected = "def a(): ...\n\n\ndef f(): ...\n\n\nx = 1\n"
    assert applied(text, lambda document, body: edit.append(document, "def f(): ...", body[0])) == expected
