"""The change that a run ends with: the draft's, with the run's name in the docstring of every revision that it made."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.agent.draft import Draft
from lsp_server.agent.order import changed_revisions
from lsp_server.text import Change


def stamped(draft: Draft, label: str, run_id: str) -> Change:
    change = draft.change(label)
    made = {path: _with_line(draft, path, run_id) for path in changed_revisions(draft) if path in change.new_files}
    return replace(change, new_files={**change.new_files, **made})


def _with_line(draft: Draft, path: str, run_id: str) -> str:
    """The text with a last line in its docstring; as it is where there is no docstring of several lines."""
    text = draft.read(path)
    body = draft.snapshot.module(path).body
    first = body[0] if body else None
    if first is None or first[0] != "expr" or first[3][0] != "const" or not isinstance(first[3][3], str):
        return text
    end = first[2]
    quotes = text[end - 3 : end]
    if quotes not in ('"""', "'''") or "\n" not in text[first[1] : end]:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[: end - 3].rstrip()}{newline}{newline}Agent run: {run_id}{newline}{text[end - 3 :]}"
