"""From a snapshot to what its running project tells: which modules to import, which factories to call, and the answer's shape."""

from __future__ import annotations

import json
from pathlib import Path

from lsp_server.api.runtime import read_document, renamed
from lsp_server.database.migration.own_tables import Created
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.runtime import Runtime
from lsp_server.text import Location
from lsp_server.worker.child import SECONDS, Question, ask
from lsp_server.worker.interpreters import interpreter_of


def ask_project(snapshot: Snapshot, root: Path, seconds: float = SECONDS) -> Runtime:
    """Run the project's own interpreter once. Only for a workspace that its user trusts: importing a project runs it."""
    question = question_of(snapshot)
    if not question.modules and not question.factories:
        return Runtime()
    configured = snapshot.config.interpreter
    interpreter = interpreter_of(root, configured)
    if interpreter is None:
        return Runtime(failures=(f"`interpreter` in the configuration: there is no Python at {configured}",))
    answer = ask(interpreter, root, question, seconds)
    documents = tuple(read_document(json.dumps(renamed(document))) for document in answer.specifications)
    created = tuple(
        Created(tuple((schema, str(name)) for schema, name in each["tables"]), tuple(map(str, each["statements"]))) for each in answer.created
    )
    read = {table.location.path for database in snapshot.written_models for table in database.tables if table.location is not None}
    digests = {path: snapshot.documents.digest(path) for path in read}
    return Runtime(documents, answer.metadata, answer.failures, created, digests)


def question_of(snapshot: Snapshot) -> Question:
    """The modules that make applications and tables; where an application is made inside a function, that function."""
    modules: dict[str, None] = {}
    factories: dict[tuple[str, str], None] = {}
    paths: dict[str, None] = {}
    program = snapshot.program

    def wanted(path: str) -> str:
        paths[program.root_of(path)] = None
        return program.module_name(path)

    for api in snapshot.written_applications:
        if api.location is None or not api.served or api.version != "FastAPI":
            continue
        name = wanted(api.location.path)
        function = _function_around(snapshot, api.location)
        if function is None:
            modules[name] = None
        else:
            factories[(name, function)] = None
    for database in snapshot.written_models:
        for table in database.tables:
            if table.location is not None:
                modules[wanted(table.location.path)] = None
    dialect = next((history.dialect for history in snapshot.trees if history.dialect is not None), None) if modules else None
    return Question(tuple(modules), tuple(factories), tuple(paths), {"mariadb": "mysql"}.get(dialect or "", dialect))


def _function_around(snapshot: Snapshot, place: Location) -> str | None:
    """The top-level function that a place stands in; None for code that runs on import."""
    for function in snapshot.interpreter.run(place.path).functions:
        inside = function.location.span.start <= place.span.start < function.location.span.end
        if inside and function.owner is None and "." not in function.qualname and function.location.path == place.path:
            return function.name
    return None
