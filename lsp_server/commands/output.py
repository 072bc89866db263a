"""Standard output of a command: always UTF-8, whatever the terminal says. Knows nothing of what is printed."""

from __future__ import annotations

import os
import sys

from lsp_server.commands import UsageError


def put(text: str) -> None:
    """Print a text. A reader that has gone (`… | head`) is no failure, so that the exit status stays that of the work.

    Raises UsageError where the output cannot be written otherwise, such as a full disk.
    """
    if sys.stdout is None:  # The caller closed it.
        return
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _discard()
    except OSError as error:
        _discard()
        raise UsageError(f"the standard output cannot be written: {error.strerror}") from None


def _discard() -> None:
    """Python would write once more when it leaves, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
