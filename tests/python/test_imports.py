"""What importing a module imports with it."""

from __future__ import annotations

import pytest

from lsp_server.python.imports import Reach, reach_of
from lsp_server.python.module import read_module
from lsp_server.python.program import Program


def reach(files: dict[str, str], start: str = "start.py") -> Reach:
    program = Program(files, lambda path: read_module(path, files[path]))
    return reach_of(program, start)


def test_packages_on_the_way_run_too() -> None:
    files = {"start.py": "import app.models.book", "app/__init__.py": "from app import log", "app/log.py": "",
             "app/models/__init__.py": "", "app/models/book.py": "", "app/models/card.py": ""}  # fmt: skip
    assert reach(files) == Reach(frozenset(files) - {"app/models/card.py"})


def test_what_only_a_type_checker_imports_does_not_run() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import card\nelse:\n    import book\n"
    files = {"start.py": "import middle", "middle.py": text, "card.py": "", "book.py": ""}
    assert reach(files).files == {"start.py", "middle.py", "book.py"}


@pytest.mark.parametrize(
    "statement",
    ["try:\n    import book\nexcept ImportError:\n    pass", "if flag:\n    import book", "class A:\n    import book", "with a():\n    import book"],
)
def test_statements_inside_statements_run(statement: str) -> None:
    assert "book.py" in reach({"start.py": "import middle", "middle.py": statement, "book.py": ""}).files


@pytest.mark.parametrize("call", ["load()", "x = load()", "@load\ndef f(): ...", "class A(metaclass=load()): ..."])
def test_a_function_runs_where_it_is_called(call: str) -> None:
    middle = f"def load():\n    import book\n{call}\n"
    assert "book.py" in reach({"start.py": "import middle", "middle.py": middle, "book.py": ""}).files


def test_a_function_that_nobody_calls_does_not_run() -> None:
    middle = "import importlib\ndef load():\n    import book\n    importlib.import_module(name())\n"
    assert reach({"start.py": "import middle", "middle.py": middle, "book.py": ""}) == Reach(frozenset(["start.py", "middle.py"]))


def test_the_first_modules_functions_are_taken_as_called() -> None:
    assert "book.py" in reach({"start.py": "def run():\n    import book\n", "book.py": ""}).files


def test_loading_by_a_name_made_at_run_time_leaves_doubt() -> None:
    found = reach({"start.py": "import middle", "middle.py": "import importlib\nfor name in names:\n    importlib.import_module(name)\n"})
    assert found.unsure is not None and found.unsure.location is not None and found.unsure.location.path == "middle.py"


def test_a_module_named_in_so_many_words_is_followed() -> None:
    found = reach({"start.py": "import importlib\nimportlib.import_module('book')\n", "book.py": ""})
    assert found == Reach(frozenset(["start.py", "book.py"]))


def test_a_package_that_lies_elsewhere_leaves_doubt() -> None:
    found = reach({"start.py": "from shop.models import Book\n", "a/shop/__init__.py": "", "b/shop/__init__.py": ""})
    assert "book.py" not in found.files
    assert found.unsure is not None or "a/shop/__init__.py" in found.files or "b/shop/__init__.py" in found.files
