"""A snapshot that inherits sees what a fresh one sees, whatever was edited before, and runs less."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path

import pytest

from lsp_server.check import check
from lsp_server.config import Config
from lsp_server.document import Document, Documents
from lsp_server.report import Context
from lsp_server.report import json as json_report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.memo import Memo
from lsp_server.text import Change, Edit, Span
from lsp_server.workspace import documents_of, list_files

BOOKSHOP = Path(__file__).parent / "projects" / "bookshop"


def seen(snapshot: Snapshot) -> str:
    """All that a check tells, and the views behind it."""
    report = json.loads(json_report.render(check(snapshot, all_rules()), Context(snapshot.documents)))
    report["summary"].pop("seconds")
    return "\n".join([json.dumps(report, indent=1), repr(snapshot.implemented), repr(snapshot.mapped), repr(snapshot.downgrades)])


def bookshop() -> dict[str, str]:
    documents = documents_of(BOOKSHOP, list_files(BOOKSHOP, Config()))
    return {path: documents[path].text for path in documents if documents[path].problem is None}


def layered() -> dict[str, str]:
    """A program with what makes inheriting hard: registries, circles, enumerations, late imports, stars, shared lists."""
    texts = {
        "app/__init__.py": "from .registry import register\n",
        "app/registry.py": "ROUTERS = []\nNAMES = {}\ndef register(router, name='x'):\n    ROUTERS.append(router)\n    NAMES[name] = router\n    return router\n",
        "app/kinds.py": "from enum import Enum, auto\nclass Kind(Enum):\n    one = 'one'\n    two = auto()\nLIMIT = 10\n",
        "app/left.py": "from app import right\nPREFIX = '/left'\nOTHER = right.PREFIX if right else ''\n",
        "app/right.py": "from app import left\nPREFIX = '/right'\nBACK = left.PREFIX\n",
        "app/names.py": "from .kinds import *\nfrom .left import PREFIX\nSTART = PREFIX + '/api'\n",
        "app/models.py": "from pydantic import BaseModel\nfrom .kinds import Kind\nclass Item(BaseModel):\n    name: str\n    kind: Kind\n    size: int = 1\n",
        "app/main.py": "from fastapi import FastAPI\nfrom app import registry, routes0, routes1, routes2, routes3\napp = FastAPI()\n"
        "for router in registry.ROUTERS:\n    app.include_router(router)\napp.include_router(routes3.make())\n",
        "app/tables.py": "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase):\n    pass\n"
        "class Item(Base):\n    __tablename__ = 'items'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str]\n",
        "app/more_tables.py": "from sqlalchemy import ForeignKey\nfrom sqlalchemy.orm import Mapped, mapped_column\nfrom .tables import Base, Item\n"
        "class Part(Base):\n    __tablename__ = 'parts'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    item: Mapped[int] = mapped_column(ForeignKey(Item.__table__.c.id))\n",
        "openapi.yaml": "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /left/api/0:\n    get: {responses: {'200': {description: ok}}}\n"
        "  /gone:\n    get: {responses: {'200': {description: ok}}}\n",
    }
    for number in range(4):
        texts[f"app/routes{number}.py"] = (
            f"from fastapi import APIRouter\nfrom app.registry import register\nfrom .names import START, LIMIT\nfrom .models import Item\n"
            f"router = APIRouter(prefix=START)\n@router.get('/{number}')\ndef read{number}(limit: int = LIMIT) -> list[Item]:\n    return []\n"
            + (f"register(router, 'r{number}')\n" if number < 3 else "def make():\n    made = APIRouter(prefix=START)\n    made.get('/made')(read3)\n    return made\n")
        )
    return texts


def edited(text: str, chance: random.Random, words: list[str]) -> str:
    """The text with a line doubled, dropped, moved, changed or commented; still Python."""
    for _ in range(20):
        lines = text.splitlines(keepends=True)
        if not lines:
            return text
        at = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                lines.insert(at, lines[at])
            case 1:
                del lines[at]
            case 2:
                lines.insert(chance.randrange(len(lines)), lines.pop(at))
            case 3:
                lines.insert(at, "# a remark\n")
            case _:
                old, new = chance.choice(words), chance.choice(words)
                lines[at] = lines[at].replace(old, new)
        changed = "".join(lines)
        try:
            ast.parse(changed)
        except (SyntaxError, ValueError):
            continue
        if changed != text:
            return changed
    return text


@pytest.mark.parametrize(("project", "seed", "edits"), [
    (layered, 1, 25), (layered, 2, 25), (layered, 3, 25), (layered, 4, 25), (bookshop, 5, 8), (bookshop, 6, 8),
], ids=lambda value: getattr(value, "__name__", str(value)))  # fmt: skip
def test_any_sequence_of_edits_gives_what_a_fresh_look_gives(project: object, seed: int, edits: int) -> None:
    """Findings, fixes, unknowns and views are the same, edit after edit."""
    assert callable(project)
    chance = random.Random(seed)
    texts: dict[str, str] = project()
    python = sorted(path for path in texts if path.endswith(".py"))
    words = sorted({word for path in python for word in texts[path].replace("(", " ").replace(".", " ").split() if word.isidentifier()})
    memo = Memo()
    last: Snapshot | None = None
    for _ in range(edits):
        for _ in range(chance.choice((1, 1, 1, 2))):
            path = chance.choice(python)
            texts[path] = edited(texts[path], chance, words)
        documents = Documents({path: Document(path, text) for path, text in texts.items()})
        last = Snapshot(documents, memo=memo, lasting=True).inherit(last)
        assert seen(last) == seen(Snapshot.of(texts))


def test_an_edit_runs_again_only_what_reads_the_file() -> None:
    """A leaf's edit keeps the rest; the edit of what all read keeps nothing of them."""
    texts = layered()
    first = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True)
    seen(first)

    def after(path: str) -> set[str]:
        texts[path] = "# new\n" + texts[path]
        second = Snapshot(Documents({name: Document(name, text) for name, text in texts.items()}), lasting=True).inherit(first)
        seen(second)
        return {name for name, run in second.interpreter.executions.items() if run is not first.interpreter.executions.get(name)}

    assert "app/more_tables.py" in after("app/more_tables.py")
    first = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True)
    seen(first)
    again = after("app/more_tables.py")
    assert "app/models.py" not in again and "app/kinds.py" not in again
    first = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True)
    seen(first)
    assert {"app/names.py", "app/models.py", "app/main.py"} <= after("app/kinds.py")


