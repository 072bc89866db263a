"""Schemas as Python types and fields."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

import pytest

from lsp_server.api.compare_shapes import Shapes
from lsp_server.api.model import Api, Constant, Property, Schema
from lsp_server.api.type_source import TypeWriter, identifier, literal, raw


@dataclass
class Plain:
    """Spells every name short and remembers where it comes from."""

    used: set[str] = field(default_factory=set)

    def external(self, module: str, name: str) -> str:
        self.used.add(f"{module}.{name}")
        return name

    def named(self, schema: Schema) -> str | None:
        return schema.ref

    def existing(self, schema: Schema) -> str | None:
        return None

    def member(self, schema: Schema, value: Constant) -> str | None:
        return None

    def email(self) -> str | None:
        return None

    def forward(self, annotation: str) -> str:
        return annotation


STRING, INTEGER = Schema(types=("string",)), Schema(types=("integer",))
NAMED = {"User": Schema(types=("object",), properties=(Property("id", INTEGER, True),)), "Id": INTEGER}


def writer(old: bool = False) -> TypeWriter:
    return TypeWriter(Shapes(Api("spec.yaml", schemas=NAMED)), Plain(), old)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (STRING, "str"),
        (Schema(types=("string",), nullable=True), "str | None"),
        (Schema(types=("string",), format="date-time"), "datetime"),
        (Schema(types=("string",), format="uuid"), "UUID"),
        (Schema(types=("string",), format="email"), "str"),
        (Schema(types=("string", "integer")), "int | str"),
        (Schema(types=("array",), items=INTEGER), "list[int]"),
        (Schema(types=("array",), items=Schema(types=("integer",), minimum=1)), "list[Annotated[int, Field(ge=1)]]"),
        (Schema(types=("array",)), "list[Any]"),
        (Schema(types=("object",), additional=INTEGER), "dict[str, int]"),
        (Schema(types=("object",)), "dict[str, Any]"),
        (Schema(ref="User"), "User"),
        (Schema(ref="Id"), "int"),
        (Schema(any_of=(Schema(ref="User"),), nullable=True), "User | None"),
        (Schema(any_of=(Schema(ref="User"), STRING)), "User | str"),
        (Schema(enum=("a", "b")), 'Literal["a", "b"]'),
        (Schema(), "Any"),
        (Schema(ref="Nobody"), None),
    ],
)
def test_types(schema: Schema, expected: str | None) -> None:
    assert writer().annotation(schema) == expected


@pytest.mark.parametrize(
    ("name", "schema", "required", "expected"),
    [
        ("title", STRING, True, "title: str"),
        ("title", STRING, False, "title: str | None = None"),
        ("title", Schema(types=("string",), default="x"), False, 'title: str = "x"'),
        ("title", Schema(types=("string",), nullable=True), True, "title: str | None"),
        ("price", Schema(types=("integer",), exclusive_minimum=0, maximum=9), True, "price: int = Field(gt=0, le=9)"),
        ("code", Schema(types=("string",), pattern=r"^\d+$"), True, 'code: str = Field(pattern=r"^\\d+$")'),
        ("tags", Schema(types=("array",), items=STRING, default=()), False, "tags: list[str] = []"),
        ("class", STRING, True, 'class_: str = Field(alias="class")'),
        ("firstName", STRING, True, "firstName: str"),
        ("x-y", STRING, False, 'x_y: str | None = Field(default=None, alias="x-y")'),
    ],
)
def test_fields(name: str, schema: Schema, required: bool, expected: str) -> None:
    assert writer().field(name, schema, required) == expected


def test_the_older_library_has_other_words() -> None:
    schema = Schema(types=("array",), items=STRING, min_items=1)
    assert writer(old=True).field("tags", schema, True) == "tags: list[str] = Field(min_items=1)"
    assert writer(old=True).field("code", Schema(types=("string",), pattern="^a$"), True) == 'code: str = Field(regex="^a$")'


@pytest.mark.parametrize("value", ["plain", 'quo"te', "back\\slash", "line\nbreak", "tab\t", "ünï", "\x00", 1, 1.5, -2, True, None])
def test_literals_are_what_they_say(value: Constant) -> None:
    assert ast.literal_eval(literal(value)) == value


@pytest.mark.parametrize("pattern", [r"^\d+$", r'"\w"', "\\", r"a\\", "^a$", "'", "\n"])
def test_patterns_are_what_they_say(pattern: str) -> None:
    assert ast.literal_eval(raw(pattern)) == pattern


@pytest.mark.parametrize("name", ["a", "class", "x-y", "1st", "_private", "", "ß", "a b", "--"])
def test_identifiers_are_identifiers(name: str) -> None:
    ast.parse(f"{identifier(name)} = 1")
