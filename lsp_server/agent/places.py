"""Where the agent keeps what belongs to the user and outlives a run: the platform's place for such data, never the workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """`SPECDRIFT_DATA`, else the platform's place. It may not be there yet."""
    given = os.environ.get("SPECDRIFT_DATA")
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "specdrift" / "data"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "specdrift"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "specdrift"
