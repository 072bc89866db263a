"""What a new route says of itself in its decorator, in the words the neighbours use, and which credentials it asks for."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from lsp_server.api.model import Operation, Response, SecurityRequirement
from lsp_server.api.names import status_code
from lsp_server.api.type_source import TypeWriter, identifier, literal, quoted
from lsp_server.python.lower import Node
from lsp_server.python.values import EnumMember
from lsp_server.repair.models import Catalogue, response_type, success_of
from lsp_server.repair.names import Names, snake_case
from lsp_server.repair.place import Place, shared_steps, steps
from lsp_server.repair.siblings import Part, Project, Sibling
from lsp_server.unknown import Unknown

_BODILESS = ("204", "205", "304")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a route asks who is calling: a parameter, or an entry of the decorator's `dependencies=`."""

    part: Part | None = None
    dependencies: str | None = None
    sibling: Sibling | None = None


def is_open(security: tuple[SecurityRequirement, ...] | Unknown) -> bool | None:
    if isinstance(security, Unknown):
        return None
    return not security or any(not requirement.schemes for requirement in security)


def credentials(
    project: Project, operation: Operation, names: Names, siblings: Sequence[Sibling], beside: Sequence[Sibling]
) -> Credentials | None:
    """How the most similar of the secured routes asks for credentials; None where one is owed and none shows how.

    Most similar: the same requirement in the spec, the same refusals (401, 403), the nearest path. Of equals the one that asks
    for more: too much is noticed at once, too little by the wrong people. `beside` are the routes on the same router.
    """
    if is_open(operation.security) is not False:
        return Credentials()
    examples = [each for each in siblings if is_open(each.operation.security) is False and (_asks_itself(each) or each in beside)]
    if not examples:
        return _as_promised_alike(operation, names, siblings)
    best = max(examples, key=lambda each: (
        _refusals(operation, each.promise), _nearness(operation, each), project.strictness(each), _likeness(operation, each),
    ))  # fmt: skip
    given = best.argument("dependencies")
    if best.secured_by_decorator() and given is not None:
        return Credentials(None, names.carry(given, best.text(given), best.path), best)
    part = next((each for each in best.parts if each.secures), None)
    if part is None:
        return Credentials()  # the router or the application asks for them
    names.carry((part.node[2], part.node[3]), part.source, best.path)
    return Credentials(part, None, best)


def _as_promised_alike(operation: Operation, names: Names, siblings: Sequence[Sibling]) -> Credentials | None:
    """Where the text does not tell what a dependency asks for: what routes with the same promise have, and only they can be."""
    found = [
        (each, part) for each in siblings if each.promise is not None and each.promise.security == operation.security
        for part in each.parts if part.dependency is not None and part.session is None and isinstance(part.brings.security, Unknown)
    ]  # fmt: skip
    if not found:
        return None
    best, part = max(found, key=lambda pair: (_nearness(operation, pair[0]), _likeness(operation, pair[0])))
    names.carry((part.node[2], part.node[3]), part.source, best.path)
    return Credentials(part, None, best)


def _asks_itself(sibling: Sibling) -> bool:
    """Whether the route asks for credentials, rather than its router or application."""
    return sibling.secured_by_decorator() or any(part.secures for part in sibling.parts)


def _refusals(operation: Operation, other: Operation | None) -> int:
    if other is None:
        return -1
    return sum((operation.response(status) is None) == (other.response(status) is None) for status in ("401", "403")) + (
        2 if operation.security == other.security else 0)  # fmt: skip


def _nearness(operation: Operation, sibling: Sibling) -> tuple[int, bool]:
    promise = sibling.promise or sibling.operation
    return shared_steps(operation.path, promise.path), steps(operation.path) == steps(promise.path)


def _likeness(operation: Operation, sibling: Sibling) -> tuple[bool, bool]:
    promise = sibling.promise or sibling.operation
    return (operation.method == "GET") == (promise.method == "GET"), operation.method == promise.method


