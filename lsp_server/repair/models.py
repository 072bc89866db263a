"""Which class of the project is a schema of the spec: one that exists already, or one to be written.

Reuse is proved: the spec uses the same schema at an operation whose route uses that class, or the comparison finds no
difference between the two. What exists nowhere is written as new classes, in the module the neighbours' models come from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lsp_server.api.compare_schemas import Meeting, SchemaComparison, schema_name
from lsp_server.api.compare_shapes import Shapes, unwrap
from lsp_server.api.compare_values import Direction
from lsp_server.api.model import Api, Constant, Operation, Schema
from lsp_server.api.names import name_of
from lsp_server.api.pydantic import Shapes as CodeShapes
from lsp_server.api.pydantic_classes import MODELS, kind_of, parameters_of
from lsp_server.api.type_source import TypeWriter, identifier, literal
from lsp_server.python.judge import ENUMS, members
from lsp_server.python.values import ClassValue, External, Specialized, Value
from lsp_server.repair.names import Names, pascal_case, snake_case
from lsp_server.repair.siblings import Project, Sibling, is_test
from lsp_server.unknown import Unknown

_JSON = re.compile(r"application/(?:[\w.+-]*\+)?json", re.IGNORECASE)


class Catalogue:
    """The project's models and enumerations beside the spec's schemas."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.promised = Shapes(project.contract.promised)
        self.classes = tuple(_classes(project))
        self._code = CodeShapes(project.interpreter, project.version)
        self._found: dict[tuple[object, Direction], Value | None] = {}

    def find(self, schema: Schema, direction: Direction) -> Value | None:
        """The class (or `Page[Item]`) that a schema of the spec is; None where there is none."""
        wanted = unwrap(schema)
        if wanted.ref is not None and (wanted.ref, direction) in self.used:
            return self.used[wanted.ref, direction]
        key = (wanted.ref or wanted, direction)
        if key not in self._found:
            self._found[key] = None  # what refers to itself is not found inside itself
            self._found[key] = self._search(wanted, direction)
        return self._found[key]

    def _search(self, wanted: Schema, direction: Direction) -> Value | None:
        shape = self.promised.of(wanted)
        if not shape.known or not (shape.properties or shape.enum is not None):
            return None
        name = schema_name(wanted.ref) if wanted.ref is not None else ""
        same = [cls for cls in self.classes if self._is(wanted, cls, direction)]
        named = [cls for cls in same if cls.name.lower() == name.lower()]
        if named or same:
            ranked = named or sorted(same, key=lambda cls: -_likeness(cls.name, name))
            if named or len(same) == 1 or _likeness(ranked[0].name, name) > _likeness(ranked[1].name, name):
                return ranked[0]
            return same[0] if shape.enum is not None and wanted.ref is not None else None
        return self._generic(wanted, direction)

    def _generic(self, wanted: Schema, direction: Direction) -> Value | None:
        """`Page[Item]` for a schema with a list of items whose class is known."""
        shape = self.promised.of(wanted)
        parts = [each.schema for each in shape.properties.values()]
        lists = [inner for each in parts if (inner := self.promised.of(each).items) is not None]
        for part in lists or parts:
            if unwrap(part).ref is None or not self.promised.of(part).properties:
                continue
            inside = self.find(part, direction)
            if inside is None:
                continue
            for cls in self.generics:
                special = Specialized(cls, (inside,), cls.location)
                if self._is(wanted, special, direction):
                    return special
        return None

    @cached_property
    def generics(self) -> tuple[ClassValue, ...]:
        return tuple(cls for cls in _models(self.project) if len(parameters_of(cls)) == 1)

    def _is(self, wanted: Schema, value: Value, direction: Direction) -> bool:
        """Whether the comparison finds nothing to tell between a schema and a class, names of properties included."""
        own = self._code.of(value, direction is Direction.RESPONSE)
        code = Api("", schemas=self._code.schemas)
        lefts, rights = self.promised, Shapes(code)
        one, other = lefts.of(wanted), rights.of(own)
        if not one.known or not other.known or bool(one.enum) != bool(other.enum):
            return False
        if set(one.properties) != set(other.properties) or not one.types & other.types:
            return False
        comparison = SchemaComparison(lefts, rights)
        outcome = comparison.compare(wanted, own, direction)
        pending, seen = list(outcome.meetings), set[Meeting]()
        differences = list(outcome.differences)
        while pending and not differences:
            meeting = pending.pop()
            if meeting not in seen:
                seen.add(meeting)
                inner = comparison.meet(meeting)
                differences.extend(inner.differences)
                pending.extend(inner.meetings)
        return not differences

    @cached_property
    def used(self) -> dict[tuple[str, Direction], Value]:
        """What the routes that exist use for the spec's named schemas."""
        counts: dict[tuple[str, Direction], Counter[int]] = {}
        values: dict[int, Value] = {}
        for sibling in self.project.siblings:
            for schema, value, direction in _uses(self.project, sibling):
                for inner, part in self._inside(schema, value):
                    if inner.ref is not None:
                        counts.setdefault((inner.ref, direction), Counter())[id(part)] += 1
                        values[id(part)] = part
        return {key: values[counter.most_common(1)[0][0]] for key, counter in counts.items()}

    def _inside(self, schema: Schema, value: Value) -> Iterator[tuple[Schema, Value]]:
        """A schema with its class; through `list[…]` on both ends."""
        schema = unwrap(schema)
        items = self.promised.of(schema).items
        if isinstance(value, ClassValue) and (kind_of(value) == "model" or value.inherits(*ENUMS)):
            yield schema, value
        elif isinstance(value, Specialized):
            if isinstance(value.origin, ClassValue):
                yield schema, value
            elif name_of(value.origin) in ("typing.List", "typing.Sequence") and items is not None:
                yield from self._inside(items, value.arguments[0])

    @cached_property
    def uses_email(self) -> bool:
        return any(
            isinstance(value, External) and value.name.endswith(".EmailStr") and value.name.startswith("pydantic")
            for execution in self.project.interpreter.executions.values()
            for value in execution.scope.names.values()
        )

    @cached_property
    def uses_str_enum(self) -> bool:
        return any(name == "enum.StrEnum" for cls in _all_classes(self.project) for name in cls.externals())


