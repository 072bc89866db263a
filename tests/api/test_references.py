"""`$ref`: within a file, across files, in a circle, to nowhere, and to places that are never looked at."""

from __future__ import annotations

from typing import ClassVar

import pytest
from specs import HEAD, api_of, faults_of, only_fault, shown

from lsp_server.api.model import Body
from lsp_server.api.openapi import read_specification
from lsp_server.document import Document
from lsp_server.tree.node import Tree
from lsp_server.tree.repair import read
from lsp_server.unknown import Unknown

RESPONSES = "responses: {'200': {description: ok}}"


def schemas(text: str) -> str:
    return HEAD + "paths: {}\ncomponents:\n  schemas:\n" + "".join(f"    {line}\n" for line in text.splitlines())


class TestKeys:
    @pytest.mark.parametrize(
        ("reference", "key"),
        [
            ("#/components/schemas/B", "B"),
            ("openapi.yaml#/components/schemas/B", "B"),
            ("./openapi.yaml#/components/schemas/B", "B"),
            ("#/components/schemas/C/properties/c", "#/components/schemas/C/properties/c"),
            ("models.yaml#/User", "models.yaml#/User"),
            ("sub/../models.yaml#/User", "models.yaml#/User"),
            ("models.yaml#/components/schemas/Deep", "models.yaml#/components/schemas/Deep"),
            ("whole.json", "whole.json"),
            ("whole.json#", "whole.json"),
            ("#/components/schemas/with~1slash", "with/slash"),
            ("#/components/schemas/with%20space", "with space"),
        ],
    )
    def test_of_a_target(self, reference: str, key: str) -> None:
        text = schemas(
            f"A: {{$ref: '{reference}'}}\nB: {{type: string}}\nC: {{properties: {{c: {{type: string}}}}}}\n"
            "with/slash: {type: string}\nwith space: {type: string}"
        )
        others = {
            "models.yaml": "User: {type: string}\ncomponents: {schemas: {Deep: {type: string}}}\n",
            "whole.json": '{"type": "string"}',
        }
        api = api_of(text, others=others)
        assert api.faults == ()
        assert api.schemas["A"].ref == key
        assert api.resolve(api.schemas["A"]).types == ("string",)

    def test_paths_are_relative_to_the_file_they_stand_in(self) -> None:
        others = {
            "api/models/user.yaml": "User: {properties: {pet: {$ref: 'pet.yaml'}, back: {$ref: '../openapi.yaml#/components/schemas/B'}}}\n",
            "api/models/pet.yaml": "type: object\n",
        }
        text = schemas("A: {$ref: 'models/user.yaml#/User'}\nB: {type: integer}")
        api = api_of(text, "api/openapi.yaml", others)
        assert api.faults == ()
        assert api.sources == ("api/openapi.yaml", "api/models/user.yaml", "api/models/pet.yaml")
        pet, back = api.resolve(api.schemas["A"]).properties
        assert (pet.schema.ref, back.schema.ref) == ("api/models/pet.yaml", "B")
        assert pet.location is not None and pet.location.path == "api/models/user.yaml"
        assert shown(others["api/models/user.yaml"], pet.location) == "pet"


class TestCircles:
    def test_recursive_schemas_are_fine(self) -> None:
        api = api_of(schemas("A: {properties: {a: {$ref: '#/components/schemas/A'}, b: {$ref: '#/components/schemas/B'}}}\n"
                             "B: {items: {$ref: '#/components/schemas/A'}}"))  # fmt: skip
        assert api.faults == () and api.schemas["A"].properties[0].schema.ref == "A"

    def test_references_that_are_nothing_else_are_not(self) -> None:
        text = schemas("A: {$ref: '#/components/schemas/B'}\nB: {$ref: '#/components/schemas/A'}\nC: {$ref: '#/components/schemas/A'}")
        api = api_of(text)
        assert [one.message for one in api.faults] == ["the schema A is only a reference that leads back to itself"]
        assert api.resolve(api.schemas["C"]).unknown is not None

    def test_parameters_in_a_circle(self) -> None:
        text = HEAD + f"""\
components: {{parameters: {{A: {{$ref: '#/components/parameters/B'}}, B: {{$ref: '#/components/parameters/A'}}}}}}
paths: {{/a: {{get: {{parameters: [{{$ref: '#/components/parameters/A'}}], {RESPONSES}}}}}}}
"""
        api = api_of(text)
        assert isinstance(api.operations[0].parameters, Unknown)
        assert {one.sort for one in api.faults} == {"reference"}


class TestRefused:
    @pytest.mark.parametrize(
        ("reference", "message"),
        [
            ("https://x.example/a.yaml#/A", "the reference to https://x.example/a.yaml leaves the workspace: URLs are not fetched"),
            ("file:///etc/passwd", "the reference to file:///etc/passwd leaves the workspace: URLs are not fetched"),
            ("//x.example/a", "the reference to //x.example/a leaves the workspace: URLs are not fetched"),
            ("C:\\a.yaml", "the reference to C:\\a.yaml leaves the workspace: URLs are not fetched"),
            ("/etc/passwd", "the reference to /etc/passwd is absolute: only files of the workspace are read"),
            ("../../secret.yaml", "the reference to ../../secret.yaml leads out of the workspace"),
            ("%2e%2e/%2e%2e/secret.yaml", "the reference to ../../secret.yaml leads out of the workspace"),
        ],
    )
    def test_without_a_look(self, reference: str, message: str) -> None:
        asked: list[str] = []

        def load(path: str) -> tuple[Document, Tree] | None:
            asked.append(path)
            return None

        text = schemas(f"A: {{$ref: '{reference}'}}")
        document = Document("api/openapi.yaml", text)
        api = read_specification(document, read(text, document.kind), load)
        assert asked == []
        assert [(one.sort, one.message) for one in api.faults] == [("reference", message)]
        assert shown(text, api.faults[0].location) == f"'{reference}'"
        assert api.schemas["A"].unknown is not None


