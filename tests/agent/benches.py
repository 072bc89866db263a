"""Workbenches over small projects on disk, and calls of tools as a run makes them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import Boundary
from lsp_server.agent.draft import Draft
from lsp_server.agent.tool import ToolError, checked
from lsp_server.agent.tools import all_tools
from lsp_server.config import Config
from lsp_server.snapshot import Snapshot
from lsp_server.workspace import documents_of, list_files

BOOKSHOP = Path(__file__).parent.parent / "projects" / "bookshop"


def bench_of(root: Path, boundary: Boundary | None = None, **given: Any) -> Workbench:
    """A workbench over a folder, as a run would make it."""
    config = Config()
    snapshot = Snapshot(documents_of(root, list_files(root, config)), config, now=datetime(2026, 1, 2), lasting=True)
    return Workbench(root, Draft(root, snapshot, boundary or Boundary(root)), **given)


def project(root: Path, files: Mapping[str, str | bytes], git: bool = False) -> Path:
    """A folder with these files, in git's care or not."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    if git:
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


def bookshop(root: Path) -> Path:
    """A copy of the example project."""
    shutil.copytree(BOOKSHOP, root / "bookshop", ignore=shutil.ignore_patterns("__pycache__", "*.db"))
    return root / "bookshop"


def call(bench: Workbench, name: str, /, **arguments: Any) -> str:
    """What a tool says. Raises ToolError."""
    tool = next(tool for tool in all_tools(bench.trusted, bench.commands) if tool.name == name)
    said = tool.run(bench, checked(tool, arguments))
    assert isinstance(said, str)
    return said


def refused(bench: Workbench, name: str, /, **arguments: Any) -> str:
    """What a tool says when it refuses; it must refuse, and leave the draft as it was."""
    before = bench.draft.texts()
    try:
        said = call(bench, name, **arguments)
    except ToolError as error:
        assert bench.draft.texts() == before
        return str(error)
    raise AssertionError(f"{name} did not refuse but said: {said}")


def disk(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file's bytes and time."""
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}
