"""The report for people: one golden page, and what a terminal makes of unusual lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_server.report.terminal import excerpt, printable, width
from tests.command import call, shop, write

GOLDEN = """\
app.py:7:16: error [parameter-contradicts-spec] `GET /books`: `limit` defaults to `20` in the spec, `50` in code
7 | def list_books(limit: int = 50) -> None:
  |                ^^^^^^^^^^
  --> openapi.yaml:8:18: the spec's side
8 |         - {name: limit, in: query, schema: {type: integer, default: 20}}
  |                  -----
  = fix: Make `limit` follow the spec
  = fix: Make the spec of `limit` follow the code

app.py:11:2: warning [route-not-in-spec] `GET /health` is a route here, but no spec of the application describes it
11 | @app.get("/health")
   |  ^^^^^^^^^^^^^^^^^^
   --> openapi.yaml:1:1: the spec's side
 1 | openapi: 3.1.0
   | -------
   = fix: Document GET /health

openapi.yaml:11:5: error [operation-not-implemented] `DELETE /books/{id}` is promised here, but the application has no such route
11 |     delete:
   |     ^^^^^^
   --> app.py:3:7: the application that should answer it
 3 | app = FastAPI()
   |       ---------
   = fix: Implement DELETE /books/{id}
   = fix: Take DELETE /books/{id} out of the spec (unsafe)

latin.py:1:1: unread a file that cannot be read: not UTF-8 text: byte 0xe9 on line 1

2 errors, 1 warning in 3 files (0.00 s); 1 unknown (--format json lists them)
"""


def test_the_whole_page(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"latin.py": b"# \xe9\n"})
    out = call(folder, "--check", "--no-cache").out
    assert re.sub(r"\(\d+\.\d\d s\)", "(0.00 s)", out) == GOLDEN


def test_colours_change_no_character(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"latin.py": b"# \xe9\n"})
    out = call(folder, "--check", "--no-cache", "--color", "always").out
    assert "\x1b[31;1m" in out
    assert re.sub(r"\(\d+\.\d\d s\)", "(0.00 s)", re.sub(r"\x1b\[[\d;]*m", "", out)) == GOLDEN


@pytest.mark.parametrize("before", ["", "\t", "\t\tif x: ", "日本 = ", "e\u0301 = ", "\N{GRINNING FACE} ", "\x1b[31m", "x" * 5000, "日" * 5000])
@pytest.mark.parametrize("after", ["", " # tail", "y" * 5000])
def test_marks_stand_under_what_is_meant(before: str, after: str) -> None:
    shown, start, length = excerpt(before + "meant" + after, len(before), len(before) + 5, 140)
    place = shown.index("meant")
    assert (width(shown[:place]), length) == (start, 5)
    assert len(shown) <= 160
    assert shown.isprintable()


def test_a_place_longer_than_the_line_is_marked_as_far_as_it_is_shown() -> None:
    shown, start, length = excerpt("a" + "b" * 1000, 1, 1001, 140)
    assert start == 1 and length <= 140
    assert width(shown) >= start + length


def test_an_empty_place_still_has_a_mark() -> None:
    assert excerpt("abc", 3, 3, 140)[1:] == (3, 1)
    assert excerpt("abc", 0, 0, 140)[1:] == (0, 1)


def test_what_a_terminal_would_obey_is_replaced() -> None:
    assert printable("a\x1b[2J\u202eb\nc") == "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert printable("größe 日本") == "größe 日本"
