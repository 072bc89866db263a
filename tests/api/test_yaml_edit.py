"""Edits on specifications: read again, they say exactly what was wanted, and everything else is as it was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from dialects import DIALECTS, OPENAPI_3_0, OPENAPI_3_1
from specs import HEAD, api_of, as_json, without_places

from lsp_server.api.model import (
    Api,
    Body,
    Operation,
    Parameter,
    Property,
    Response,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)
from lsp_server.api.yaml_edit import (
    Specification,
    Unwritable,
    add_operation,
    remove_operation,
    remove_parameter,
    remove_property,
    remove_response,
    set_body,
    set_deprecated,
    set_operation_id,
    set_parameter,
    set_property,
    set_required,
    set_response,
    set_schema,
    set_security,
)
from lsp_server.document import Document
from lsp_server.text import Edit, Location, Span, apply_edits
from lsp_server.tree.repair import read

STRING = Schema(types=("string",))
INTEGER = Schema(types=("integer",), minimum=1, exclusive_maximum=10)
NOWHERE = Location("app.py", Span(0, 0))
FORMATS = [(name, path) for name in DIALECTS for path in ("openapi.yaml", "openapi.json")]


def specification(text: str, path: str = "openapi.yaml") -> Specification:
    return Specification(api_of(text, path), {path: read(text, Document(path, text).kind)})


def source(name: str, path: str) -> str:
    return as_json(DIALECTS[name]) if path.endswith("json") else DIALECTS[name]


def after(text: str, edits: tuple[Edit, ...], path: str = "openapi.yaml") -> Api:
    return api_of(apply_edits(text, edits), path)


def operation(api: Api, method: str, path: str) -> Operation:
    return next(one for one in api.operations if (one.method, one.path) == (method, path))


def same(found: Api, expected: Api) -> None:
    assert found.faults == ()
    found_plain, expected_plain = without_places(found), without_places(expected)
    for plain in (found_plain, expected_plain):
        plain["operations"].sort(key=lambda one: (one["path"], one["method"]))
    assert found_plain == expected_plain


def changed(api: Api, method: str, path: str, **values: Any) -> Api:
    return replace(
        api,
        operations=tuple(
            replace(one, **values) if (one.method, one.path) == (method, path) else one for one in api.operations
        ),
    )


Case = tuple[Callable[[Specification, Operation], tuple[Edit, ...]], Callable[[Operation], dict[str, Any]]]


def parameters(one: Operation) -> tuple[Parameter, ...]:
    assert isinstance(one.parameters, tuple)
    return one.parameters


def responses(one: Operation) -> tuple[Response, ...]:
    assert isinstance(one.responses, tuple)
    return one.responses


PAGE = Parameter("page", "query", INTEGER, description="Which page.")
GENRE = Parameter("genre", "query", Schema(types=("array",), items=STRING, max_items=3), True)
LIMIT = Parameter("limit", "query", STRING)
TEAPOT = Response("418", (("application/json", Schema(ref="Problem")),), (), "A teapot.")
BARE = Response("204", (), (), "Nothing.")
KEY = SecurityRequirement((("key", ()),))
BASIC = SecurityRequirement((("basic", ()),))

ON_LISTING: dict[str, Case] = {
    "operation id": (lambda s, o: set_operation_id(s, o, "allBooks"), lambda o: {"operation_id": "allBooks"}),
    "no operation id": (lambda s, o: set_operation_id(s, o, None), lambda o: {"operation_id": None}),
    "deprecated": (lambda s, o: set_deprecated(s, o, True), lambda o: {"deprecated": True}),
    "not deprecated": (lambda s, o: set_deprecated(s, o, False), lambda o: {}),
    "security": (lambda s, o: set_security(s, o, (BASIC,)), lambda o: {"security": (BASIC,)}),
    "security of all": (lambda s, o: set_security(s, o, (KEY,)), lambda o: {"security": (KEY,)}),
    "optional security": (
        lambda s, o: set_security(s, o, (SecurityRequirement(()), KEY)),
        lambda o: {"security": (SecurityRequirement(()), KEY)},
    ),
    "a new parameter": (lambda s, o: set_parameter(s, o, PAGE), lambda o: {"parameters": (*parameters(o), PAGE)}),
    "another parameter": (
        lambda s, o: set_parameter(s, o, GENRE),
        lambda o: {"parameters": (parameters(o)[0], GENRE)},
    ),
    "a shared parameter": (
        lambda s, o: set_parameter(s, o, LIMIT),
        lambda o: {"parameters": (LIMIT, parameters(o)[1])},
    ),
    "no parameter": (lambda s, o: remove_parameter(s, o, GENRE), lambda o: {"parameters": parameters(o)[:1]}),
    "a new status": (lambda s, o: set_response(s, o, TEAPOT), lambda o: {"responses": (responses(o)[0], TEAPOT, responses(o)[1])}),
    "another response": (
        lambda s, o: set_response(s, o, replace(TEAPOT, status="200")),
        lambda o: {"responses": (replace(TEAPOT, status="200"), responses(o)[1])},
    ),
    "no response": (lambda s, o: remove_response(s, o, "default"), lambda o: {"responses": responses(o)[:1]}),
}  # fmt: skip


class TestOperations:
    @pytest.mark.parametrize("case", ON_LISTING)
    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_of_a_listing(self, name: str, path: str, case: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        listing = operation(spec.api, "GET", "/books")
        edit, expected = ON_LISTING[case]
        found = after(text, edit(spec, listing), path)
        same(found, changed(spec.api, "GET", "/books", **expected(listing)))

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_bodies(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        adding = operation(spec.api, "POST", "/books")
        body = Body((("application/json", Schema(ref="Problem")),), True)
        same(after(text, set_body(spec, adding, body), path), changed(spec.api, "POST", "/books", body=body))
        same(after(text, set_body(spec, adding, None), path), changed(spec.api, "POST", "/books", body=None))

    def test_a_parameter_of_the_path_is_not_removed_for_one(self) -> None:
        spec = specification(OPENAPI_3_1)
        listing = operation(spec.api, "GET", "/books")
        with pytest.raises(Unwritable, match="belongs to all operations"):
            remove_parameter(spec, listing, parameters(listing)[0])

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_removed(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        for one in spec.api.operations:
            left = tuple(other for other in spec.api.operations if other is not one)
            same(after(text, remove_operation(spec, one), path), replace(spec.api, operations=left))


class TestSchemas:
    WANTED = Schema(types=("string",), nullable=True, enum=("a", "b"), default="a", description=None)

    def book(self, api: Api) -> Schema:
        return api.schemas["Book"]

    def with_properties(self, api: Api, *properties: Property) -> Api:
        base, own = api.schemas["Book"].all_of
        book = replace(api.schemas["Book"], all_of=(base, replace(own, properties=properties)))
        return replace(api, schemas={**api.schemas, "Book": book})

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    @pytest.mark.parametrize("required", [True, False])
    def test_a_new_property(self, name: str, path: str, required: bool) -> None:
        text = source(name, path)
        spec = specification(text, path)
        new = Property("shelf", self.WANTED, required)
        own = self.book(spec.api).all_of[1].properties
        found = after(text, set_property(spec, self.book(spec.api), new), path)
        same(found, self.with_properties(spec.api, *own, new))

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_another_type(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        title, *others = self.book(spec.api).all_of[1].properties
        new = replace(title, schema=INTEGER, required=False)
        same(after(text, set_property(spec, self.book(spec.api), new), path), self.with_properties(spec.api, new, *others))
        found = after(text, set_schema(spec, title.schema, INTEGER), path)
        same(found, self.with_properties(spec.api, replace(new, required=True), *others))

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_required_and_removed(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        title, isbn, *others = self.book(spec.api).all_of[1].properties
        found = after(text, set_required(spec, self.book(spec.api), "isbn", True), path)
        same(found, self.with_properties(spec.api, title, replace(isbn, required=True), *others))
        found = after(text, set_required(spec, self.book(spec.api), "title", False), path)
        same(found, self.with_properties(spec.api, replace(title, required=False), isbn, *others))
        found = after(text, remove_property(spec, self.book(spec.api), "title"), path)
        same(found, self.with_properties(spec.api, isbn, *others))

    @pytest.mark.parametrize(
        "wanted",
        [
            Schema(),
            Schema(types=("string",), nullable=True),
            Schema(types=("string",), format="date-time", pattern="^a: b #$", min_length=1),
            Schema(types=("array",), items=Schema(ref="Problem"), unique_items=True),
            Schema(types=("object",), additional=STRING),
            Schema(types=("object",), additional=False, properties=(Property("no", STRING, True), Property("b", Schema(), False))),
            Schema(all_of=(Schema(ref="Book"),), nullable=True),
            Schema(ref="Book"),
            Schema(types=("number",), exclusive_minimum=0, maximum=1.5, default=0.5, multiple_of=0.5),
            Schema(types=("string",), enum=("yes", "1", "null", "ü")),
            Schema(types=("string",), nullable=True, enum=("a",), default=None),
            Schema(all_of=(Schema(ref="Problem"), Schema(types=("object",), properties=(Property("x", INTEGER, True),)))),
            Schema(read_only=True, deprecated=True, types=("boolean",), default=False),
            Schema(types=("object",), default=(("a", (1, "b")),)),
        ],
    )
    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_every_shape_is_written_as_it_is_read(self, name: str, path: str, wanted: Schema) -> None:
        text = source(name, path)
        spec = specification(text, path)
        state = self.book(spec.api).all_of[1].properties[2]
        found = after(text, set_schema(spec, state.schema, wanted), path)
        assert without_places(found.schemas["Book"].all_of[1].properties[2].schema) == without_places(wanted)

    @pytest.mark.parametrize(
        "wanted",
        [
            Schema(any_of=(STRING, Schema(ref="Book")), nullable=True),
            Schema(one_of=(Schema(ref="Problem"), Schema(ref="Book")), discriminator="kind"),
        ],
    )
    @pytest.mark.parametrize("name", ["3.0.3", "3.1.0", "3.2.0"])
    def test_choices(self, name: str, wanted: Schema) -> None:
        spec = specification(DIALECTS[name])
        state = self.book(spec.api).all_of[1].properties[2]
        found = after(DIALECTS[name], set_schema(spec, state.schema, wanted))
        assert without_places(found.schemas["Book"].all_of[1].properties[2].schema) == without_places(wanted)

    def test_prose_stays(self) -> None:
        text = HEAD + """\