@dataclass(frozen=True, slots=True)
class DecoratorWriter:
    """Writes the arguments of one route's decorator."""

    catalogue: Catalogue
    names: Names
    types: TypeWriter
    place: Place
    siblings: Sequence[Sibling]  # the nearest first

    def arguments(self, operation: Operation, function: str, security: Credentials, models: bool) -> list[str] | None:
        """All arguments; None where the answer has no honest type. `models`: the answer's type stands here, not as `->`."""
        found = [quoted(self.place.own_path)]
        identity = self._operation_id(operation, function)
        if identity is not None:
            found.append(f"operation_id={quoted(identity)}")
        answer = self.answer(operation)
        if answer is None:
            return None
        if answer and models and answer.rpartition(".")[2] != "Any":
            found.append(f"response_model={answer}")
        media = self._response_class(operation)
        if media is not None:
            found.append(f"response_class={media}")
        success = success_of(operation)
        if success is not None and success[0] != "200":
            found.append(f"status_code={self.status(success[0])}")
        found.extend(self._tags(operation))
        if security.dependencies is not None:
            found.append(f"dependencies={security.dependencies}")
        declared = self.responses(operation)
        if declared is None:
            return None
        if declared:
            found.append(f"responses={declared}")
        inherited = bool(self.place.siblings) and all(each.operation.deprecated is True for each in self.place.siblings)
        if operation.deprecated is True and not inherited:
            found.append("deprecated=True")
        if operation.summary and any(each.argument("summary") is not None for each in self.place.siblings):
            found.append(f"summary={quoted(operation.summary)}")
        return found

    def answer(self, operation: Operation) -> str | None:
        """The type of the success's JSON; empty where it has none."""
        success = success_of(operation)
        if success is None or success[1] is None or success[0] in _BODILESS:
            return ""
        return self.types.annotation(success[1])

    def _response_class(self, operation: Operation) -> str | None:
        success = success_of(operation)
        response = operation.response(success[0]) if success is not None else None
        if response is None or success is None or success[1] is not None or not response.content:
            return None
        kind = response.content[0][0].split(";")[0].strip().lower()
        name = {"text/html": "HTMLResponse", "text/plain": "PlainTextResponse"}.get(kind, "StreamingResponse")
        return self.names.external("fastapi.responses", name)

    def _operation_id(self, operation: Operation, function: str) -> str | None:
        wanted = operation.operation_id
        if not isinstance(wanted, str):
            return None
        others = list(self.place.siblings)
        if any(each.argument("operation_id") is not None for each in others):
            return wanted
        made = re.sub(r"\W", "_", f"{function}{self.place.prefix}{self.place.own_path}_{operation.method.lower()}")
        if wanted == made or spelled_by_project(operation, self.siblings) is not None:
            return None
        promised = [each for each in self.siblings if each.promise is not None and isinstance(each.promise.operation_id, str)]
        careless = any(each.argument("operation_id") is None for each in promised)
        return None if careless else wanted

    def status(self, code: str) -> str:
        """A status as the neighbours write it."""
        if not code.isdigit():
            return quoted(code)
        text = self.names.document.text
        by_name = re.search(r"\bstatus\.HTTP_\d", text) or (not text and any(re.search(r"\bstatus\.HTTP_\d", each.document.text) for each in self.siblings))
        try:
            phrase = HTTPStatus(int(code)).name
        except ValueError:
            return code
        if not by_name or code in ("413", "414", "416", "422"):  # Starlette has renamed these
            return code
        return f"{self.names.external('fastapi', 'status')}.HTTP_{code}_{phrase}"

    def _tags(self, operation: Operation) -> list[str]:
        if isinstance(operation.tags, Unknown) or not operation.tags or self.place.tagged:
            return []
        if not self.place.siblings:
            return [f"tags=[{', '.join(quoted(tag) for tag in operation.tags)}]"]
        known: dict[str, str] = {}
        for sibling in self.place.siblings:
            stated = sibling.argument("tags")
            for node in stated[3] if stated is not None and stated[0] == "list" else ():
                value = self.catalogue.project.interpreter.evaluate(node, sibling.function.scope)
                text = value.value if isinstance(value, EnumMember) else value
                if isinstance(text, str):
                    known[text] = sibling.text(node)
        if not known:
            return []
        routers = {tag for each in self.place.siblings if isinstance(each.operation.tags, tuple) for tag in each.operation.tags} - set(known)
        own = [known.get(tag, quoted(tag)) for tag in operation.tags if tag not in routers]
        return [f"tags=[{', '.join(own)}]"] if own else []

    # Declared errors

    def responses(self, operation: Operation) -> str | None:
        """The declared errors (and further successes): by the project's own constants, else written out. Empty: none."""
        if isinstance(operation.responses, Unknown):
            return None
        success = success_of(operation)
        wanted = [each for each in operation.responses
                  if each.status not in ("422", "default") and (success is None or each.status != success[0])]  # fmt: skip
        entries = []
        left = {each.status: each for each in wanted}
        for source, statuses in self.constants(set(left)):
            if statuses <= set(left):
                entries.append(f"**{source}")
                left = {status: each for status, each in left.items() if status not in statuses}
        for response in left.values():
            entry = self.entry(response)
            if entry is None:
                return None
            entries.append(entry)
        if not entries:
            return ""
        return entries[0].removeprefix("**") if len(entries) == 1 and entries[0].startswith("**") else f"{{{', '.join(entries)}}}"

    def entry(self, response: Response) -> str | None:
        """`404: {"model": Error, "description": "No such user."}`."""
        parts = []
        content = next((schema for kind, schema in response.content if "json" in kind), None)
        if content is not None and not content.is_anything:
            model = self.types.annotation(content)
            if model is None:
                return None
            parts.append(f'"model": {model}')
        if response.description:
            parts.append(f'"description": {literal(" ".join(response.description.split()))}')
        return f"{self.status(response.status)}: {{{', '.join(parts)}}}"

    def constants(self, wanted: set[str]) -> list[tuple[str, set[str]]]:
        """Names that the neighbours put into `responses=`, with the statuses they declare; the most telling first."""
        found: dict[str, set[str]] = {}
        origins: dict[str, tuple[Node, Sibling]] = {}
        for sibling in self.siblings:
            stated = sibling.argument("responses")
            if stated is None:
                continue
            for node in _spread(stated):
                value = self.catalogue.project.interpreter.evaluate(node, sibling.function.scope)
                if not isinstance(value, dict):
                    continue
                statuses = {str(status_code(key) or key) for key in value}
                source = sibling.text(node)
                if statuses <= wanted and source not in found:
                    found[source] = statuses
                    origins[source] = (node, sibling)
        chosen, covered = [], set[str]()
        for source, statuses in sorted(found.items(), key=lambda item: -len(item[1])):
            if not statuses & covered:
                node, sibling = origins[source]
                self.names.carry(node, source, sibling.path)
                chosen.append((source, statuses))
                covered |= statuses
        return sorted(chosen, key=lambda item: min(item[1]))