def success_of(operation: Operation) -> tuple[str, Schema | None] | None:
    """The status of an operation's success and its JSON schema, None for one without a body."""
    if isinstance(operation.responses, Unknown):
        return None
    best = next((each for each in operation.responses if each.status.startswith("2") and each.status != "2XX"), None)
    if best is None:
        return None
    schema = next((schema for name, schema in best.content if _JSON.fullmatch(name.split(";")[0].strip()) or name == "*/*"), None)
    return best.status, schema


def body_of(operation: Operation) -> Schema | None:
    """The JSON schema of an operation's request body."""
    if operation.body is None or isinstance(operation.body, Unknown):
        return None
    return next((schema for name, schema in operation.body.content if _JSON.fullmatch(name.split(";")[0].strip()) or name == "*/*"), None)


def response_type(project: Project, sibling: Sibling) -> Value | None:
    """The type a route answers with, from `response_model=` or the return annotation."""
    stated = sibling.argument("response_model")
    if stated is not None:
        return project.interpreter.evaluate(stated, sibling.function.scope)
    return project.interpreter.annotation(sibling.function.returns) if sibling.function.returns is not None else None


def _uses(project: Project, sibling: Sibling) -> Iterator[tuple[Schema, Value, Direction]]:
    if sibling.promise is None:
        return
    success, body = success_of(sibling.promise), body_of(sibling.promise)
    answered = response_type(project, sibling)
    if success is not None and success[1] is not None and answered is not None:
        yield success[1], answered, Direction.RESPONSE
    if body is not None:
        for part in sibling.parts:
            if len(part.brings.bodies) == 1 and part.brings.bodies[0].sort == "body" and part.dependency is None:
                yield body, part.kind, Direction.REQUEST