paths: {}
components:
  schemas:
    A:
      properties:
        a:  # the first
          description: What it is.
          type: string   # text
          example: x
          x-owner: me
"""
        spec = specification(text)
        edits = set_schema(spec, spec.api.schemas["A"].properties[0].schema, Schema(types=("string",), max_length=3))
        result = apply_edits(text, edits)
        assert [line for line in result.splitlines() if line not in text.splitlines()] == ["          maxLength: 3"]
        assert [line for line in text.splitlines() if line not in result.splitlines()] == []


class TestDocumenting:
    SCHEMAS: ClassVar = {
        "Problem": Schema(types=("object",), properties=(Property("detail", STRING, True),)),
        "Loan": Schema(types=("object",), properties=(Property("due", Schema(types=("string",), format="date"), True),
                                                      Property("reader", Schema(ref="Reader"), True))),
        "Reader": Schema(types=("object",), properties=(Property("loans", Schema(types=("array",), items=Schema(ref="Loan")), False),)),
    }  # fmt: skip
    OPERATION = Operation(
        "POST", "/v1/books/{book_id}/loans", NOWHERE,
        parameters=(Parameter("book_id", "path", Schema(types=("integer",)), True), Parameter("X-Trace", "header", STRING)),
        body=Body((("application/json", Schema(ref="Loan")),), True),
        responses=(Response("201", (("application/json", Schema(ref="Loan")),), (), "Lent."),
                   Response("404", (("application/json", Schema(ref="Problem")),), (), "There is none."),
                   Response("422", automatic=True)),
        security=(SecurityRequirement((("basic", ()),)),), operation_id="lend", tags=("loans",), summary="Lend a book",
    )  # fmt: skip

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_an_operation_with_its_schemas(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        found = after(text, add_operation(spec, self.OPERATION, self.SCHEMAS), path)
        wanted = replace(self.OPERATION, path="/books/{book_id}/loans", responses=responses(self.OPERATION)[:2], location=None)
        schemas = {**spec.api.schemas, "Loan": self.SCHEMAS["Loan"], "Reader": self.SCHEMAS["Reader"]}
        operations = (*spec.api.operations, wanted)
        same(_without_declarations(found), _without_declarations(replace(spec.api, operations=operations, schemas=schemas)))

    @pytest.mark.parametrize(("name", "path"), FORMATS)
    def test_on_a_path_that_is_there_with_other_names(self, name: str, path: str) -> None:
        text = source(name, path)
        spec = specification(text, path)
        reading = replace(
            self.OPERATION, method="GET", path="/v1/books/{book_id}/cover", body=None, responses=(BARE,), operation_id=None
        )
        found = after(text, add_operation(spec, reading, self.SCHEMAS), path)
        assert found.faults == ()
        one = operation(found, "GET", "/books/{id}/cover")
        assert [(p.where, p.name) for p in parameters(one)] == [("path", "id"), ("header", "X-Trace")]
        assert parameters(one)[0].schema.format == "uuid"  # what the path says for all
        assert len(found.operations) == len(spec.api.operations) + 1

    def test_what_is_there_already_is_not_written_again(self) -> None:
        spec = specification(OPENAPI_3_0)
        with pytest.raises(Unwritable, match="is there already"):
            add_operation(spec, replace(self.OPERATION, method="GET", path="/v1/books"), {})

    def test_an_equal_schema_of_another_name_is_used(self) -> None:
        spec = specification(OPENAPI_3_1)
        schemas = {"ErrorBody": self.SCHEMAS["Problem"]}
        new = replace(self.OPERATION, parameters=(), path="/v1/x", body=Body((("application/json", Schema(ref="ErrorBody")),)), responses=(BARE,))
        found = after(OPENAPI_3_1, add_operation(spec, new, schemas))
        body = operation(found, "POST", "/x").body
        assert isinstance(body, Body) and body.content[0][1].ref == "Problem" and set(found.schemas) == set(spec.api.schemas)

    @pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json"])
    def test_into_a_specification_that_has_nothing(self, path: str) -> None:
        text = as_json(HEAD) if path.endswith("json") else HEAD
        spec = specification(text, path)
        scheme = SecurityScheme("login", "oauth2")
        new = replace(self.OPERATION, security=(SecurityRequirement((("login", ("write",)),)),))
        found = after(text, add_operation(spec, new, self.SCHEMAS, (scheme,)), path)
        assert found.faults == () and set(found.schemas) == set(self.SCHEMAS)
        assert found.operations[0].path == "/v1/books/{book_id}/loans"
        assert found.operations[0].security == (SecurityRequirement((("login", ("write",)),)),)
        assert [(one.name, one.sort, one.scheme) for one in found.security_schemes] == [("login", "http", "bearer")]

    def test_a_scheme_that_carries_the_same_is_used(self) -> None:
        spec = specification(OPENAPI_3_1)
        scheme = SecurityScheme("APIKeyHeader", "apiKey", None, "header", "x-key")
        new = replace(self.OPERATION, security=(SecurityRequirement((("APIKeyHeader", ()),)),))
        result = apply_edits(OPENAPI_3_1, add_operation(spec, new, self.SCHEMAS, (scheme,)))
        assert "APIKeyHeader" not in result
        assert operation(api_of(result), "POST", "/books/{book_id}/loans").security == (KEY,)

    def test_it_stands_beside_its_like_in_the_style_of_the_document(self) -> None:
        text = HEAD + """\
# the catalogue
paths:
    /books:
        get: {responses: {'200': {description: ok}}}   # listed
    # people
    /readers:
        get: {responses: {'200': {description: ok}}}
"""
        spec = specification(text)
        new = Operation("GET", "/books/{id}", NOWHERE, responses=(Response("200"),),
                        parameters=(Parameter("id", "path", STRING, True),))  # fmt: skip
        result = apply_edits(text, add_operation(spec, new, {}))
        assert result == text.replace(
            "   # listed\n",
            """   # listed
    /books/{id}:
        get:
            parameters:
                - name: id
                  in: path
                  required: true
                  schema:
                      type: string
            responses:
                '200':
                    description: OK
""",
        )


def _without_declarations(api: Api) -> Api:
    return replace(api, operations=tuple(replace(one, declaration=None) for one in api.operations))
