"""Which Python a project runs with: the one that is configured, its virtual environment, or the one that runs us."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ENVIRONMENTS = (".venv", "venv", "env", ".env")


def interpreter_of(root: Path, configured: str | None) -> Path | None:
    """The interpreter's path; None where the configured one is not there. A relative path counts from the root."""
    if configured is not None:
        path = root / Path(configured).expanduser()
        return _python_in(path) if path.is_dir() else path if path.is_file() else None
    places = [root / name for name in ENVIRONMENTS]
    if os.environ.get("VIRTUAL_ENV"):
        places.append(Path(os.environ["VIRTUAL_ENV"]))
    found = (python for place in places if (python := _python_in(place)) is not None)
    return next(found, Path(sys.executable))


def _python_in(environment: Path) -> Path | None:
    for name in ("bin/python", "Scripts/python.exe"):
        if (environment / name).is_file():
            return environment / name
    return None