def test_a_hypothetical_change_leaves_the_snapshot_as_it_was() -> None:
    """Looking at what a change would do changes nothing of what is seen now."""
    texts = layered()
    snapshot = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True)
    before = seen(snapshot)
    path = "app/routes1.py"
    change = Change("test", (Edit(path, Span(0, 0), "import os\n"),), bases={path: snapshot.documents.digest(path)})
    after = snapshot.with_change(change)
    assert seen(after) == seen(Snapshot.of({**texts, path: "import os\n" + texts[path]}))
    assert seen(snapshot) == before == seen(Snapshot.of(texts))


def test_files_that_come_or_go_inherit_nothing() -> None:
    """Another file may be what an import means."""
    texts = layered()
    first = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True)
    seen(first)
    texts["app/sizes.py"] = "LIMIT = 3\n"
    second = Snapshot(Documents({path: Document(path, text) for path, text in texts.items()}), lasting=True).inherit(first)
    assert seen(second) == seen(Snapshot.of(texts))
    assert not second.interpreter.kept


# What decides, one case each: programs whose result hangs on the order of running, or on what others did to a module


def same_as_fresh(texts: dict[str, str], path: str, new: str) -> Snapshot:
    """The inheriting snapshot after an edit; it sees what a fresh one sees."""
    first = Snapshot(Documents({name: Document(name, text) for name, text in texts.items()}), lasting=True)
    seen(first)
    after = {**texts, path: new}
    second = Snapshot(Documents({name: Document(name, text) for name, text in after.items()}), lasting=True).inherit(first)
    fresh = Snapshot.of(after)
    assert seen(second) == seen(fresh)
    assert list(second.interpreter.executions) == list(fresh.interpreter.executions)
    return second


ROUTER = "from fastapi import APIRouter\nrouter = APIRouter(prefix={prefix})\n@router.get('/{name}')\ndef {name}(): ...\n"


def test_a_circle_is_entered_where_the_edit_enters_it() -> None:
    """Two modules that import each other see what the first reader decides."""
    texts = {
        "app/__init__.py": "",
        "app/left.py": "import app.right\nPREFIX = '/left'\nTAIL = app.right.PREFIX\n",
        "app/right.py": "import app.left\nTAIL = getattr(app.left, 'TAIL', '/early')\nPREFIX = '/right' + TAIL\n",
        "app/main.py": "from fastapi import FastAPI\nfrom app.left import TAIL\napp = FastAPI()\n@app.get(TAIL)\ndef read(): ...\n",
    }
    entered = "from fastapi import FastAPI\nfrom app.right import PREFIX as TAIL\napp = FastAPI()\n@app.get(TAIL)\ndef read(): ...\n"
    same_as_fresh(texts, "app/main.py", entered)


