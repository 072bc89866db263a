"""Size does not hurt: what is shared is compared once, and nothing follows references in circles."""

from __future__ import annotations

from lsp_server.api.compare import compare
from lsp_server.api.model import Api, Operation, Property, Response, Schema
from lsp_server.api.pair import Pairing
from lsp_server.text import Location, Span


def _tangle(size: int, kind: str, source: str) -> Api:
    """`size` schemas that all refer to their neighbours, in a circle, and as many operations that answer them."""

    def at(number: int) -> Location:
        return Location(source, Span(number, number + 1))

    def schema(number: int) -> Schema:
        steps = [(number * factor + 1) % size for factor in (1, 2, 3, 5, 7)]
        links = [Property(f"to{step}_{place}", Schema(ref=str(step)), False, at(number)) for place, step in enumerate(steps)]
        own = Property("own", Schema((kind,), location=at(number)), True, at(number))
        return Schema(("object",), properties=(own, *links), location=at(number))

    operations = tuple(
        Operation("GET", f"/n/{number}", at(number), responses=(Response("200", (("application/json", Schema(ref=str(number))),)),))
        for number in range(size)
    )
    return Api(source, operations=operations, schemas={str(number): schema(number) for number in range(size)})


def test_a_tangle_of_a_thousand_schemas_is_told_of_once_each() -> None:
    promised, implemented = _tangle(1000, "string", "a"), _tangle(1000, "integer", "b")
    found = compare(promised, implemented, Pairing(promised, implemented))
    assert len(found) == 1000
    assert all(each.aspect == "type" for each in found)


def test_a_deep_schema_ends() -> None:
    def deep(kind: str) -> Schema:
        schema = Schema((kind,))
        for _ in range(3000):
            schema = Schema(("object",), properties=(Property("in", schema, True),))
        return schema

    views = [
        Api(source, operations=(Operation("GET", "/n", Location(source, Span(0, 1)), responses=(
            Response("200", (("application/json", deep(kind)),)),)),))
        for source, kind in (("a", "string"), ("b", "integer"))
    ]  # fmt: skip
    assert compare(views[0], views[1], Pairing(views[0], views[1])) == ()
