"""Suppression comments in the styles of all languages, read from text alone."""

from __future__ import annotations

from datetime import date

import pytest

from lsp_server.document import Document
from lsp_server.suppressions import suppressions_of


@pytest.mark.parametrize(
    ("path", "comment", "reason", "until"),
    [
        ("a.py", "x = 1  # specdrift: ignore[rule] -- agreed", "agreed", None),
        ("a.py", "x = 1  # specdrift: ignore[rule]", None, None),
        ("a.py", "x = 1  # specdrift: ignore[rule] until 2027-03-01 -- old client", "old client", date(2027, 3, 1)),
        ("a.py", "x = 1  # specdrift: ignore[rule] until 2027-13-01", None, None),
        ("a.md", "<!-- specdrift: ignore[rule] -->", None, None),
        ("a.md", "<!-- specdrift: ignore[rule] -- agreed -->", "agreed", None),
        ("a.sql", "x /* specdrift: ignore[rule]: agreed */", "agreed", None),
        ("a.sql", "x -- specdrift: ignore[rule] \u2014 agreed  ", "agreed", None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", ""])
def test_comments(path: str, comment: str, reason: str | None, until: date | None, newline: str) -> None:
    (found,) = suppressions_of(Document(path, comment + newline))
    assert (found.rules, found.reason, found.until) == (("rule",), reason, until)


@pytest.mark.parametrize("text", ["# specdrift: ignore[rule", "# specdrift: ignore[rule] because", "# specdrift: ignored[rule]"])
def test_what_is_no_suppression(text: str) -> None:
    assert suppressions_of(Document("a.py", text)) == ()
