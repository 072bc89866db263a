"""Two small Apis -> their differences. Every kind of difference has a silent twin: what looks alike and is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_server.api.compare import compare
from lsp_server.api.difference import Difference
from lsp_server.api.model import Api, Operation
from lsp_server.unknown import Unknown
from tests.api.views import api, code, paired, with_operations

UNKNOWN = Unknown("a test")


def differences(promised: Api, implemented: Api) -> list[Difference]:
    return list(compare(promised, implemented, paired(promised, implemented)))


def seen(promised: str, implemented: str) -> list[str]:
    """Each difference as "kind element name aspect: left | right"."""
    return [_line(each) for each in differences(api(promised), code(implemented))]


def _line(each: Difference) -> str:
    values = f": {each.left} | {each.right}" if each.aspect != "presence" else ""
    return f"{each.kind} {each.element} {each.name} {each.aspect}{values}"


def operation(text: str) -> str:
    """One operation `POST /things/{id}` with the given lines, a success that says nothing more where none is given."""
    lines = [f"      {line}" for line in text.strip("\n").splitlines()]
    if not any("responses:" in line for line in lines):
        lines.append("      responses: {'200': {description: Done}}")
    return "paths:\n  /things/{id}:\n    post:\n" + "\n".join(lines) + "\n"


def query(schema: str, required: bool = False, where: str = "query") -> str:
    flag = "true" if required else "false"
    return operation(f"parameters: [{{name: limit, in: {where}, required: {flag}, schema: {schema}}}]")


def request(schema: str, required: str = "", media_type: str = "application/json") -> str:
    schema = f"{{type: object, required: [{required}], properties: {{value: {schema}}}}}"
    return operation(f"requestBody: {{required: true, content: {{{media_type}: {{schema: {schema}}}}}}}")


def response(schema: str, required: str = "value") -> str:
    schema = f"{{type: object, required: [{required}], properties: {{value: {schema}}}}}"
    return operation(f"responses: {{'200': {{description: D, content: {{application/json: {{schema: {schema}}}}}}}}}")


def statuses(*codes: str) -> str:
    return operation("responses: {" + ", ".join(f"'{each}': {{description: D}}" for each in codes) + "}")


PARAMETERS = [
    ("same", query("{type: integer}"), query("{type: integer}"), []),
    ("missing in code", query("{type: integer}"), operation(""), ["missing parameter limit presence"]),
    ("not in spec", operation(""), query("{type: integer}"), ["unrequested parameter limit presence"]),
    ("type", query("{type: integer}"), query("{type: string}"), ["contradicts parameter limit type: ('integer',) | ('string',)"]),
    ("any text is text", query("{type: [string, integer]}"), query("{type: string}"), []),
    ("text may be a list", query("{type: array, items: {type: string}}"), query("{type: string}"), []),
    ("entries", query("{type: array, items: {type: integer}}"), query("{type: array, items: {type: boolean}}"),
     ["contradicts parameter limit type: ('integer',) | ('boolean',)"]),
    ("number taken as integer", query("{type: number}"), query("{type: integer}"),
     ["contradicts parameter limit type: ('number',) | ('integer',)"]),
    ("integer taken as number", query("{type: integer}"), query("{type: number}"), []),
    ("int32 and int64", query("{type: integer, format: int32}"), query("{type: integer, format: int64}"), []),
    ("a query cannot carry null", query("{type: string}"), query("{anyOf: [{type: string}, {type: 'null'}]}"), []),
    ("required", query("{type: integer}", True), query("{type: integer}"), ["contradicts parameter limit required: True | False"]),
    ("default", query("{type: integer, default: 20}"), query("{type: integer, default: 50}"),
     ["contradicts parameter limit default: 20 | 50"]),
    ("a default only one end states", query("{type: integer}"), query("{type: integer, default: 50}"), []),
    ("a default of nothing", query("{type: integer, default: 20}"), query("{type: integer, default: null}"), []),
    ("the same default in other words", query("{type: number, default: 1}"), query("{type: number, default: 1.0}"), []),
    ("maximum", query("{type: integer, maximum: 100}"), query("{type: integer, maximum: 50}"),
     ["contradicts parameter limit maximum: 100 | 50"]),
    ("maximum nobody checks", query("{type: integer, maximum: 100}"), query("{type: integer}"),
     ["partial parameter limit maximum: 100 | None"]),
    ("maximum nobody promised", query("{type: integer}"), query("{type: integer, maximum: 100}"),
     ["contradicts parameter limit maximum: None | 100"]),
    ("the same bound in other words", query("{type: integer, exclusiveMinimum: 0}"), query("{type: integer, minimum: 1}"), []),
    ("not the same for fractions", query("{type: number, exclusiveMinimum: 0}"), query("{type: number, minimum: 0}"),
     ["contradicts parameter limit exclusive_minimum: 0 exclusive | 0 inclusive"]),
    ("a length of nothing", query("{type: string, minLength: 0}"), query("{type: string}"), []),
    ("enum", query("{enum: [a, b]}"), query("{enum: [b, c]}"), ["contradicts parameter limit enum: ('a', 'b') | ('b', 'c')"]),
    ("enum in another order", query("{enum: [a, b]}"), query("{enum: [b, a]}"), []),
    ("enum nobody checks", query("{type: string, enum: [a]}"), query("{type: string}"), ["partial parameter limit enum: ('a',) | None"]),
    ("format", query("{type: string, format: uuid}"), query("{type: string, format: date}"),
     ["contradicts parameter limit format: uuid | date"]),
    ("formats that mean the same", query("{type: string, format: uuid4}"), query("{type: string, format: uuid}"), []),
    ("a format only one end states", query("{type: string}"), query("{type: string, format: uuid}"), []),
    ("anything", query("{}"), query("{type: integer, maximum: 3}"), []),
    ("place", query("{type: string}"), query("{type: string}", where="header"), ["contradicts parameter limit in: query | header"]),
    ("header names have no case",
     operation("parameters: [{name: X-Key, in: header, schema: {type: string}}]"),
     operation("parameters: [{name: x-key, in: header, schema: {type: string}}]"), []),
    ("headers of the protocol",
     operation("parameters: [{name: If-None-Match, in: header, schema: {type: string}}]"), operation(""), []),
    ("a credential as a parameter",
     operation("parameters: [{name: X-API-Key, in: header, schema: {type: string}}]"),
     operation("security: [{key: []}]") + "components: {securitySchemes: {key: {type: apiKey, in: header, name: x-api-key}}}\n", []),
    ("prose", query("{type: string, title: A, description: B}"), query("{type: string, title: C}"), []),
]  # fmt: skip

FIELDS = [
    ("request: missing", request("{type: string}"), operation("requestBody: {required: true, content: {application/json: {schema: "
     "{type: object, properties: {other: {type: string}}}}}}"),
     ["missing request-field value presence", "unrequested request-field other presence"]),
    ("request: any object", request("{type: string}"),
     operation("requestBody: {required: true, content: {application/json: {schema: {type: object}}}}"), []),
    ("request: others are welcome", request("{type: string}"),
     operation("requestBody: {required: true, content: {application/json: {schema: "
               "{type: object, additionalProperties: true, properties: {other: {type: string, readOnly: true}}}}}}"), []),
    ("request: required", request("{type: string}", "value"), request("{type: string}"),
     ["contradicts request-field value required: True | False"]),
    ("request: null refused", request("{type: [string, 'null']}"), request("{type: string}"),
     ["contradicts request-field value nullable: True | False"]),
    ("request: null taken besides", request("{type: string}"), request("{type: [string, 'null']}"), []),
    ("request: a wider type", request("{type: integer}"), request("{type: [string, integer]}"), []),
    ("request: a narrower type", request("{type: [string, integer]}"), request("{type: integer}"),
     ["contradicts request-field value type: ('integer', 'string') | ('integer',)"]),
    ("request: read only", request("{type: string, readOnly: true}"), operation("requestBody: {required: true, content: "
     "{application/json: {schema: {type: object, properties: {value: {type: string, readOnly: true}}}}}}"), []),
    ("request: bound", request("{type: string, maxLength: 5}"), request("{type: string, maxLength: 4}"),
     ["contradicts request-field value max_length: 5 | 4"]),
    ("response: null answered", response("{type: string}"), response("{type: [string, 'null']}"),
     ["contradicts response-field value nullable: False | True"]),
    ("response: null instead of nothing", response("{type: string}", ""), response("{type: [string, 'null'], default: null}"), []),
    ("response: null where both may leave it out", response("{type: string}", ""), response("{type: [string, 'null']}", ""), []),
    ("response: null in what is always there", response("{type: string}", ""), response("{type: [string, 'null']}"),
     ["contradicts response-field value nullable: False | True"]),
    ("response: null never answered", response("{type: [string, 'null']}"), response("{type: string}"), []),
    ("response: a narrower type", response("{type: number}"), response("{type: integer}"), []),
    ("response: a wider type", response("{type: integer}"), response("{type: number}"),
     ["contradicts response-field value type: ('integer',) | ('number',)"]),
    ("response: always there", response("{type: string}", ""), response("{type: string}"), []),
    ("response: not always there", response("{type: string}"), response("{type: string}", ""),
     ["contradicts response-field value required: True | False"]),
    ("response: left out is filled by its default", response("{type: string}"), response("{type: string, default: x}", ""), []),
    ("response: a value nobody promised", response("{enum: [a]}"), response("{enum: [a, b]}"),
     ["contradicts response-field value enum: ('a',) | ('a', 'b')"]),
    ("response: a value never answered", response("{enum: [a, b]}"), response("{enum: [a]}"), []),
    ("response: a bound code does not state", response("{type: integer, maximum: 5}"), response("{type: integer}"), []),
    ("response: a wider bound", response("{type: integer, maximum: 5}"), response("{type: integer, maximum: 6}"),
     ["contradicts response-field value maximum: 5 | 6"]),
    ("response: a narrower bound", response("{type: integer, maximum: 5}"), response("{type: integer, maximum: 4}"), []),
    ("forms are text", request("{type: string}", "", "multipart/form-data"),
     request("{type: [string, 'null']}", "", "application/x-www-form-urlencoded"), []),
    ("media type", request("{type: string}"), request("{type: string}", "", "multipart/form-data"),
     ["contradicts media-type request media-types: ('application/json',) | ('multipart/form-data',)"]),
    ("all JSON is JSON", request("{type: string}", "", "application/merge-patch+json"), request("{type: string}"), []),
    ("body missing", request("{type: string}"), operation(""), ["missing request-body request presence"]),
    ("body not in spec", operation(""), request("{type: string}"), ["unrequested request-body request presence"]),
    ("allOf is one object", response("{allOf: [{type: object, required: [a], properties: {a: {type: string}}}, "
                                     "{type: object, required: [b], properties: {b: {type: string}}}]}"),
     response("{type: object, required: [a, b], properties: {a: {type: string}, b: {type: string}}}"), []),
    ("oneOf of simple values", response("{oneOf: [{type: string}, {type: integer}]}"), response("{type: [integer, string]}"), []),
    ("oneOf of objects is not guessed", response("{oneOf: [{type: object, properties: {a: {type: string}}}, "
                                                 "{type: object, properties: {b: {type: string}}}]}"),
     response("{type: object, properties: {c: {type: string}}}"), []),
]  # fmt: skip

ANSWERS = [
    ("success differs", statuses("201"), statuses("200"), ["contradicts status 201 status: 201 | 200"]),
    ("success covered", statuses("2XX"), statuses("201"), []),
    ("default covers", statuses("default"), statuses("200", "404"), []),
    ("an error declared in code only", statuses("200"), statuses("200", "404"), ["unrequested status 404 presence"]),
    ("4XX covers", statuses("200", "4XX"), statuses("200", "404"), []),
    ("anything may raise", statuses("200", "404", "500"), statuses("200"), []),
    ("one of two successes", statuses("200", "201"), statuses("200"), ["missing status 201 presence"]),
    ("code that does not say", statuses("201"), statuses("default"), []),
]

FACTS = [
    ("deprecated", operation("deprecated: true"), operation(""), ["contradicts deprecation deprecated value: True | False"]),
    ("operation id", operation("operationId: a"), operation("operationId: b"), ["contradicts operation-id operation-id value: a | b"]),
    ("operation id only one end states", operation("operationId: a"), operation(""), []),
    ("path parameter", operation(""), operation("").replace("{id}", "{thing}"),
     ["contradicts path-parameter path names: ('id',) | ('thing',)"]),
    ("not enforced", operation("security: [{key: []}]"), operation("security: []"), ["missing security security required: ('key',) | ()"]),
    ("other names of schemes", operation("security: [{key: []}]"), operation("security: [{token: []}]"), []),
    ("open for some", operation("security: [{key: []}, {}]"), operation("security: []"), []),
    ("enforced beside a spec that never speaks of it", operation(""), operation("security: [{token: []}]"), []),
    ("trailing slash", operation(""), operation("").replace("{id}:", "{id}/:"), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("promised", "implemented", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in (*PARAMETERS, *FIELDS, *ANSWERS, *FACTS)],
)
def test_differences(promised: str, implemented: str, expected: list[str]) -> None:
    assert seen(promised, implemented) == expected


def test_security_not_in_spec() -> None:
    """A spec that speaks of security says that this operation is open, and the code asks for a token."""
    other = "  /others:\n    get: {security: [{key: []}], responses: {'200': {description: D}}}\n"
    assert seen(operation("security: []") + other, operation("security: [{token: []}]") + other) == [
        "unrequested security security required: () | ('token',)"
    ]


def test_an_error_is_owed_where_routes_declare_their_errors() -> None:
    """The application declares 409 elsewhere, and this route declares its errors: then leaving it out means something."""
    other = "  /others:\n    get: {responses: {'200': {description: D}, '409': {description: D}}}\n"
    assert seen(statuses("200", "404", "409") + other, statuses("200", "404") + other) == ["partial status 409 presence"]
    assert seen(statuses("200", "404", "409") + other, statuses("200") + other) == []


def test_what_the_handler_visibly_raises_counts() -> None:
    implemented = with_operations(code(statuses("200")), raised=("201",))
    assert differences(api(statuses("200", "201")), implemented) == []


# --- operations -----------------------------------------------------------------------------------------------------

TWO = """\
paths:
  /users:
    get: {responses: {'200': {description: D}}}
  /orders:
    get: {responses: {'200': {description: D}}}