def _spread(node: Node) -> list[Node]:
    """The names in `responses=NAME` and `responses={**NAME, **OTHER}`."""
    if node[0] in ("name", "attr"):
        return [node]
    if node[0] == "dict":
        return [value for key, value in zip(node[3], node[4]) if key is None and value[0] in ("name", "attr")]
    return []


# Names


def spelled_by_project(operation: Operation, siblings: Sequence[Sibling]) -> str | None:
    """The function's name in an operation id that the project makes itself (`items-read_item`), told from its neighbours."""
    wanted = operation.operation_id
    if not isinstance(wanted, str):
        return None
    for sibling in siblings:
        known = sibling.operation.operation_id
        name = sibling.function.name
        if sibling.argument("operation_id") is not None or not isinstance(known, str) or known == name:
            continue
        if known.endswith(name) and (front := known[: -len(name)]) and wanted.startswith(front) and wanted[len(front) :].isidentifier():
            return wanted[len(front) :]
        tail = re.sub(r"\W", "_", f"{operation.path}_{operation.method.lower()}")
        for length in range(len(tail), 2, -1):
            own_tail = wanted.endswith(tail[-length:]) and tail[-length:].startswith("_") and length > len(operation.method) + 1
            if own_tail and wanted[:-length].isidentifier():
                return wanted[:-length]
    return None


def function_name(operation: Operation, siblings: Sequence[Sibling], taken: set[str]) -> str:
    """From the operation's id, else from method and path; unique in the file."""
    name = spelled_by_project(operation, siblings)
    if name is None:
        identity = operation.operation_id
        name = snake_case(identity) if isinstance(identity, str) else ""
        if hasattr(builtins, name) or keyword.iskeyword(name):
            name = f"{name}_{snake_case(next((step for step in reversed(steps(operation.path)) if step != '{}'), 'route'))}"
        if not name.isidentifier():
            name = identifier(snake_case(f"{operation.method} {re.sub(r'[{}]', '', operation.path)}"))
    candidates = [name, *(f"{name}_{count}" for count in range(2, 1000))]
    return next(each for each in candidates if each not in taken)


def answers_with_model(catalogue: Catalogue, siblings: Sequence[Sibling]) -> bool:
    """Whether the neighbours name the answer's type in the decorator rather than behind `->`."""
    typed = [each for each in siblings if response_type(catalogue.project, each) is not None]
    stated = [each for each in typed if each.argument("response_model") is not None]
    return len(stated) * 2 >= len(typed) if typed else False

