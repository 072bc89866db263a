"""Keywords in all spellings -> one shape."""

from __future__ import annotations

import pytest
from specs import api_of, without_places

from lsp_server.api.model import MISSING, Property, Schema

ANY = Schema()
STRING = Schema(types=("string",))
INTEGER = Schema(types=("integer",))
B = Schema(ref="B")


def schema_of(text: str, version: str = "3.1.0") -> Schema:
    head = "swagger: '2.0'" if version == "2.0" else f"openapi: {version}"
    where = "definitions: " if version == "2.0" else "components:\n schemas: "
    text = text.replace("<B>", "#/definitions/B" if version == "2.0" else "#/components/schemas/B")
    return api_of(f"{head}\npaths: {{}}\n{where}{{A: {text}, B: {{type: object}}}}\n").schemas["A"]


def check(text: str, version: str, expected: Schema) -> None:
    assert without_places(schema_of(text, version)) == without_places(expected)


class TestNull:
    @pytest.mark.parametrize(
        ("version", "text", "expected"),
        [
            ("2.0", "{type: string, x-nullable: true}", Schema(types=("string",), nullable=True)),
            ("3.0.0", "{type: string, nullable: true}", Schema(types=("string",), nullable=True)),
            ("3.1.0", "{type: [string, 'null']}", Schema(types=("string",), nullable=True)),
            ("3.1.0", "{anyOf: [{type: string}, {type: 'null'}]}", Schema(types=("string",), nullable=True)),
            ("3.1.0", "{oneOf: [{type: 'null'}, {type: string}], title: T}", Schema(types=("string",), nullable=True, title="T")),
            ("3.1.0", "{anyOf: [{type: string}, {const: null}]}", Schema(types=("string",), nullable=True)),
            (
                "3.1.0",
                "{anyOf: [{type: string}, {type: integer}, {type: 'null'}]}",
                Schema(any_of=(STRING, INTEGER), nullable=True),
            ),
            ("3.1.0", "{anyOf: [{$ref: '<B>'}, {type: 'null'}], default: null}", Schema(all_of=(B,), nullable=True, default=None)),
            ("3.0.0", "{allOf: [{$ref: '<B>'}], nullable: true}", Schema(all_of=(B,), nullable=True)),
            ("3.0.0", "{$ref: '<B>', nullable: true}", Schema(all_of=(B,), nullable=True)),
            ("3.0.0", "{type: string, enum: [a, null], nullable: true}", Schema(types=("string",), enum=("a",), nullable=True)),
            ("3.1.0", "{enum: [a, null]}", Schema(enum=("a",), nullable=True)),
            ("3.1.0", "{type: string, enum: [a, null]}", Schema(types=("string",), enum=("a",))),
            ("3.1.0", "{type: 'null'}", Schema(enum=(None,), nullable=True)),
            ("3.1.0", "{const: null}", Schema(enum=(None,), nullable=True)),
            ("3.1.0", "{type: null}", Schema(enum=(None,), nullable=True)),
        ],
    )
    def test_in_every_spelling(self, version: str, text: str, expected: Schema) -> None:
        check(text, version, expected)


class TestKeywords:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{type: number, minimum: 1, exclusiveMaximum: 2.5, multipleOf: 0.5}",
             Schema(types=("number",), minimum=1, exclusive_maximum=2.5, multiple_of=0.5)),
            ("{type: number, minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false}",
             Schema(types=("number",), exclusive_minimum=1, maximum=3)),
            ("{type: string, minLength: 1, maxLength: 5, pattern: '^a', format: email}",
             Schema(types=("string",), min_length=1, max_length=5, pattern="^a", format="email")),
            ("{type: array, items: {type: string}, minItems: 0, maxItems: 3, uniqueItems: true}",
             Schema(types=("array",), items=STRING, min_items=0, max_items=3, unique_items=True)),
            ("{type: array, prefixItems: [{type: string}, {type: integer}], items: false}",
             Schema(types=("array",), prefix_items=(STRING, INTEGER))),
            ("{const: 5}", Schema(enum=(5,))),
            ("{default: {a: [1, b], c: null}}", Schema(default=(("a", (1, "b")), ("c", None)))),
            ("{default: null}", Schema(default=None)),
            ("{type: object, additionalProperties: false}", Schema(types=("object",), additional=False)),
            ("{type: object, additionalProperties: {type: string}}", Schema(types=("object",), additional=STRING)),
            ("{unevaluatedProperties: false}", Schema(additional=False)),
            ("{readOnly: true, writeOnly: false, deprecated: true}", Schema(read_only=True, deprecated=True)),
            ("{oneOf: [{$ref: '<B>'}, {type: string}], discriminator: {propertyName: kind}}",
             Schema(one_of=(B, STRING), discriminator="kind")),
            ("{anyOf: [{type: string}]}", STRING),
            ("{type: string, contentEncoding: base64}", Schema(types=("string",), format="byte")),
            ("{title: T, description: \"First line.\\n\\nMore.\"}", Schema(title="T", description="First line.")),
            ("{type: string, x-anything: {type: integer}, example: x, unheard: 1}", STRING),
            ("true", ANY),
        ],
    )  # fmt: skip
    def test_each(self, text: str, expected: Schema) -> None:
        check(text, "3.1.0", expected)

    def test_a_long_description_is_cut(self) -> None:
        description = schema_of("{description: " + "word " * 100 + "}").description
        assert description is not None and len(description) <= 200 and description.endswith("…")

    def test_no_default_is_not_a_default_of_null(self) -> None:
        assert schema_of("{type: string}").default is MISSING

    def test_properties_and_required(self) -> None:
        check(
            "{properties: {a: {type: string}, b: {type: integer}}, required: [b, c]}",
            "3.1.0",
            Schema(properties=(Property("a", STRING, False), Property("b", INTEGER, True), Property("c", ANY, True))),
        )

    def test_merge_keys_and_aliases(self) -> None:
        check("{x-base: &base {a: {type: string}}, properties: {<<: *base, b: {type: integer}}}", "3.1.0",
              Schema(properties=(Property("b", INTEGER, False), Property("a", STRING, False))))  # fmt: skip


class TestBesideAReference:
    def test_what_only_annotates_adds_nothing(self) -> None:
        check("{$ref: '<B>', description: x, title: y}", "3.1.0", B)

    def test_since_3_1_it_counts(self) -> None:
        check("{$ref: '<B>', default: 1, maxLength: 3}", "3.1.0", Schema(all_of=(B,), default=1, max_length=3))

    def test_before_only_what_is_meant_counts(self) -> None:
        check("{$ref: '<B>', maxLength: 3}", "3.0.0", B)
        check("{$ref: '<B>', readOnly: true}", "3.0.0", Schema(all_of=(B,), read_only=True))


class TestUnknown:
    @pytest.mark.parametrize("text", ["{type: strange}", "[a]", "text", "false", "{$ref: '#/nowhere'}"])
    def test_what_cannot_be_read(self, text: str) -> None:
        assert schema_of(text).unknown is not None

    @pytest.mark.parametrize("text", ["{if: {}, then: {}}", "{patternProperties: {a: {}}}", "{$dynamicRef: '#a'}"])
    def test_what_goes_beyond_is_a_part_that_is_unknown(self, text: str) -> None:
        schema = schema_of(text)
        assert schema.unknown is None and schema.all_of[-1].unknown is not None
