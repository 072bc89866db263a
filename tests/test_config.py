"""The configuration's tables that describe other packages: what is accepted, and what is said about what is not."""

from __future__ import annotations

import pytest

from lsp_server.config import ConfigError, parse


def bases(text: str) -> object:
    config = parse(f"[bases]\n{text}\n", "specdrift.toml")
    assert config is not None
    return config.bases


def test_a_base_says_what_it_brings() -> None:
    text = '"acme.Audit" = { columns = [{ name = "made", type = "DATE", nullable = false }], inherits = ["acme.Key"] }'
    assert bases(text) == {"acme.Audit": {"columns": [{"name": "made", "type": "DATE", "nullable": False}], "inherits": ["acme.Key"]}}


def test_a_base_that_brings_nothing_is_a_description_too() -> None:
    assert bases('"acme.Plain" = {}') == {"acme.Plain": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"acme.Audit" = "DATE"', "`acme.Audit`: not a table"),
        ('"acme.Audit" = { colums = [] }', "unknown word `colums`; did you mean `columns`?"),
        ('"acme.Audit" = { columns = { name = "a" } }', "`columns` must be a list of tables"),
        ('"acme.Audit" = { columns = [{ name = "a" }] }', "an entry of `columns` lacks `type`"),
        ('"acme.Audit" = { columns = [{ name = "a", type = "DATE", null = true }] }', "`columns`: unknown word `null`"),
        ('"acme.Audit" = { columns = [{ name = "a", type = "DATE", nullable = "no" }] }', "`columns`: `nullable` must be true or false"),
        ('"acme.Audit" = { indexes = [{ name = "a" }] }', "an entry of `indexes` lacks `columns`"),
        ('"acme.Audit" = { tablename = "Kebab" }', '`tablename` must be "snake", "lower" or "flask"'),
        ('"acme.Audit" = { root = 1 }', "`root` must be true or false"),
    ],
)
def test_a_base_that_cannot_be_used_is_named_with_its_fault(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        bases(text)
    assert said in str(raised.value) and "`bases`" in str(raised.value)
