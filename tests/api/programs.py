"""Small FastAPI programs for tests: texts in, the Apis that they serve out."""

from __future__ import annotations

from lsp_server.api.facts import schema_json
from lsp_server.api.frameworks import answers_of
from lsp_server.api.frameworks.fastapi import read_applications
from lsp_server.api.model import Api, Operation
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.snapshot import Snapshot

IMPORTS = """
from __future__ import annotations
import dataclasses, datetime, decimal, enum, uuid
from typing import Annotated, Any, ClassVar, Generic, List, Literal, NewType, Optional, Required, TYPE_CHECKING, TypedDict, TypeVar, Union
from fastapi import (BackgroundTasks, Body, Cookie, Depends, FastAPI, File, Form, Header, Path, Query, Request, Response, Security,
                     UploadFile, status)
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import (AliasChoices, BaseModel, ConfigDict, EmailStr, Field, HttpUrl, PlainSerializer, PositiveInt, RootModel,
                      computed_field, conint, constr, model_serializer)
app = FastAPI()
"""


def apis_of(main: str, pydantic: int | None = 2, **others: str) -> tuple[Api, ...]:
    """The Apis of `main.py` and other modules (`app__routes` is `app/routes.py`)."""
    files = {"main.py": main, **{f"{name.replace('__', '/')}.py": text for name, text in others.items()}}
    facts = {path: read_module(path, text) for path, text in files.items()}
    interpreter = Interpreter(Program(files, facts.__getitem__))
    interpreter.answers = answers_of(("fastapi",))
    return read_applications(interpreter, files, pydantic)


def api_of(main: str, pydantic: int | None = 2, **others: str) -> Api:
    """The one application of a program."""
    (api,) = [api for api in apis_of(main, pydantic, **others) if api.served]
    return api


def operation_of(main: str, pydantic: int | None = 2, **others: str) -> tuple[Operation, Api]:
    """The only operation of a program that begins with `IMPORTS`."""
    api = api_of(IMPORTS + main, pydantic, **others)
    (operation,) = api.operations
    return operation, api


def routes_of(main: str, **others: str) -> list[str]:
    return [f"{operation.method} {operation.path}" for operation in api_of(main, **others).operations]


def answer_schema(main: str, pydantic: int | None = 2) -> object:
    """The resolved schema of what the program's only operation answers."""
    operation, api = operation_of(main, pydantic)
    assert isinstance(operation.responses, tuple)
    (_, schema) = operation.responses[0].content[0]
    return schema_json(api.resolve(schema), {})


def request_schema(main: str, pydantic: int | None = 2) -> object:
    operation, api = operation_of(main, pydantic)
    assert operation.body is not None and not hasattr(operation.body, "what")
    (_, schema) = operation.body.content[0]  # type: ignore[union-attr]
    return schema_json(api.resolve(schema), {})


def served(main: str, **others: str) -> list[str]:
    """What all applications of a program serve, in any framework, as `METHOD path handler`; "incomplete" where more may be there."""
    files = {"main.py": main, **{f"{name.replace('__', '/')}.py": text for name, text in others.items()}}
    apis = [api for api in Snapshot.of(files).implemented if api.served]
    found = [f"{each.method} {each.path} {each.handler}" for api in apis for each in api.operations]
    return found + ["incomplete" for api in apis if api.incomplete is not None]
