"""The house rules that a machine can check: import order, who may import what, start-up weight, fresh docs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lsp_server"

# Later may import earlier. Rooms in one step do not import each other, except where they are the same room.
ORDER: list[set[str]] = [
    {"text"},
    {"unknown"},
    {"document"},
    {"tree", "config", "requirements", "suppressions"},
    {"python"},
    {"api", "database", "stories"},
    {"snapshot"},
    {"findings"},
    {"repair"},
    {"rules"},
    {"check", "outline"},
    {"verify"},
    {"report"},
    {"workspace", "shadow", "worker"},
    {"development"},
    {"recall"},
    {"cache"},
    {"agent"},
    {"commands", "lsp"},
    {"cli"},
    {"__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}

# package -> the only places that may import it
ONLY_IN = {
    "pygls": ("lsp/",),
    "lsprotocol": ("lsp/",),
    "anthropic": ("agent/model.py",),
    "mcp": ("agent/mcp_client.py", "agent/mcp_server.py"),
    "sqlalchemy": ("database/migration/", "database/reflect.py", "shadow/", "development/", "agent/journal/"),
    "alembic": ("database/migration/", "database/reflect.py", "shadow/", "development/", "agent/journal/"),
}
LAZY = ("sqlalchemy", "alembic", "sqlglot")

# Files that may import a lazy package at their top: they are themselves imported only inside functions.
LOADED_WHEN_NEEDED = (
    "database/ddl_tree.py", "database/undo/conversions.py", "database/undo/expressions.py", "database/undo/inserts.py", "database/undo/rows.py", "database/undo/updates.py",
)  # fmt: skip

HEAVY = ("pygls", "lsprotocol", "asyncio", "anthropic", "mcp", "sqlalchemy", "alembic", "pydantic", "jsonschema", "libcst",
         "sqlglot", "multiprocessing", "logging")  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """The imported module names of a file, and whether each import runs when the file is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(child) for function in functions for child in ast.walk(function)}
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        eager = id(node) not in inside and id(node) not in typing_only
        if isinstance(node, ast.Import):
            found.extend((alias.name, eager) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, eager))
            if node.module == "lsp_server":
                found.extend((f"lsp_server.{alias.name}", eager) for alias in node.names)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    """A room imports only rooms below it; a rule no other rule; a shell no other shell."""
    room = room_of(path)
    if room == "__init__":
        return
    assert room in RANK, f"{room} is not in the house; add it to ORDER where it belongs"
    for name, eager in imports(path):
        if not name.startswith("lsp_server."):
            continue
        target = name.split(".")[1]
        if target in ("__version__",) or target == room or target not in RANK:
            continue
        if (room, target) == ("cli", "lsp") and not eager:
            continue  # The command line starts the server; nothing else of it is known there.
        if not eager and (room, target) == ("findings", "snapshot"):
            continue
        assert RANK[target] < RANK[room], f"{path.name} ({room}) imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_packages_stay_in_their_rooms(path: Path) -> None:
    """Protocol types, databases and models are imported only where the design says, heavy ones only when needed."""
    relative = path.relative_to(PACKAGE).as_posix()
    for name, eager in imports(path):
        top = name.split(".")[0]
        if top in ONLY_IN:
            assert relative.startswith(ONLY_IN[top]), f"{relative} imports {name}"
        if top in LAZY and relative not in LOADED_WHEN_NEEDED and not relative.startswith(("shadow/", "agent/")):
            assert not eager, f"{relative} imports {name} when it is imported"


@pytest.mark.parametrize("path", sorted((PACKAGE / "rules").glob("*/[a-z]*.py")), ids=lambda path: path.stem)
def test_rules_do_not_import_each_other(path: Path) -> None:
    for name, _ in imports(path):
        if name.startswith("lsp_server.rules."):
            assert name.rpartition(".")[2].startswith("_"), f"{path.name} imports the rule {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_knows(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"


def test_rules_are_named_after_their_files() -> None:
    from lsp_server.rules import all_rules

    names = {path.stem.replace("_", "-") for path in (PACKAGE / "rules").glob("*/[a-z]*.py")}
    assert {rule.name for rule in all_rules()} == names
    for rule in all_rules():
        assert rule.documentation.count("\n## ") >= 3, f"{rule.name}: the docstring lacks its headings"


def test_check_starts_light(tmp_path: Path) -> None:
    """`--check` on a small project imports nothing heavy."""
    (tmp_path / "openapi.yaml").write_text("openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {}\n")
    (tmp_path / "app.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    program = (
        "import sys\nfrom lsp_server.cli import run\n"
        f"status = run(['--check', '--no-cache', {str(tmp_path)!r}])\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\nsys.exit(status)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "HEAVY []" in result.stdout
