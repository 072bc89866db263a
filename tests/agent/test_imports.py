"""Imports of changed files that lead nowhere, and such as nobody can say that of."""

from __future__ import annotations

import pytest

from lsp_server.agent.imports import unresolved
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

BASE = {
    "pyproject.toml": '[project]\ndependencies = ["rich>=13"]\n',
    "app/__init__.py": "",
    "app/money.py": "import yaml\n\nRATE = 2\n\n\ndef total(prices):\n    return sum(prices)\n",
    "app/lazy.py": "def __getattr__(name):\n    return name\n",
    "app/star.py": "from app.money import *\n",
    "app/shop.py": "from app.money import total\n",
}


def faults(path: str, text: str) -> tuple[str, ...]:
    base = Snapshot.of(BASE)
    files = {**BASE, path: text}
    return unresolved(base, Snapshot.of(files), [path])


@pytest.mark.parametrize(
    "text",
    [
        "from app.money import RATE, total\n",
        "from .money import total\n",
        "from . import money, lazy\n",
        "import app.money as money\n",
        "from app.lazy import anything\n",
        "from app.star import total, whatever\n",
        "import json, os.path\nfrom fastapi import FastAPI\n",
        "import yaml\n",
        "import rich.table\n",
        "try:\n    import ujson\nexcept ImportError:\n    import json\n",
    ],
)
def test_imports_that_lead_somewhere(text: str) -> None:
    assert faults("app/new.py", text) == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("from app.money import totals\n", "app/new.py:1: `app.money` has no `totals`"),
        ("import app.coins\n", "app/new.py:1: there is no module `app.coins`"),
        ("from .coins import x\n", "app/new.py:1: there is no module `.coins`"),
        ("from . import coins\n", "app/new.py:1: `.` has no `coins`"),
        ("def late():\n    from app.money import nothing\n", "app/new.py:2: `app.money` has no `nothing`"),
        ("import leftpad\n", "app/new.py:1: imports `leftpad`, which the project neither uses nor declares"),
    ],
)
def test_imports_that_lead_nowhere(text: str, fault: str) -> None:
    assert faults("app/new.py", text) == (fault,)


def test_a_name_that_others_import_must_stay() -> None:
    assert faults("app/money.py", "RATE = 2\n") == ("app/shop.py:1: `app.money` has no `total` any more",)


def test_what_was_wrong_before_is_not_the_run_s_fault() -> None:
    base = Snapshot.of({"app/a.py": "from app.b import gone\n", "app/b.py": "", "app/__init__.py": ""})
    after = base.with_change(Change("edit", new_files={"app/c.py": "import app.b\n"}))
    assert unresolved(base, after, ["app/a.py", "app/c.py"]) == ()