"""
ONE = """\
paths:
  /users:
    get: {responses: {'200': {description: D}}}
"""


def test_operations_missing_and_unrequested() -> None:
    assert [_line(each) for each in differences(api(TWO), code(ONE))] == ["missing operation /orders presence"]
    assert [_line(each) for each in differences(api(ONE), code(TWO))] == ["unrequested operation /orders presence"]


def test_an_incomplete_end_proves_no_absence() -> None:
    assert differences(api(TWO), replace(code(ONE), incomplete=UNKNOWN)) == []
    assert differences(replace(api(ONE), incomplete=UNKNOWN), code(TWO)) == []


def test_an_undocumented_route_is_not_missed_in_the_spec() -> None:
    assert differences(api(ONE), with_operations(code(TWO), documented=False)) == []


def test_an_operation_that_may_exist_keeps_a_promise_and_gives_nothing() -> None:
    implemented = with_operations(code(TWO.replace("'200'", "'201'")), maybe=UNKNOWN)
    assert differences(api(TWO), implemented) == []
    assert differences(api(ONE), implemented) == []


@pytest.mark.parametrize("field", ["parameters", "body", "responses", "security", "operation_id", "deprecated", "rate_limit"])
def test_an_unknown_part_silences_that_part(field: str) -> None:
    text = operation(
        "operationId: a\ndeprecated: true\nsecurity: [{key: []}]\nx-rate-limit: 10/minute\n"
        "parameters: [{name: q, in: query, schema: {type: string}}]\n"
        "requestBody: {required: true, content: {application/json: {schema: {type: object}}}}\n"
        "responses: {'201': {description: D}}"
    )
    plain = code(operation("operationId: b"))
    everything = {each.element for each in differences(api(text), plain)}
    left = {each.element for each in differences(api(text), with_operations(plain, **{field: UNKNOWN}))}
    assert len(everything) >= 6
    assert left < everything or field == "rate_limit"


def test_head_and_options_are_nobodys_business() -> None:
    more = ONE + "    head: {responses: {'200': {description: D}}}\n    options: {responses: {'200': {description: D}}}\n"
    assert differences(api(ONE), code(more)) == []
    assert differences(api(more), code(ONE)) == []


def test_a_parameter_in_the_code_takes_words_of_the_spec() -> None:
    words = TWO.replace("/users", "/reports/daily").replace("/orders", "/reports/weekly")
    general = ONE.replace("/users", "/reports/{kind}")
    assert differences(api(words), code(general)) == []


def test_a_word_beside_its_own_general_promise_is_missed() -> None:
    words = TWO.replace("/users", "/users/{id}").replace("/orders", "/users/me")
    assert [_line(each) for each in differences(api(words), code(ONE.replace("/users", "/users/{id}")))] == [
        "missing operation /users/me presence"
    ]


def test_of_two_routes_on_one_path_the_one_spelled_alike_is_compared() -> None:
    both = TWO.replace("/users", "/users/{id}").replace("/orders", "/users/{name}")
    assert differences(api(both), code(both)) == []


# --- shared schemas -------------------------------------------------------------------------------------------------


def shared(schema: str) -> str:
    paths = "".join(
        f"  /{name}:\n    get: {{responses: {{'200': {{description: D, content: {{application/json: "
        f"{{schema: {{$ref: '#/components/schemas/{outer}'}}}}}}}}}}}}\n"
        for name, outer in (("users", "User"), ("teams", "Team"))
    )
    return (
        f"paths:\n{paths}components:\n  schemas:\n"
        "    Team: {type: object, properties: {lead: {$ref: '#/components/schemas/User'}, "
        "parent: {$ref: '#/components/schemas/Team'}}}\n"
        f"    User: {{type: object, properties: {{name: {schema}, team: {{$ref: '#/components/schemas/Team'}}}}}}\n"
    )


def test_a_shared_schema_is_told_of_once_with_all_its_operations() -> None:
    found = differences(api(shared("{type: string}")), code(shared("{type: integer}")))
    assert [_line(each) for each in found] == ["contradicts response-field name type: ('string',) | ('integer',)"]
    assert found[0].path == ("schema", "User", "response", "name")
    assert found[0].uses == ("GET /users", "GET /teams")


def test_one_model_asked_for_and_answered_is_told_of_once() -> None:
    def text(schema: str) -> str:
        body = "content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}"
        return (
            f"paths:\n  /users:\n    post: {{requestBody: {{required: true, {body}}}, responses: {{'200': {{description: D, {body}}}}}}}\n"
            f"components: {{schemas: {{User: {{type: object, properties: {{name: {schema}}}}}}}}}\n"
        )

    assert [_line(each) for each in differences(api(text("{type: string}")), code(text("{type: integer}")))] == [
        "contradicts request-field name type: ('string',) | ('integer',)"
    ]


def test_null_beside_a_reference() -> None:
    def text(schema: str) -> str:
        named = shared("{type: string}").replace("lead: {$ref: '#/components/schemas/User'}", f"lead: {schema}")
        return named.replace("Team: {type: object,", "Team: {type: object, required: [lead],")

    plain = "{$ref: '#/components/schemas/User'}"
    found = differences(api(text(plain)), code(text(f"{{anyOf: [{plain}, {{type: 'null'}}]}}")))
    assert [_line(each) for each in found] == ["contradicts response-field lead nullable: False | True"]
    assert differences(api(text(f"{{anyOf: [{plain}, {{type: 'null'}}]}}")), code(text(f"{{allOf: [{plain}]}}"))) == []


def test_endless_schemas_end() -> None:
    """References that run through inline objects on one end and through other places on the other."""
    one = "{type: object, properties: {p: {type: object, properties: {p: {$ref: '#/components/schemas/A'}}}}}"
    other = "{type: object, properties: {p: {$ref: '#/components/schemas/B'}}}"

    def text(schemas: str, name: str) -> str:
        return operation(
            f"responses: {{'200': {{description: D, content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}}}"
        ) + f"components: {{schemas: {{{schemas}}}}}\n"

    loop = "C: {allOf: [{$ref: '#/components/schemas/C'}]}"
    assert seen(text(f"A: {one}, {loop}", "A"), text(f"B: {other}, {loop}", "B")) == []
    assert seen(text(f"A: {one}, {loop}", "C"), text(f"B: {other}, {loop}", "B")) == []


def test_the_operation_of_a_difference_is_named() -> None:
    [found] = differences(api(query("{type: integer}")), code(query("{type: string}")))
    assert isinstance(found.operation, Operation) and found.operation.subject == ("operation", "POST", "/things/{id}")
    assert found.subject == ("operation", "POST", "/things/{id}", "parameter", "query", "limit", "type")
    assert found.promised is not None and found.promised.path == "openapi.yaml"
    assert found.implemented is not None and found.implemented.path == "app/main.py"
