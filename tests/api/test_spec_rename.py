"""Other names in a specification: everything under them stays, and nobody else's name changes."""

from __future__ import annotations

import pytest
from specs import HEAD, api_of

from lsp_server.api.spec_places import Specification
from lsp_server.api.spec_rename import rename_path_parameters, rename_response
from lsp_server.document import Kind
from lsp_server.text import apply_edits
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.repair import read

TEXT = (
    HEAD
    + """
components:
  parameters:
    Shelf: {name: shelf, in: path, required: true, schema: {type: string}}
paths:
  /shelves/{shelf}:
    get:
      parameters:
        - $ref: "#/components/parameters/Shelf"
      responses: {"200": {description: A shelf}}
  /shelves/{shelf}/books/{id}: # one book
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
      - $ref: "#/components/parameters/Shelf"
    get:
      responses:
        "200": {description: A book} # always
        "404": {description: None}
    delete:
      responses: {"204": {description: Gone}}
"""
)


def specification(text: str = TEXT) -> Specification:
    return Specification(api_of(text, "openapi.yaml"), {"openapi.yaml": read(text, Kind.YAML)})


def test_a_path_parameter_is_renamed_where_it_is_declared_and_in_the_path() -> None:
    spec = specification()
    edits = rename_path_parameters(spec, spec.api.operations[1], {"id": "book_id"})
    expected = TEXT.replace("books/{id}", "books/{book_id}").replace("{name: id,", "{name: book_id,")
    assert apply_edits(TEXT, edits) == expected


def test_a_parameter_that_other_paths_share_is_not_renamed() -> None:
    spec = specification()
    with pytest.raises(Unwritable, match="shared"):
        rename_path_parameters(spec, spec.api.operations[0], {"shelf": "shelf_id"})


def test_a_path_that_is_there_already_is_not_made_twice() -> None:
    text = TEXT + '  /shelves/{shelf}/books/{number}:\n    summary: another\n'
    spec = specification(text)
    with pytest.raises(Unwritable, match="there already"):
        rename_path_parameters(spec, spec.api.operations[1], {"id": "number"})


def test_an_answer_moves_to_another_status_with_its_comment() -> None:
    spec = specification()
    edits = rename_response(spec, spec.api.operations[1], "200", "203")
    assert apply_edits(TEXT, edits) == TEXT.replace('"200": {description: A book}', '"203": {description: A book}')


def test_statuses_stay_in_order() -> None:
    spec = specification()
    with pytest.raises(Unwritable, match="among others"):
        rename_response(spec, spec.api.operations[1], "200", "500")