def _all_classes(project: Project) -> Iterator[ClassValue]:
    for path, execution in sorted(project.interpreter.executions.items()):
        if not is_test(path):
            yield from (cls for cls in execution.classes if "." not in cls.qualname)


def _models(project: Project) -> Iterator[ClassValue]:
    for cls in _all_classes(project):
        if kind_of(cls) == "model" and not any(argument.name == "table" and argument.value is True for argument in cls.keywords):
            yield cls


def _classes(project: Project) -> Iterator[ClassValue]:
    yield from (cls for cls in _models(project) if not parameters_of(cls))
    yield from (cls for cls in _all_classes(project) if cls.inherits(*ENUMS))


def _likeness(one: str, other: str) -> int:
    """How many words two names share."""
    return len(set(snake_case(one).split("_")) & set(snake_case(other).split("_")))


# New classes


@dataclass(slots=True)
class NewModels:
    """Classes to be written for one operation, in an order in which each comes before its users."""

    catalogue: Catalogue
    names: Names  # of the file the classes go to
    direction: Direction
    operation: Operation
    written: dict[str, str] = field(default_factory=dict)  # class name -> source
    _known: dict[str, str] = field(default_factory=dict)  # schema key -> class name

    @property
    def writer(self) -> TypeWriter:
        return TypeWriter(self.catalogue.promised, self, old=self.catalogue.project.version == 1)

    def external(self, module: str, name: str) -> str:
        return self.names.external(module, name)

    def email(self) -> str | None:
        return self.names.external("pydantic", "EmailStr") if self.catalogue.uses_email else None

    def existing(self, schema: Schema) -> str | None:
        found = self.catalogue.find(schema, self.direction)
        return self.names.value(found) if found is not None else None

    def member(self, schema: Schema, value: Constant) -> str | None:
        return member_source(self.named(schema) if schema.ref is not None else self.existing(schema), self.catalogue.find(schema, self.direction), value)

    def forward(self, annotation: str) -> str:
        later = set(self._known.values()) - set(self.written)
        return f'"{annotation}"' if later & set(re.findall(r"\w+", annotation)) else annotation

    def named(self, schema: Schema) -> str | None:
        found = self.catalogue.find(schema, self.direction)
        return self.names.value(found) if found is not None else self.new(schema)

    def new(self, schema: Schema) -> str | None:
        """The name of the class that is written for a schema, once."""
        key = schema.ref or str(schema.location)
        if key not in self._known:
            name = self._free(self._name(schema))
            self._known[key] = name
            source = self._source(name, schema)
            if source is None:
                return None
            self.written[name] = source
        return self._known[key]

    def _name(self, schema: Schema) -> str:
        if schema.ref is not None:
            return pascal_case(schema_name(schema.ref))
        if schema.title:
            return pascal_case(schema.title)
        base = self.operation.operation_id if isinstance(self.operation.operation_id, str) else f"{self.operation.method} {self.operation.path}"
        return pascal_case(base) + ("Request" if self.direction is Direction.REQUEST else "Response")

    def _free(self, name: str) -> str:
        taken = self.names.bound | set(self.written) | {cls.name for cls in _all_classes(self.catalogue.project)}
        suffix = "Request" if self.direction is Direction.REQUEST else "Response"
        if name.endswith(suffix):
            suffix = "Body"
        candidates = [name, f"{name}{suffix}", *(f"{name}{suffix}{count}" for count in range(2, 100))]
        return next(candidate for candidate in candidates if candidate not in taken)

    def _source(self, name: str, schema: Schema) -> str | None:
        shape = self.catalogue.promised.of(schema)
        if shape.enum is not None:
            return self._enumeration(name, shape.enum)
        lines = []
        writer = self.writer
        for entry in shape.properties.values():
            hidden = self.catalogue.promised.of(entry.schema)
            if hidden.read_only if self.direction is Direction.REQUEST else hidden.write_only:
                continue
            line = writer.field(entry.name, entry.schema, entry.required is True)
            if line is None:
                return None
            lines.append(line)
        description = self.catalogue.project.contract.promised.resolve(schema).description
        head = [f'"""{description.strip()}"""', ""] if description and "\n" not in description and '"' not in description else []
        if any("alias=" in line for line in lines) and not self.writer.old:
            head.extend([f"model_config = {self.external('pydantic', 'ConfigDict')}(populate_by_name=True)", ""])
        body = [*head, *lines] if lines or head else ["pass"]
        return f"class {name}({self._base()}):\n" + "\n".join(f"    {line}" if line else "" for line in body)

    def _enumeration(self, name: str, values: tuple[object, ...]) -> str | None:
        if not all(isinstance(value, str) for value in values):
            return None
        base = self.external("enum", "StrEnum") if self.catalogue.uses_str_enum else f"str, {self.external('enum', 'Enum')}"
        lines = [f"    {member_name(str(value))} = {literal(str(value))}" for value in values]
        return f"class {name}({base}):\n" + "\n".join(lines)

    def _base(self) -> str:
        """What the models of the file inherit from: the library's base, or the project's own where it has one."""
        bases: Counter[int] = Counter()
        values: dict[int, Value] = {}
        here = [cls for cls in _models(self.catalogue.project) if cls.path == self.names.document.path]
        for cls in here or list(_models(self.catalogue.project)):
            for base in cls.bases:
                if (isinstance(base, External) and name_of(base) in MODELS) or (isinstance(base, ClassValue) and not base.annotations):
                    key = hash(base.name) if isinstance(base, External) else id(base)
                    bases[key] += 1
                    values[key] = base
        if bases:
            spelled = self.names.value(values[bases.most_common(1)[0][0]])
            if spelled is not None:
                return spelled
        return self.external("pydantic", "BaseModel")


