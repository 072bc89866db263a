"""`allOf` and references merged into one shape."""

from __future__ import annotations

from lsp_server.api.model import Api, Property, Schema
from lsp_server.api.shapes import merged, properties

STRING = Schema(types=("string",))
INTEGER = Schema(types=("integer",))
BASE = Schema(types=("object",), properties=(Property("id", INTEGER, True), Property("name", STRING, False)))


def api(**schemas: Schema) -> Api:
    return Api("openapi.yaml", schemas={"Base": BASE, **schemas})


def ref(name: str) -> Schema:
    return Schema(ref=name)


def test_properties_of_all_parts_in_order() -> None:
    book = Schema(all_of=(ref("Base"), Schema(properties=(Property("title", STRING, True), Property("name", Schema(), True)))))
    shape = merged(api(), book)
    assert shape.types == ("object",) and shape.unknown is None
    assert [(one.name, one.required, one.schema) for one in shape.properties] == [
        ("id", True, INTEGER), ("name", True, STRING), ("title", True, STRING)
    ]  # fmt: skip


def test_a_property_described_twice_must_satisfy_both() -> None:
    longer = Schema(types=("string",), min_length=3)
    shape = merged(api(), Schema(all_of=(ref("Base"), Schema(properties=(Property("name", longer, False),)))))
    assert properties(api(), shape)["name"].schema.all_of == (STRING, longer)
    assert merged(api(), properties(api(), shape)["name"].schema).min_length == 3


def test_the_narrower_bound_and_type_win() -> None:
    shape = merged(api(), Schema(types=("number",), minimum=1, maximum=9, all_of=(Schema(types=("integer",), minimum=3, maximum=10),)))
    assert (shape.types, shape.minimum, shape.maximum) == (("integer",), 3, 9)


def test_contradictions_are_unknown() -> None:
    assert merged(api(), Schema(all_of=(STRING, INTEGER))).unknown is not None
    assert merged(api(), Schema(all_of=(Schema(enum=("a",)), Schema(enum=("b",))))).unknown is not None
    assert merged(api(), Schema(all_of=(Schema(one_of=(STRING,)), Schema(one_of=(INTEGER,))))).unknown is not None


def test_an_unknown_part_leaves_the_known_properties() -> None:
    shape = merged(api(), Schema(all_of=(ref("Base"), ref("Nowhere"))))
    assert shape.unknown is not None and [one.name for one in shape.properties] == ["id", "name"]


def test_null_only_where_it_is_said() -> None:
    assert merged(api(), Schema(all_of=(ref("Base"),), nullable=True)).nullable
    assert not merged(api(), Schema(all_of=(ref("Base"), Schema(nullable=True, types=("object",))))).nullable
    maybe = api(Maybe=Schema(types=("object",), nullable=True))
    assert merged(maybe, Schema(all_of=(ref("Maybe"),))).nullable


def test_a_part_that_is_named_twice_is_no_circle() -> None:
    shapes = api(Left=Schema(all_of=(ref("Base"),)), Right=Schema(all_of=(ref("Base"),)))
    assert merged(shapes, Schema(all_of=(ref("Left"), ref("Right")))).unknown is None


def test_circles_end() -> None:
    shapes = api(A=Schema(all_of=(ref("B"), BASE)), B=Schema(all_of=(ref("A"),)))
    shape = merged(shapes, ref("A"))
    assert shape.unknown is not None and [one.name for one in shape.properties] == ["id", "name"]
    assert merged(api(C=ref("C")), ref("C")).unknown is not None