def test_what_nobody_asks_for_any_more_does_not_run() -> None:
    """A module that only the old text led to is not there afterwards, though what led to it was kept."""
    texts = {
        "app/__init__.py": "",
        "app/deep.py": "from sqlalchemy import MetaData, Table, Column, Integer\nmetadata = MetaData()\n"
        "things = Table('things', metadata, Column('id', Integer))\n",
        "app/hub.py": "from app.deep import things\nfrom app.shallow import NAME\n",
        "app/shallow.py": "NAME = '/name'\n",
        "app/main.py": "from fastapi import FastAPI\nfrom app import hub\napp = FastAPI()\nkept = hub.things\n@app.get(hub.NAME)\ndef read(): ...\n",
    }
    same_as_fresh(texts, "app/main.py", texts["app/main.py"].replace("kept = hub.things\n", ""))


def test_what_is_kept_brings_what_it_ran_in_that_order() -> None:
    """The order of the executions decides the order of what is found in them."""
    texts = {
        "app/__init__.py": "",
        "app/zeta.py": "PREFIX = '/zeta'\n",
        "app/alpha.py": "PREFIX = '/alpha'\n",
        "app/first.py": "from app.zeta import PREFIX as Z\nfrom app.alpha import PREFIX as A\n" + ROUTER.format(prefix="Z + A", name="one"),
        "app/main.py": "from fastapi import FastAPI\nfrom app.first import router\napp = FastAPI()\napp.include_router(router)\n",
    }
    second = same_as_fresh(texts, "app/main.py", "# edited\n" + texts["app/main.py"])
    assert [path for path in second.interpreter.executions if path in ("app/zeta.py", "app/alpha.py")] == ["app/zeta.py", "app/alpha.py"]


def test_a_registry_that_an_edited_module_filled_is_filled_anew() -> None:
    """What the old text put into another module's list is not there twice."""
    texts = {
        "app/__init__.py": "",
        "app/registry.py": "ROUTERS = []\n",
        "app/a.py": ROUTER.format(prefix="'/a'", name="one") + "from app.registry import ROUTERS\nROUTERS.append(router)\n",
        "app/b.py": ROUTER.format(prefix="'/b'", name="two") + "from app.registry import ROUTERS\nROUTERS.append(router)\n",
        "app/main.py": "from fastapi import FastAPI\nfrom app import a, b, registry\na.router\nb.router\napp = FastAPI()\n"
        "for router in registry.ROUTERS:\n    app.include_router(router)\n",
    }
    second = same_as_fresh(texts, "app/a.py", texts["app/a.py"].replace("'/a'", "'/c'"))
    (api,) = second.implemented
    assert sorted(operation.path for operation in api.operations) == ["/b/two", "/c/one"]


def asking(edited_text: str, more: str = "") -> dict[str, str]:
    """A module that goes through the routes of its own router, below an application, beside a module that is edited."""
    return {
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\nfrom app import asking, other\n" + more + "app = FastAPI()\n"
        "app.include_router(asking.router)\napp.include_router(other.router)\n",
        "app/asking.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/x')\ndef read(): ...\n"
        "for route in list(router.routes):\n    router.get('/again' + route.path)(read)\n",
        "app/other.py": edited_text,
        "openapi.yaml": "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /x:\n    get: {responses: {'200': {description: ok}}}\n",
    }


def test_a_module_that_asks_for_the_routes_of_its_own_router_is_kept() -> None:
    before = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/y')\ndef read_y(): ...\n"
    second = same_as_fresh(asking(before), "app/other.py", before.replace("/y", "/z"))
    assert "app/asking.py" in second.interpreter.executions
    assert not second.interpreter.executions["app/asking.py"].entangled
    assert "'/again/x'" in repr(second.implemented)


def test_a_module_that_was_told_of_routes_that_others_put_on_its_router_runs_again() -> None:
    """`other` puts a route on the router of `shared` before `sequel` asks for the routes, without being read by it."""
    texts = asking("from fastapi import APIRouter\nrouter = APIRouter()\nfrom app import shared\nshared.put('/y')\n", "from app import sequel\n")
    texts["app/shared.py"] = "from fastapi import APIRouter\nours = APIRouter()\ndef read_y(): ...\ndef put(path):\n    ours.add_api_route(path, read_y)\n"
    texts["app/sequel.py"] = (
        "from fastapi import APIRouter\nfrom app import shared\nrouter = APIRouter()\nrouter.include_router(shared.ours)\n"
        "SEEN = [route.path for route in router.routes]\nfor path in SEEN:\n    router.get('/again' + path)(shared.read_y)\n"
    )
    texts["app/main.py"] += "app.include_router(sequel.router)\n"
    second = same_as_fresh(texts, "app/other.py", texts["app/other.py"].replace("/y", "/z"))
    assert "'/again/z'" in repr(second.implemented)
