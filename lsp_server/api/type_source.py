"""Schemas as Python source: annotations, constraints, defaults, fields of a Pydantic model.

Pure text. What a named or nested object is called, and how a name of another package is spelled in the file, is asked of a
`Speller`. Gives None where a schema has no honest Python type.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lsp_server.api.compare_shapes import Shape, Shapes, unwrap
from lsp_server.api.model import Constant, Missing, Schema
from lsp_server.unknown import Unknown

_FORMATS = {
    **dict.fromkeys(("uuid", "uuid1", "uuid3", "uuid4", "uuid5"), ("uuid", "UUID")),
    "date-time": ("datetime", "datetime"), "date": ("datetime", "date"), "time": ("datetime", "time"),
    "duration": ("datetime", "timedelta"), "decimal": ("decimal", "Decimal"), "ipv4": ("ipaddress", "IPv4Address"),
    "ipv6": ("ipaddress", "IPv6Address"), "binary": ("builtins", "bytes"), "byte": ("builtins", "str"),
}  # fmt: skip
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_LONGEST_LITERAL = 12  # values of an inline enumeration; more deserve a name


class Speller(Protocol):
    """What the text of a type needs to know of the file it goes to."""

    def external(self, module: str, name: str) -> str:
        """A name of another package as the file spells it."""

    def named(self, schema: Schema) -> str | None:
        """The class for an object or a named enumeration, existing or to be written; None where it can be none."""

    def existing(self, schema: Schema) -> str | None:
        """The class for an enumeration without a name, where there is one with just its values."""

    def member(self, schema: Schema, value: Constant) -> str | None:
        """A value of an enumeration as its class's member; None where the enumeration has no class."""

    def email(self) -> str | None:
        """The type for e-mail addresses, where the project uses one."""

    def forward(self, annotation: str) -> str:
        """An annotation, in quotes where it names a class that comes later in the file."""


