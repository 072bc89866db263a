"""The whole reader: four dialects that mean the same, exact places, faults, half-typed texts, hostile texts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from dialects import DIALECTS, OPENAPI_3_0, OPENAPI_3_1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specs import HEAD, api_of, as_json, faults_of, only_fault, shown, without_places

from lsp_server.api.model import Api, Body, Operation, Schema, SecurityRequirement
from lsp_server.api.openapi import is_specification
from lsp_server.unknown import Unknown


def operation(api: Api, method: str, path: str) -> Operation:
    return next(one for one in api.operations if (one.method, one.path) == (method, path))


class TestDialects:
    @pytest.mark.parametrize("version", DIALECTS)
    @pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json"])
    def test_all_dialects_say_the_same(self, version: str, path: str) -> None:
        expected = without_places(api_of(OPENAPI_3_1))
        text = DIALECTS[version]
        found = without_places(api_of(as_json(text) if path.endswith("json") else text, path))
        assert found.pop("version") == version
        expected.pop("version")
        for one in (found, expected):
            one.pop("source"), one.pop("sources")
        # Anything a client must send and get is the same; only 3.x names its media types in each place.
        assert found == expected

    @pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS)
    def test_nothing_is_wrong_with_them(self, text: str) -> None:
        api = api_of(text)
        assert api.faults == () and api.unknowns == () and api.incomplete is None

    def test_what_they_say(self) -> None:
        api = api_of(OPENAPI_3_1)
        assert api.title == "Library" and api.base_paths == ("/v1",)
        assert [one.subject[1:] for one in api.operations] == [
            ("GET", "/books"), ("POST", "/books"), ("PUT", "/books/{id}/cover")
        ]  # fmt: skip
        listing = operation(api, "GET", "/books")
        limit = listing.parameter("query", "limit")
        assert limit is not None and limit.schema.exclusive_minimum == 0 and limit.schema.maximum == 100
        assert listing.security == () and listing.tags == ("books",)
        first, last = listing.responses
        assert (first.status, first.headers, last.status) == ("200", ("X-Total",), "default")
        adding = operation(api, "POST", "/books")
        assert adding.deprecated is True
        assert adding.security == (SecurityRequirement((("basic", ()),)), SecurityRequirement((("key", ()),)))
        assert isinstance(adding.body, Body) and adding.body.required is True
        cover = operation(api, "PUT", "/books/{id}/cover")
        assert cover.rate_limit == "10/minute" and cover.security == (SecurityRequirement((("key", ()),)),)
        book = api.schemas["Book"].all_of[1]
        isbn, state, kind, following = book.properties[1:]
        assert isbn.schema.nullable and isbn.schema.types == ("string",)
        assert state.schema.enum == ("new", "used") and kind.schema.enum == ("book",)
        assert following.schema.nullable and following.schema.all_of[0].ref == "Book"


class TestPlaces:
    @pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json"])
    def test_of_every_element(self, path: str) -> None:
        text = as_json(OPENAPI_3_1) if path.endswith("json") else OPENAPI_3_1
        api = api_of(text, path)

        def at(element: object) -> str:
            return shown(text, element.location).strip("\"'")  # type: ignore[attr-defined]

        for one in api.operations:
            assert at(one) == one.method.lower()
            assert one.declaration is not None and one.declaration.span.start == one.location.span.start
            assert all(at(response) == response.status for response in one.responses)
            for parameter in one.parameters:
                assert at(parameter) in (parameter.name, "#/components/parameters/Limit")
            if one.body is not None:
                assert at(one.body) == "requestBody"
        for name, schema in api.schemas.items():
            assert at(schema) == name
        for schema in api.schemas["Book"].all_of[1:]:
            assert [at(one) for one in schema.properties] == [one.name for one in schema.properties]
        assert [at(one) for one in api.security_schemes] == ["basic", "key"]
        assert at(api) == "openapi"
        assert at(api.schemas["Book"].all_of[0]) == "#/components/schemas/Problem"

    def test_a_declaration_ends_where_the_operation_ends(self) -> None:
        listing = operation(api_of(OPENAPI_3_1), "GET", "/books")
        declared = shown(OPENAPI_3_1, listing.declaration)
        assert declared.startswith("get:") and declared.endswith("'#/components/responses/Missing'}")


class TestRecognising:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("a.yaml", "openapi: 3.1.0\n"),
            ("a.yml", "# x\n---\n  swagger: '2.0'\n  info: {}\n"),
            ("a.yaml", "components:\n  schemas: {}\n\"openapi\": \"3.0.3\"\n"),
            ("a.yaml", '{"openapi": "3.0.0"}'),
            ("a.json", '{"components": {"schemas": {}}, "openapi": "3.1.0"}'),
            ("a.json", '{\r\n\t"swagger" : "2.0"}'),
        ],
    )
    def test_a_specification(self, path: str, text: str) -> None:
        assert is_specification(path, text)

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("docker-compose.yml", "version: '3.9'\nservices:\n  swagger: {image: swaggerapi/swagger-ui}\n"),
            ("k8s.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  spec: |\n    openapi: 3.0.0\n    paths: {}\n"),
            ("package.json", '{"name": "x", "dependencies": {"openapi": "3.0.1", "swagger": "2.0"}}'),
            ("schema.json", '{"$schema": "x", "properties": {"openapi": {"type": "string"}}}'),
            ("openapi.py", "openapi: 3.0.0\n"),
            ("asyncapi.yaml", "asyncapi: 3.0.0\n"),
            ("openapi.yaml", ""),
        ],
    )
    def test_another_file(self, path: str, text: str) -> None:
        assert not is_specification(path, text)


RESPONSES = "responses: {'200': {description: ok}}"


class TestPaths:
    def test_parameters_of_the_operation_win(self) -> None:
        text = HEAD + f"""\
