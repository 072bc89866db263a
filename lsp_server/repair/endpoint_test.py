"""The test that comes with a new endpoint: that the route is there and takes and answers what was promised.

Uses the project's own `client` fixture where there is one. What needs rows or credentials that the project's fixtures alone
know how to make is left to people.
"""

from __future__ import annotations

import json
import re

from lsp_server.api.model import Operation, path_parameters
from lsp_server.python.values import FunctionValue, Instance
from lsp_server.repair.models import Catalogue, success_of
from lsp_server.repair.names import Names
from lsp_server.repair.place import Place
from lsp_server.repair.siblings import Project, is_test
from lsp_server.unknown import Unknown

_CLIENT = re.compile(r"^def client\(|^    def client\(", re.M)


def test_file(project: Project, catalogue: Catalogue, operation: Operation, place: Place, path: str, function: str,
              reads: str | None) -> tuple[str, str] | None:  # fmt: skip
    """Path and text of a new test file; None where the project has no tests. `reads`: "row" or "rows" where it works open."""
    folder, fixture = _home(project, place)
    if folder is None:
        return None
    file = f"{folder}/test_{function}.py" if folder else f"test_{function}.py"
    if any(other.rpartition("/")[2] == file.rpartition("/")[2] for other in project.snapshot.documents):
        return None
    application = None if fixture else _application(project)
    if not fixture and application is None:
        return None
    lines = _promise(catalogue, operation, path, function, fixture, application)
    if fixture and reads is not None:
        lines.extend(_reading(catalogue, operation, path, function, reads))
    head = ["from fastapi.testclient import TestClient"] if fixture else [f"from {application[0]} import {application[1]}"] if application else []
    if any("uuid4" in line for line in lines):
        head = ["from uuid import uuid4", "", *head]
    return file, "\n".join([*head, "", "", *lines]) + "\n"


def _home(project: Project, place: Place) -> tuple[str | None, bool]:
    """The folder for the test, and whether a `client` fixture is known there."""
    stem = place.path.rpartition("/")[2].removesuffix(".py")
    tests = sorted(path for path in project.snapshot.documents if path.endswith(".py") and is_test(path))
    own = [path for path in tests if path.rpartition("/")[2] in (f"test_{stem}.py", f"{stem}_test.py")]
    fixtures = [path.rpartition("/")[0] for path in tests
                if path.endswith("conftest.py") and _CLIENT.search(project.snapshot.documents[path].text)]  # fmt: skip
    fixtures = [folder for folder in fixtures if "AsyncClient" not in project.snapshot.documents[f"{folder}/conftest.py".lstrip("/")].text]
    root = place.path.partition("/")[0]
    near = [path for path in own or tests if path.partition("/")[0] == root or not own] or own or tests
    if not near:
        return None, False
    folders = [path.rpartition("/")[0] for path in near]
    for folder in folders:
        if any(folder == fixture or folder.startswith(f"{fixture}/") or not fixture for fixture in fixtures):
            return folder, True
    return min(folders, key=len), False


def _application(project: Project) -> tuple[str, str] | None:
    """Module and expression of the application: a name bound to it, or a factory that takes nothing."""
    place = project.contract.implemented.location
    for path, execution in sorted(project.interpreter.executions.items()):
        if is_test(path):
            continue
        for name, value in execution.scope.names.items():
            if isinstance(value, Instance) and value.location == place and path == (place.path if place else path):
                return _module(project, path), name
    for path, execution in sorted(project.interpreter.executions.items()):
        for name, value in execution.scope.names.items():
            if place is not None and isinstance(value, FunctionValue) and path == place.path and value.location.span.covers(place.span) and not value.parameters:
                return _module(project, path), name
    return None


def _module(project: Project, path: str) -> str:
    return Names(project.interpreter, project.snapshot.documents[path]).module_of(path)


def _promise(catalogue: Catalogue, operation: Operation, path: str, function: str, fixture: bool, application: tuple[str, str] | None) -> list[str]:
    taken = () if isinstance(operation.parameters, Unknown) else operation.parameters
    headers = any(each.where == "header" for each in taken)  # their names are lower case in the framework's description
    parameters = [(each.where, each.name.lower() if headers else each.name) for each in taken]
    success = success_of(operation)
    title = f"def test_{function}_is_served_as_promised({'client: TestClient' if fixture else ''}) -> None:"
    factory = application is not None and not application[1].endswith("app")
    described = "client.app.openapi()" if fixture else f"{application[1]}{'()' if factory else ''}.openapi()" if application else ""
    lines = [title, f"    paths = {described}[\"paths\"]", f"    operation = paths[{json.dumps(path)}][{json.dumps(operation.method.lower())}]"]
    if parameters:
        listed = ", ".join(f'("{where}", {json.dumps(name)})' for where, name in parameters)
        known = f'    taken = {{(each["in"], each["name"]{".lower()" if headers else ""}) for each in operation["parameters"]}}'
        one = f"    assert taken == {{{listed}}}"
        lines.append(known)
        lines.extend([one] if len(one) <= 88 else ["    assert taken == {", *(f'        ("{where}", {json.dumps(name)}),' for where, name in parameters), "    }"])
    else:
        lines.append('    assert not operation.get("parameters")')
    if success is not None:
        lines.append(f'    assert "{success[0]}" in operation["responses"]')
    if isinstance(operation.security, tuple) and operation.security and all(each.schemes for each in operation.security):
        lines.append('    assert operation["security"]')
    return lines


def _reading(catalogue: Catalogue, operation: Operation, path: str, function: str, reads: str) -> list[str]:
    """A request that needs no row and no credentials: nothing there yet, or an empty list."""
    success = success_of(operation)
    if reads == "row":
        url = path
        for name in path_parameters(path):
            parameter = operation.parameter("path", name)
            shape = catalogue.promised.of(parameter.schema) if parameter is not None else None
            url = url.replace(f"{{{name}}}", "{uuid4()}" if shape is not None and shape.format == "uuid" else "0")
        mark = "f" if "{" in url else ""
        return ["", "", f"def test_{function}_knows_what_is_not_there(client: TestClient) -> None:",
                f"    response = client.get({mark}\"http://testserver{url}\")", "    assert response.status_code == 404"]  # fmt: skip
    lines = ["", "", f"def test_{function}_answers_a_list(client: TestClient) -> None:",
             f"    response = client.get(\"http://testserver{path}\")", "    assert response.status_code == 200"]  # fmt: skip
    if success is not None and success[1] is not None:
        shape = catalogue.promised.of(success[1])
        if shape.types == {"array"}:
            lines.append("    assert isinstance(response.json(), list)")
        else:
            lines.append(f"    assert set(response.json()) == {{{', '.join(json.dumps(name) for name in sorted(shape.properties))}}}")
    return lines



