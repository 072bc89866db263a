"""Paths that are regular expressions: the templates they say."""

from __future__ import annotations

import pytest

from lsp_server.api.path_patterns import read_pattern, schema_of_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "paths"),
    [
        (r"/api/?", "/api/?", ["/api"]),
        (r"/health$", "/health", ["/health"]),
        (r"/robots\.txt", "/robots.txt", ["/robots.txt"]),
        (r"/users/([^/]+)(?:/([^/]+))?", "/users/{name}(?:/{server})?", ["/users/{name}/{server}", "/users/{name}"]),
        (r"/user/(?P<user>[^/]+)(?P<rest>/.*)?", "/user/{user}{rest}?", ["/user/{user}{rest}", "/user/{user}"]),
        (r"/files/(\w+\.(?:js|css))", "/files/{name}", ["/files/{name}"]),
        (r"/(?:new|old)/x", "/(?:new|old)/x", ["/new/x", "/old/x"]),
        (r"(?!/hub/).*", "(?!/hub/).*", []),
        (r"/x/\d+", r"/x/\d+", []),
        ("/a)b", "/a", []),
        ("/(", "/{name}", ["/{name}"]),
        ("/[", "/[", []),
        ("\\", "\\", ["\\"]),
    ],
)  # fmt: skip
def test_readings(pattern: str, text: str, paths: list[str]) -> None:
    read = read_pattern(pattern, ("name", "server"))
    assert (read.text, [reading.path for reading in read.readings]) == (text, paths)


@pytest.mark.parametrize(
    ("pattern", "types"),
    [(r"\d+", ("integer",)), ("[0-9]{3}", ("integer",)), (r"[^/]+", ()), (r"\d+x", ()), (None, ())],
)
def test_what_a_group_takes(pattern: str | None, types: tuple[str, ...]) -> None:
    assert schema_of_pattern(pattern).types == types