paths:
  /a:
    parameters:
      - {{name: q, in: query, schema: {{type: string}}}}
      - {{name: h, in: header, schema: {{type: string}}}}
    get:
      parameters: [{{name: q, in: query, required: true, schema: {{type: integer}}}}]
      {RESPONSES}
"""
        one = api_of(text).operations[0]
        assert not isinstance(one.parameters, Unknown)
        assert [(p.name, p.required, p.schema.types) for p in one.parameters] == [
            ("q", True, ("integer",)), ("h", False, ("string",))
        ]  # fmt: skip

    def test_security_is_inherited_overridden_and_optional(self) -> None:
        text = HEAD + f"""\
components: {{securitySchemes: {{a: {{type: http, scheme: bearer}}}}}}
security: [{{a: [read]}}]
paths:
  /inherits: {{get: {{{RESPONSES}}}}}
  /open: {{get: {{security: [], {RESPONSES}}}}}
  /optional: {{get: {{security: [{{}}, {{a: []}}], {RESPONSES}}}}}
"""
        securities = [one.security for one in api_of(text).operations]
        assert securities == [
            (SecurityRequirement((("a", ("read",)),)),),
            (),
            (SecurityRequirement(()), SecurityRequirement((("a", ()),))),
        ]

    @pytest.mark.parametrize(
        ("servers", "expected"),
        [
            ("", ("",)),
            ("servers: [{url: 'https://x.example/api/v1/'}, {url: /v2}, {url: /v2/}]\n", ("/api/v1", "/v2")),
            ("servers: [{url: '//x.example'}]\n", ("",)),
            ("servers: [{url: '{root}/x', variables: {root: {default: /r}}}]\n", ("/r/x",)),
            ("servers: [{url: 'https://x.example/{nothing}'}]\n", ("",)),
        ],
    )
    def test_servers(self, servers: str, expected: tuple[str, ...]) -> None:
        assert api_of(HEAD + servers + "paths: {}\n").base_paths == expected

    def test_servers_of_a_path(self) -> None:
        text = HEAD + f"servers: [{{url: /v1}}]\npaths: {{/a: {{servers: [{{url: /v2}}], get: {{{RESPONSES}}}}}}}\n"
        assert api_of(text).base_paths == ("/v1", "/v2")

    def test_a_server_whose_path_is_not_known_is_told(self) -> None:
        api = api_of(HEAD + "servers: [{url: 'https://x.example/{nothing}'}]\npaths: {}\n")
        assert [one.what for one in api.unknowns] == ["the path of the server https://x.example/{nothing}"]

    def test_methods_of_3_2(self) -> None:
        text = HEAD.replace("3.1", "3.2") + f"""\
paths:
  /a:
    query: {{{RESPONSES}}}
    additionalOperations: {{COPY: {{{RESPONSES}}}}}
"""
        assert [one.method for one in api_of(text).operations] == ["QUERY", "COPY"]

    def test_a_limit_told_by_headers(self) -> None:
        text = HEAD + """\
