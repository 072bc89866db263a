"""Other people's names, schemas and texts are made fit for the API, whatever they are."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lsp_server.agent.mcp_words import Names, description_of, parameters_of, short

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=30,
)
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", None]), "properties": st.dictionaries(st.text(max_size=10), JSON, max_size=5) | JSON,
        "required": st.lists(st.text(max_size=10)) | JSON, "anyOf": JSON, "allOf": JSON, "$defs": JSON, "additionalProperties": JSON,
    },
)  # fmt: skip


@given(SCHEMAS)
def test_a_schema_becomes_one_that_the_api_takes_or_none(schema: dict[str, Any]) -> None:
    made = parameters_of(schema)
    if made is None:
        return
    assert made["type"] == "object"
    assert not {"oneOf", "anyOf", "allOf"} & made.keys()
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name) for name in made["properties"])
    assert set(made.get("required", ())) <= made["properties"].keys()
    assert len(json.dumps(made)) <= 16_000


@given(st.lists(st.tuples(st.text(min_size=1, max_size=200), st.text(max_size=200)), max_size=12))
def test_every_tool_gets_a_name_of_its_own(tools: list[tuple[str, str]]) -> None:
    names = Names()
    given_names = [names.name(server, tool) for server, tool in tools]
    assert len(set(given_names)) == len(tools)
    assert all(re.fullmatch(r"mcp__[a-zA-Z0-9_-]{1,123}", name) for name in given_names)


@given(st.text())
def test_texts_are_bounded_and_harmless(text: str) -> None:
    assert len(short(text)) <= 200 and "\n" not in short(text)
    described = description_of(text * 50)
    assert described and len(described) < 2_100
    assert not re.search("[\x00-\x08\x1b\x7f-\x9f\ud800-\udfff]", described)


def test_what_is_nested_too_deeply_or_too_long_is_left_open() -> None:
    deep: dict[str, Any] = {"type": "string", "description": "x" * 30_000}
    for _ in range(200):
        deep = {"type": "object", "properties": {"inner": deep}}
    made = parameters_of({"type": "object", "properties": {"value": deep}, "required": ["value"]})
    assert made is not None and len(json.dumps(made)) <= 16_000
    assert list(made["properties"]) == ["value"]


def test_an_argument_called_description_is_kept() -> None:
    fields = {name: {"type": "string", "description": "long " * 2000} for name in ("description", "title", "default")}
    made = parameters_of({"type": "object", "properties": fields})
    assert made is not None and list(made["properties"]) == ["description", "title", "default"]