@dataclass(frozen=True, slots=True)
class TypeWriter:
    """Writes the types of one Api's schemas. `old`: for Pydantic 1."""

    shapes: Shapes
    speller: Speller
    old: bool = False

    def annotation(self, schema: Schema, *, nullable: bool | None = None) -> str | None:
        """The type of a schema's values; `| None` where they may be null, or as `nullable` says."""
        shape = self.shapes.of(schema)
        if not shape.known:
            return None
        text = self._plain(schema, shape)
        if text is None:
            return None
        null = shape.nullable if nullable is None else nullable
        return optional(text) if null and not text.endswith(("Any", "| None")) else text

    def _plain(self, schema: Schema, shape: Shape) -> str | None:
        inner = unwrap(schema)
        if shape.variants:
            return self._union(shape)
        if shape.enum is not None:
            return self.speller.named(inner) if inner.ref is not None else self.speller.existing(inner) or self._literal(shape)
        if shape.types == {"object"}:
            if shape.properties:
                return self.speller.named(inner)
            values = self._entry(shape.additional) if isinstance(shape.additional, Schema) else self.speller.external("typing", "Any")
            return None if values is None else f"dict[str, {values}]"
        if shape.types == {"array"}:
            if shape.items is None:
                return f"list[{self.speller.external('typing', 'Any')}]"
            items = self._entry(shape.items)
            return None if items is None else f"list[{items}]"
        if not shape.types:
            return self.speller.external("typing", "Any")
        if shape.types <= _PLAIN.keys():
            return " | ".join(dict.fromkeys(self._scalar(name, shape.format) for name in sorted(shape.types)))
        return None

    def _entry(self, schema: Schema) -> str | None:
        """The type of the entries of a list or map, with their bounds."""
        kind = self.annotation(schema)
        bounds = [] if self.old or kind is None else self.constraints(schema)
        if not bounds:
            return kind
        return f"{self.speller.external('typing', 'Annotated')}[{kind}, {self.speller.external('pydantic', 'Field')}({', '.join(bounds)})]"

    def _scalar(self, name: str, form: str | None) -> str:
        if name == "string" and form is not None:
            if form == "email" and (email := self.speller.email()) is not None:
                return email
            if form in _FORMATS:
                module, wanted = _FORMATS[form]
                return wanted if module == "builtins" else self.speller.external(module, wanted)
        return _PLAIN[name]

    def _union(self, shape: Shape) -> str | None:
        parts = [self.annotation(variant) for variant in shape.variants]
        return None if any(part is None for part in parts) else " | ".join(dict.fromkeys(part for part in parts if part))

    def _literal(self, shape: Shape) -> str | None:
        values = shape.enum or ()
        if len(values) > _LONGEST_LITERAL or not all(isinstance(value, str | int | bool) for value in values):
            return None
        return f"{self.speller.external('typing', 'Literal')}[{', '.join(literal(value) for value in values)}]"

    def constraints(self, schema: Schema) -> list[str]:
        """The arguments of `Field(…)` and its like that hold values to the schema's bounds."""
        shape = self.shapes.of(schema)
        if not shape.known or shape.enum is not None:
            return []
        found = []
        names: Mapping[str, str] = {
            "minimum": "ge", "exclusive_minimum": "gt", "maximum": "le", "exclusive_maximum": "lt", "multiple_of": "multiple_of",
            "min_length": "min_length", "max_length": "max_length",
            "min_items": "min_items" if self.old else "min_length", "max_items": "max_items" if self.old else "max_length",
        }  # fmt: skip
        for bound, name in names.items():
            value = shape.bound(bound)
            if value is not None:
                found.append(f"{name}={number(value)}")
        pattern = self._pattern(schema)
        if pattern is not None:
            found.append(f"{'regex' if self.old else 'pattern'}={raw(pattern)}")
        return found

    def _pattern(self, schema: Schema, depth: int = 0) -> str | None:
        if schema.pattern is not None or depth > 8:
            return schema.pattern
        if schema.ref is not None and schema.ref in self.shapes.api.schemas:
            return self._pattern(self.shapes.api.schemas[schema.ref], depth + 1)
        inner = (*schema.all_of, *(schema.any_of if len(schema.any_of) == 1 else ()))
        return next((found for part in inner if (found := self._pattern(part, depth + 1))), None)

    def default(self, schema: Schema) -> str | None:
        """The stated default as source; None where none is stated."""
        shape = self.shapes.of(schema)
        if isinstance(shape.default, Missing | Unknown):
            return None
        if shape.enum is not None and shape.default is not None:
            return self.speller.member(unwrap(schema), shape.default) or literal(shape.default)
        return literal(shape.default)

    def field(self, name: str, schema: Schema, required: bool) -> str | None:
        """One line of a model: `price: int = Field(ge=0)`. A property that may be left out gets a default of None."""
        attribute = identifier(name)
        default = self.default(schema)
        shape = self.shapes.of(schema)
        absent = not required and default is None
        kind = self.annotation(schema, nullable=shape.nullable or absent or default == "None")
        if kind is None:
            return None
        kind = self.speller.forward(kind)
        arguments = self.constraints(schema)
        if attribute != name:
            arguments.append(f"alias={literal(name)}")
        stated = "None" if absent else default
        if stated in ("[]", "{}"):
            if not arguments:
                return f"{attribute}: {kind} = {stated}"
            arguments.insert(0, f"default_factory={'list' if stated == '[]' else 'dict'}")
        elif arguments and stated is not None:
            arguments.insert(0, f"default={stated}")
        elif stated is not None:
            return f"{attribute}: {kind} = {stated}"
        if not arguments:
            return f"{attribute}: {kind}"
        return f"{attribute}: {kind} = {self.speller.external('pydantic', 'Field')}({', '.join(arguments)})"


def optional(text: str) -> str:
    return text if text == "None" or text.endswith("| None") else f"{text} | None"


def literal(value: Constant) -> str:
    """A constant as source, texts in double quotes."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple):
        if value and all(isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str) for entry in value):
            return "{" + ", ".join(f"{quoted(str(entry[0]))}: {literal(entry[1])}" for entry in value if isinstance(entry, tuple)) + "}"
        return "[" + ", ".join(literal(entry) for entry in value) + "]"
    return number(value) if isinstance(value, float) else repr(value)


def quoted(text: str) -> str:
    if text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(text)


def raw(pattern: str) -> str:
    """A regular expression as source, raw where that is possible."""
    if "\\" not in pattern:
        return quoted(pattern)
    if '"' not in pattern and pattern.isprintable() and not pattern.endswith("\\"):
        return f'r"{pattern}"'
    return quoted(pattern)


def number(value: float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else repr(value)


def identifier(name: str) -> str:
    """A Python name for a property or parameter: itself where it can be one."""
    if name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_"):
        return name
    cleaned = re.sub(r"\W+", "_", name).strip("_").lower() or "value"
    return f"{cleaned}_" if keyword.iskeyword(cleaned) else cleaned if cleaned[0].isalpha() else f"value_{cleaned}"