paths:
  /a:
    get:
      responses:
        '429': {description: slow down, headers: {X-RateLimit-Limit: {schema: {type: integer, const: 60}}}}
  /b:
    get:
      responses:
        '429': {description: slow down}
"""
        assert [one.rate_limit for one in api_of(text).operations] == ["60", None]

    def test_webhooks_and_callbacks_are_not_operations(self) -> None:
        text = HEAD + f"""\
webhooks: {{made: {{post: {{{RESPONSES}}}}}}}
paths:
  /a:
    post:
      callbacks: {{done: {{'{{$request.body#/url}}': {{post: {{{RESPONSES}}}}}}}}}
      {RESPONSES}
"""
        assert [one.path for one in api_of(text).operations] == ["/a"]

    def test_statuses_and_media_types(self) -> None:
        text = HEAD + """\
paths:
  /a:
    get:
      responses:
        4xx: {description: wrong, content: {application/problem+json; charset=utf-8: {schema: {type: object}}}}
        default: {description: other}
        x-note: {}
"""
        wrong, other = api_of(text).operations[0].responses  # type: ignore[misc]
        assert wrong.status == "4XX" and wrong.schema("application/problem+json") is not None
        assert other.status == "default" and other.content == ()


OLD = HEAD.replace("3.1.0", "3.0.3")


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "message", "place"),
        [
            (OLD + "paths: {/a: {get: {summary: x}}}", "GET /a must say what it responds", "get"),
            (
                HEAD + f"paths: {{'/a/{{id}}': {{get: {{{RESPONSES}}}}}}}",
                "GET /a/{id} does not declare its path parameter id",
                "get",
            ),
            (
                HEAD + f"paths: {{/a: {{get: {{parameters: [{{name: id, in: path, required: true}}], {RESPONSES}}}}}}}",
                "the path /a has no parameter id",
                "id",
            ),
            (
                HEAD + f"paths: {{/a: {{parameters: [{{name: id, in: path, required: true}}], get: {{{RESPONSES}}}}}}}",
                "the path /a has no parameter id",
                "id",
            ),
            (
                HEAD + f"paths: {{'/a/{{id}}': {{get: {{parameters: [{{name: id, in: path}}], {RESPONSES}}}}}}}",
                "the path parameter id must say `required: true`",
                "id",
            ),
            (
                HEAD + f"paths: {{/a: {{get: {{parameters: [{{name: q, in: body}}], {RESPONSES}}}}}}}",
                "body is no place for a parameter: one of path, query, header, cookie",
                "body",
            ),
            (
                HEAD + f"paths: {{/a: {{get: {{parameters: [{{name: q, in: query}}, {{in: query, name: q}}], {RESPONSES}}}}}}}",
                "the query parameter q is declared twice",
                "q",
            ),
            (HEAD + f"paths: {{a: {{get: {{{RESPONSES}}}}}}}", "the path a must begin with /", "a"),
            (HEAD + f"paths: {{'': {{get: {{{RESPONSES}}}}}}}", "a path must not be empty", "''"),
            (
                HEAD + f"paths: {{'/a/{{x}}': {{parameters: [{{name: x, in: path, required: true}}], get: {{{RESPONSES}}}}},"
                f" '/a/{{y}}': {{parameters: [{{name: y, in: path, required: true}}], get: {{{RESPONSES}}}}}}}",
                "GET /a/{y} is the same path as /a/{x}, with other names",
                "get",
            ),
            (
                HEAD + f"paths: {{/a: {{get: {{operationId: f, {RESPONSES}}}}}, /b: {{get: {{operationId: f, {RESPONSES}}}}}}}",
                "the operationId f is taken by GET /a",
                "f",
            ),
            (
                HEAD + "paths: {/a: {get: {responses: {ok: {description: x}}}}}",
                "ok is no status: three digits, 1XX to 5XX or default",
                "ok",
            ),
            (
                HEAD + "paths: {}\ncomponents: {schemas: {A: {type: strng}}}",
                "strng is no type; did you mean string?",
                "strng",
            ),
            (
                HEAD + "paths: {}\ncomponents: {schemas: {A: {properties: {a: {type: string, required: true}}}}}",
                "required must be a list of property names, in the schema that has the properties",
                "true",
            ),
            (
                HEAD + "paths: {}\ncomponents: {schemas: {A: {required: [a, 1]}}}",
                "required must be a list of property names, this is none",
                "1",
            ),
            (OLD + "paths: {}\ncomponents: {schemas: {A: {type: array}}}", "an array must say what its items are", "array"),
        ],
    )  # fmt: skip
    def test_of_structure(self, text: str, message: str, place: str) -> None:
        assert faults_of(text + "\n") == [("invalid", message, place)]

    def test_the_other_end_of_an_operation_id(self) -> None:
        text = HEAD + f"paths: {{/a: {{get: {{operationId: f, {RESPONSES}}}}}, /b: {{put: {{operationId: f, {RESPONSES}}}}}}}\n"
        fault = only_fault(text, "invalid")
        assert fault.subject == ("operation", "PUT", "/b", "operationId")
        assert [(shown(text, location), said) for location, said in fault.related] == [("get", "GET /a")]

    def test_duplicate_keys(self) -> None:
        text = HEAD + f"paths:\n  /a: {{get: {{{RESPONSES}}}}}\n  /a: {{put: {{{RESPONSES}}}}}\n"
        fault = only_fault(text, "invalid")
        assert shown(text, fault.location) == "/a" and len(fault.related) == 1

    @pytest.mark.parametrize("word", ["no", "on", "12:30", "017"])
    def test_words_that_mean_something_else_to_others(self, word: str) -> None:
        text = HEAD + f"paths: {{}}\ncomponents: {{schemas: {{A: {{enum: [a, {word}]}}}}}}\n"
        fault = only_fault(text, "ambiguous")
        assert shown(text, fault.location) == word

    @pytest.mark.parametrize(
        "schema",
        [
            "{example: no}",
            "{example: {enum: [no]}}",
            "{properties: {x: {}, y: {}}}",
            "{default: 2020-01-01}",
            "{enum: ['no', \"on\"]}",
            "{description: yes}",
        ],
    )
    def test_words_where_it_does_not_matter(self, schema: str) -> None:
        assert faults_of(HEAD + f"paths: {{}}\ncomponents: {{schemas: {{A: {schema}}}}}\n") == []

    def test_a_scheme_that_is_not_there(self) -> None:
        text = HEAD + "components: {securitySchemes: {token: {type: http, scheme: bearer}}}\nsecurity: [{tokem: []}]\npaths: {}\n"
        fault = only_fault(text, "reference")
        assert fault.message == "there is no security scheme tokem; did you mean token?"
        assert shown(text, fault.location) == "tokem"

    def test_responses_may_be_left_out_since_3_1(self) -> None:
        assert faults_of(HEAD + "paths: {/a: {get: {summary: x}}}\n") == []

    def test_subjects_do_not_move_with_the_text(self) -> None:
        text = HEAD + f"paths: {{'/a/{{id}}': {{get: {{{RESPONSES}}}}}}}\n"
        before, after = api_of(text).faults, api_of("# moved\n\n" + text).faults
        assert [one.subject for one in before] == [one.subject for one in after]
        assert before[0].location != after[0].location


class TestHalfTyped:
    TEXT = HEAD + f"""\