@dataclass(slots=True)
class RouteSpeller:
    """Types as the file of the route names them; classes that exist nowhere are written through `models`."""

    names: Names
    models: NewModels

    def external(self, module: str, name: str) -> str:
        return self.names.external(module, name)

    def email(self) -> str | None:
        return self.names.external("pydantic", "EmailStr") if self.models.catalogue.uses_email else None

    def existing(self, schema: Schema) -> str | None:
        found = self.models.catalogue.find(schema, self.models.direction)
        return self.names.value(found) if found is not None else None

    def member(self, schema: Schema, value: Constant) -> str | None:
        found = self.models.catalogue.find(schema, self.models.direction)
        return member_source(self.named(schema) if schema.ref is not None else self.existing(schema), found, value)

    def forward(self, annotation: str) -> str:
        return annotation

    def named(self, schema: Schema) -> str | None:
        found = self.models.catalogue.find(schema, self.models.direction)
        if found is not None:
            return self.names.value(found)
        name = self.models.new(schema)
        if name is None or self.names.document.path == self.models.names.document.path:
            return name
        return self.names.workspace(self.names.module_of(self.models.names.document.path), name)

    @property
    def writer(self) -> TypeWriter:
        return TypeWriter(self.models.catalogue.promised, self, old=self.models.catalogue.project.version == 1)


def member_name(value: str) -> str:
    return identifier(snake_case(value) or "empty").upper()


def member_source(cls: str | None, known: Value | None, value: Constant) -> str | None:
    """`Order.TITLE`: the member of an existing class (`known`) or of one that is written for the schema."""
    if cls is None or not isinstance(value, str):
        return None
    if isinstance(known, ClassValue):
        member = next((each for each in members(known) if each.value == value), None)
        return f"{cls}.{member.name}" if member is not None else None
    return f"{cls}.{member_name(value)}" if known is None else None


def home_of_models(project: Project, siblings: Iterable[Sibling]) -> str | None:
    """The module from which the siblings take most of their models; None where they have none of their own."""
    counts: Counter[str] = Counter()
    for sibling in siblings:
        for value in (response_type(project, sibling), *(part.kind for part in sibling.parts if part.brings.bodies)):
            stack = [value]
            while stack:
                current = stack.pop()
                if isinstance(current, ClassValue) and kind_of(current) == "model":
                    counts[current.path] += 1
                elif isinstance(current, Specialized):
                    stack.extend(current.arguments)
    return counts.most_common(1)[0][0] if counts else None
