"""The version of Pydantic a program is written for decides whether `str | None` without a default is required."""

from __future__ import annotations

import pytest

from lsp_server.api.model import Body
from lsp_server.snapshot import Snapshot

APP = """\
from fastapi import FastAPI
from pydantic import BaseModel{names}

app = FastAPI()


class Book(BaseModel):
    title: str | None


@app.post("/books")
def add_book(book: Book):
    return {{}}
"""


@pytest.mark.parametrize(
    ("names", "required"),
    [(", field_validator", True), (", validator", False), (", validator, root_validator, ConfigDict", False)],
)
def test_most_imports_decide(names: str, required: bool) -> None:
    [application] = Snapshot.of({"app.py": APP.format(names=names)}).implemented
    body = application.operations[0].body
    assert isinstance(body, Body)
    schema = body.schema()
    assert schema is not None
    assert [field.required for field in application.resolve(schema).properties] == [required]