class TestNowhere:
    def test_the_nearest_name_is_suggested(self) -> None:
        text = schemas("A: {$ref: '#/components/schemas/Usr'}\nUser: {type: string}")
        fault = only_fault(text, "reference")
        assert fault.message == "the reference #/components/schemas/Usr points to nothing; did you mean User?"
        assert fault.subject == ("pointer", "components", "schemas", "A", "$ref")

    def test_a_file_that_is_not_there(self) -> None:
        text = schemas("A: {$ref: 'modles.yaml#/A'}\nB: {$ref: 'modles.yaml#/B'}")
        messages = {message for _, message, _ in faults_of(text)}
        assert messages == {"the reference to modles.yaml points to no file: there is no modles.yaml in the workspace"}

    def test_what_cannot_be_reached_is_unknown_and_nothing_else(self) -> None:
        text = HEAD + f"""\
paths:
  /a:
    get:
      parameters: [{{$ref: '#/components/parameters/A'}}]
      requestBody: {{$ref: '#/components/requestBodies/A'}}
      responses: {{'200': {{$ref: '#/components/responses/A'}}}}
  /b: {{$ref: 'paths.yaml#/b'}}
  /c: {{get: {{{RESPONSES}}}}}
"""
        api = api_of(text)
        first, last = api.operations
        assert isinstance(first.parameters, Unknown) and isinstance(first.body, Unknown)
        assert not isinstance(first.responses, Unknown) and first.responses[0].unknown is not None
        assert last.path == "/c"
        assert api.incomplete is not None and "/b" in api.incomplete.what
        assert len(api.faults) == 4

    def test_names_given_by_anchor_are_not_followed(self) -> None:
        api = api_of(schemas("A: {$ref: '#user'}\nUser: {$anchor: user, type: string}"))
        assert api.faults == () and api.schemas["A"].unknown is not None

    def test_a_target_that_may_only_be_lost_in_a_broken_text(self) -> None:
        text = schemas("A: {$ref: '#/components/schemas/B'}\nC: {type: [string\nB: {type: string}")
        assert [one.sort for one in api_of(text).faults] == ["syntax"]

    def test_a_reference_inside_an_example_is_data(self) -> None:
        assert faults_of(schemas("A: {type: object, example: {$ref: '#/nowhere'}, default: {$ref: x}}")) == []


class TestShared:
    TEXT = HEAD + """\
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer}}
  requestBodies:
    Thing: {required: true, content: {application/json: {schema: {type: object}}}}
  responses:
    Gone: {description: gone, headers: {X-A: {$ref: '#/components/headers/A'}}}
  headers:
    A: {schema: {type: string}}
  pathItems:
    One:
      parameters: [{$ref: '#/components/parameters/Id'}]
      put:
        requestBody: {$ref: '#/components/requestBodies/Thing'}
        responses: {'410': {$ref: '#/components/responses/Gone'}}
paths:
  /things/{id}: {$ref: '#/components/pathItems/One'}
  /other/{id}: {$ref: 'paths.yaml#/Other'}
"""
    OTHERS: ClassVar = {
        "paths.yaml": "Other:\n  parameters: [{$ref: 'openapi.yaml#/components/parameters/Id'}]\n  get:\n    responses: {'200': {description: ok}}\n"
    }

    def test_parts_are_found_and_placed_where_they_are_used(self) -> None:
        api = api_of(self.TEXT, others=self.OTHERS)
        assert api.faults == () and api.incomplete is None
        one, other = api.operations
        assert one.path == "/things/{id}" and other.path == "/other/{id}"
        assert other.location.path == "paths.yaml"
        assert not isinstance(one.parameters, Unknown) and not isinstance(other.parameters, Unknown)
        assert shown(self.TEXT, one.parameters[0].location) == "'#/components/parameters/Id'"
        assert other.parameters[0].location is not None and other.parameters[0].location.path == "paths.yaml"
        assert one.parameters[0].schema == other.parameters[0].schema
        assert isinstance(one.body, Body) and one.body.required is True
        gone = one.response("410")
        assert gone is not None and gone.headers == ("X-A",) and shown(self.TEXT, gone.location) == "'410'"

    def test_a_fault_in_a_shared_part_is_told_once(self) -> None:
        text = self.TEXT.replace("in: path, required: true", "in: path")
        api = api_of(text, others=self.OTHERS)
        assert [one.message for one in api.faults] == ["the path parameter id must say `required: true`"]

    def test_a_fault_in_a_part_that_nobody_uses(self) -> None:
        text = HEAD + "paths: {}\ncomponents: {responses: {A: {content: {application/json: {schema: {type: objekt}}}}}}\n"
        assert [place for _, _, place in faults_of(text)] == ["objekt"]

    def test_a_fault_in_another_file_is_told_there(self) -> None:
        api = api_of(self.TEXT, others={"paths.yaml": self.OTHERS["paths.yaml"] + "Broken: [\n"})
        assert [(one.sort, one.location.path) for one in api.faults] == [("syntax", "paths.yaml")]
        assert api.incomplete is not None