paths:
  /a:
    get:
      operationId: a
      {RESPONSES}
  /b:
    get:
      operationId: b
      {RESPONSES}
components:
  schemas:
    A: {{type: object, properties: {{b: {{$ref: '#/components/schemas/B'}}}}}}
    B:
      type: string
"""

    def test_only_the_broken_operation_disappears(self) -> None:
        text = self.TEXT.replace("operationId: a", "operationId: [a")
        api = api_of(text)
        assert [one.path for one in api.operations] == ["/b"]
        assert api.incomplete is not None
        assert [one.sort for one in api.faults] == ["syntax"]

    def test_a_broken_schema_is_unknown(self) -> None:
        api = api_of(self.TEXT.replace("type: string", "type: [string"))
        assert [one.path for one in api.operations] == ["/a", "/b"]
        assert api.schemas["B"].unknown is not None and api.schemas["A"].types == ("object",)

    def test_every_keystroke_of_a_specification(self) -> None:
        whole = {(one.method, one.path) for one in api_of(self.TEXT).operations}
        for end in range(len(self.TEXT)):
            api = api_of(self.TEXT[:end])
            assert {(one.method, one.path) for one in api.operations} <= whole | {("GET", "/")}
            assert not [one for one in api.faults if one.sort == "reference" and api.incomplete and "parse" in api.incomplete.what]

    @pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json"])
    @pytest.mark.parametrize("broken", ["cut", "quote", "bracket"])
    def test_a_broken_line_makes_nothing_appear_elsewhere(self, path: str, broken: str) -> None:
        text = as_json(OPENAPI_3_0) if path.endswith("json") else OPENAPI_3_0
        whole = without_places(api_of(text, path))
        before = {(one["method"], one["path"]): one for one in whole["operations"]}
        lines = text.splitlines()
        for number, line in enumerate(lines):
            middle = len(line) - len(line.strip()) // 2
            typed = {"cut": line[:middle], "quote": line[:middle] + '"' + line[middle:], "bracket": line + " ["}[broken]
            api = api_of("\n".join([*lines[:number], typed, *lines[number + 1 :]]) + "\n", path)
            if all(one.sort != "syntax" for one in api.faults):
                continue
            assert {one.sort for one in api.faults} == {"syntax"}, (line, typed, api.faults)
            found = without_places(api)
            for one in found["operations"]:
                assert no_less(before[one["method"], one["path"]], one), (line, typed)
            for name in set(found["schemas"]) & set(whole["schemas"]):
                assert no_less(whole["schemas"][name], found["schemas"][name]), (line, typed, name)

    def test_a_document_without_paths_promises_nothing_certain(self) -> None:
        assert api_of("openapi: 3.1.0\ncomponents: {}\n").incomplete is not None
        assert api_of("").incomplete is not None
        assert api_of("[]").incomplete is not None


def no_less(whole: Any, found: Any) -> bool:
    """Whether plain data of the model is equal to other data, but for what is unknown."""
    if isinstance(found, dict) and ("what" in found or found.get("unknown") is not None):
        return True
    if isinstance(whole, dict) and isinstance(found, dict):
        return all(no_less(value, found.get(key)) for key, value in whole.items())
    if isinstance(whole, list) and isinstance(found, list):
        return len(whole) == len(found) and all(map(no_less, whole, found))
    return bool(whole == found)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(sorted(DIALECTS.values())))
    if draw(st.booleans()):
        text = as_json(text)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        filler = st.sampled_from(["", "{", "[", "]", "&a ", "*a", "$ref: ", "'#/paths'", "null", "- ", "\n", ": ", "<<: *a", "1e999", "\t"])
        text = text[:start] + draw(filler) + text[end:]
    return text


class TestHostileTexts:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(text=mutated(), json=st.booleans())
    def test_no_mutation_raises(self, text: str, json: bool) -> None:
        api = api_of(text, "openapi.json" if json else "openapi.yaml")
        for fault in api.faults:
            assert 0 <= fault.location.span.start <= fault.location.span.end <= len(text)
        without_places(api)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_no_shape_raises(self, data: st.DataObject) -> None:
        """Any value where the reader expects another."""
        words = ["paths", "get", "/a", "parameters", "schema", "$ref", "type", "items", "properties", "in", "name", "allOf",
                 "responses", "200", "content", "enum", "#/paths", "path", "servers", "url", "security", "required"]  # fmt: skip
        leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(words)
        value = st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(words), inner), max_leaves=30)
        import json

        document = {"openapi": "3.0.0", "paths": {"/a": {"get": data.draw(value), "parameters": data.draw(value)}, "/b": data.draw(value)}}
        document["components"] = {"schemas": {"A": data.draw(value)}, "parameters": data.draw(value), "responses": data.draw(value)}
        document["servers"], document["security"] = data.draw(value), data.draw(value)
        api_of(json.dumps(document), "openapi.json")

    def test_deep_nesting(self) -> None:
        schema = "{items: " * 5000 + "{}" + "}" * 5000
        api_of(HEAD + "components: {schemas: {A: " + schema + "}}\npaths: {}\n")

    def test_many_references_into_one_another_cost_bounded_work(self) -> None:
        inner = "{properties: {a: " * 60 + "{type: string}" + "}}" * 60
        pointer = "#/components/schemas/A" + "/properties/a" * 30
        properties = ", ".join(f"p{n}: {{$ref: '{pointer}'}}" for n in range(2000))
        begin = time.process_time()
        api = api_of(HEAD + f"paths: {{}}\ncomponents: {{schemas: {{A: {inner}, B: {{properties: {{{properties}}}}}}}}}\n")
        assert time.process_time() - begin < 3
        assert len(api.schemas["B"].properties) == 2000

    def test_a_yaml_bomb(self) -> None:
        lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a]"]
        lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12)]
        begin = time.process_time()
        api = api_of(HEAD + "\n".join(lines) + "\npaths: {}\ncomponents: {schemas: {A: {enum: *x11, default: *x11}}}\n")
        assert time.process_time() - begin < 3
        assert isinstance(api.schemas["A"], Schema)
