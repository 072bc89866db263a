"""Notes that a run leaves for the next one in the same workspace: one bounded text in the user's data folder, never in the workspace.

They are what a model wrote: data for the next model, no instructions, and nothing else reads them.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from lsp_server.agent.places import data_folder

LARGEST = 16_000  # characters


def notes_file(root: Path) -> Path:
    """The file of a workspace's notes."""
    name = blake2b(os.fsencode(root.resolve()), digest_size=12).hexdigest()
    return data_folder() / "notes" / f"{name}.md"


def read_notes(path: Path | None) -> str:
    """The notes; empty where there are none, or where they cannot be read."""
    if path is None:
        return ""
    with suppress(OSError):
        return path.read_bytes()[: 4 * LARGEST].decode("utf-8", "replace")[:LARGEST]
    return ""


def write_notes(path: Path, text: str) -> str | None:
    """Replace the notes, in one step; says in words why that was not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".notes-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8", "replace"))
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        return error.strerror or str(error)
    return None
