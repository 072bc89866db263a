"""What types of Python, its standard library and Pydantic are as JSON-Schema shapes.

Tables and small pure functions; classes of the workspace (models, enumerations, data classes) are `pydantic.py`'s.
Shapes that differ between Pydantic 1 and 2, or between what is read and what is written, say so here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from lsp_server.api.model import MISSING, Constant, Missing, Schema
from lsp_server.api.names import status_code
from lsp_server.python.values import Argument, EnumMember, External, Instance, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

ANYTHING = Schema()
NULL = Schema(enum=(None,), nullable=True)
STRING = Schema(types=("string",))
INTEGER = Schema(types=("integer",))
NUMBER = Schema(types=("number",))
BOOLEAN = Schema(types=("boolean",))
OBJECT = Schema(types=("object",))
BINARY = Schema(types=("string",), format="binary")


def _text(form: str | None, **bounds: int) -> Schema:
    return Schema(types=("string",), format=form, **bounds)  # type: ignore[arg-type]


SCALARS: dict[str, Schema] = {
    "typing.Any": ANYTHING, "builtins.object": ANYTHING, "pydantic.JsonValue": ANYTHING,
    "builtins.str": STRING, "typing.AnyStr": STRING, "typing.Text": STRING, "typing.LiteralString": STRING,
    "builtins.int": INTEGER, "builtins.float": NUMBER, "builtins.bool": BOOLEAN, "builtins.bytes": BINARY,
    "datetime.datetime": _text("date-time"), "datetime.date": _text("date"), "datetime.time": _text("time"),
    "datetime.timedelta": _text("duration"), "uuid.UUID": _text("uuid"),
    "pathlib.Path": _text("path"), "pathlib.PurePath": _text("path"), "pathlib.PosixPath": _text("path"),
    "os.PathLike": _text("path"), "re.Pattern": _text("regex"), "typing.Pattern": _text("regex"),
    "ipaddress.IPv4Address": _text("ipv4"), "ipaddress.IPv6Address": _text("ipv6"),
    "ipaddress.IPv4Network": _text("ipv4network"), "ipaddress.IPv6Network": _text("ipv6network"),
    "ipaddress.IPv4Interface": _text("ipv4interface"), "ipaddress.IPv6Interface": _text("ipv6interface"),
    "pydantic.EmailStr": _text("email"), "pydantic.NameEmail": _text("name-email"),
    "pydantic.SecretStr": replace(_text("password"), write_only=True),
    "pydantic.SecretBytes": replace(_text("password"), write_only=True),
    "pydantic.UUID1": _text("uuid1"), "pydantic.UUID3": _text("uuid3"), "pydantic.UUID4": _text("uuid4"),
    "pydantic.UUID5": _text("uuid5"), "pydantic.UUID6": _text("uuid6"), "pydantic.UUID7": _text("uuid7"),
    "pydantic.UUID8": _text("uuid8"),
    "pydantic.AnyUrl": _text("uri", min_length=1), "pydantic.AnyHttpUrl": _text("uri", min_length=1),
    "pydantic.HttpUrl": _text("uri", min_length=1, max_length=2083), "pydantic.FileUrl": _text("uri", min_length=1),
    "pydantic.FtpUrl": _text("uri", min_length=1), "pydantic.WebsocketUrl": _text("uri", min_length=1),
    "pydantic.AnyWebsocketUrl": _text("uri", min_length=1),
    "pydantic.PostgresDsn": _text("uri", min_length=1), "pydantic.RedisDsn": _text("uri", min_length=1),
    "pydantic.AmqpDsn": _text("uri", min_length=1), "pydantic.MongoDsn": _text("uri", min_length=1),
    "pydantic.MySQLDsn": _text("uri", min_length=1), "pydantic.KafkaDsn": _text("uri", min_length=1),
    "pydantic.FilePath": _text("file-path"), "pydantic.DirectoryPath": _text("directory-path"), "pydantic.NewPath": _text("path"),
    "pydantic.IPvAnyAddress": _text("ipvanyaddress"), "pydantic.IPvAnyInterface": _text("ipvanyinterface"),
    "pydantic.IPvAnyNetwork": _text("ipvanynetwork"),
    "pydantic.PastDate": _text("date"), "pydantic.FutureDate": _text("date"), "pydantic.PastDatetime": _text("date-time"),
    "pydantic.FutureDatetime": _text("date-time"), "pydantic.AwareDatetime": _text("date-time"),
    "pydantic.NaiveDatetime": _text("date-time"), "pydantic.Base64Bytes": _text("base64"), "pydantic.Base64Str": _text("base64"),
    "pydantic.Base64UrlBytes": _text("base64url"), "pydantic.Base64UrlStr": _text("base64url"),
    "pydantic.StrictStr": STRING, "pydantic.StrictInt": INTEGER, "pydantic.StrictFloat": NUMBER,
    "pydantic.StrictBool": BOOLEAN, "pydantic.StrictBytes": BINARY, "pydantic.FiniteFloat": NUMBER,
    "pydantic.PositiveInt": replace(INTEGER, exclusive_minimum=0), "pydantic.NegativeInt": replace(INTEGER, exclusive_maximum=0),
    "pydantic.NonNegativeInt": replace(INTEGER, minimum=0), "pydantic.NonPositiveInt": replace(INTEGER, maximum=0),
    "pydantic.PositiveFloat": replace(NUMBER, exclusive_minimum=0), "pydantic.NegativeFloat": replace(NUMBER, exclusive_maximum=0),
    "pydantic.NonNegativeFloat": replace(NUMBER, minimum=0), "pydantic.NonPositiveFloat": replace(NUMBER, maximum=0),
    "fastapi.UploadFile": BINARY,
    "typing.Dict": OBJECT, "typing.Mapping": OBJECT, "typing.MutableMapping": OBJECT, "typing.DefaultDict": OBJECT,
    "typing.OrderedDict": OBJECT,
}  # fmt: skip

ARRAYS = frozenset({"typing.List", "typing.Sequence", "typing.MutableSequence", "typing.Deque", "typing.Iterable", "typing.Collection"})
SETS = frozenset({"typing.Set", "typing.FrozenSet", "typing.AbstractSet", "typing.MutableSet"})
MAPPINGS = frozenset({"typing.Dict", "typing.Mapping", "typing.MutableMapping", "typing.DefaultDict", "typing.OrderedDict"})

CONSTRAINED = {
    "pydantic.conint": INTEGER, "pydantic.confloat": NUMBER, "pydantic.constr": STRING, "pydantic.conbytes": BINARY,
    "pydantic.condate": _text("date"),
}  # fmt: skip

_BOUNDS = {"gt": "exclusive_minimum", "ge": "minimum", "lt": "exclusive_maximum", "le": "maximum", "multiple_of": "multiple_of"}
_LENGTHS = {"min_length": "min_length", "max_length": "max_length"}
_ITEMS = {"min_length": "min_items", "max_length": "max_items", "min_items": "min_items", "max_items": "max_items"}
_ANNOTATED_TYPES = {"Gt": "gt", "Ge": "ge", "Lt": "lt", "Le": "le", "MinLen": "min_length", "MaxLen": "max_length", "MultipleOf": "multiple_of"}


def decimal(version: int | None, output: bool) -> Schema:
    """Pydantic 2 reads numbers and texts and writes texts; Pydantic 1 knows numbers only."""
    if version == 1:
        return NUMBER
    return STRING if output else Schema(any_of=(NUMBER, STRING))


def constrained(schema: Schema, constraint: Callable[[str], Value]) -> Schema:
    """A schema with the bounds that `constraint(name)` gives; names are those of Pydantic's `Field`."""
    if schema.any_of and not schema.types:
        parts = tuple(constrained(part, constraint) if _is_bounded(part) else part for part in schema.any_of)
        return replace(schema, any_of=parts)
    changes: dict[str, object] = {}
    if "integer" in schema.types or "number" in schema.types:
        _collect(changes, _BOUNDS, constraint, int | float)
    if "string" in schema.types:
        _collect(changes, _LENGTHS, constraint, int)
        pattern = constraint("pattern")
        pattern = constraint("regex") if pattern is None else pattern
        if isinstance(pattern, Instance) and pattern.arguments:
            pattern = pattern.arguments[0].value  # re.compile("…")
        if isinstance(pattern, str):
            changes["pattern"] = pattern
        elif pattern is not None:
            return unreadable(pattern, "a pattern computed at run time")
    if "array" in schema.types:
        _collect(changes, _ITEMS, constraint, int)
    unknown = next((value for value in changes.values() if isinstance(value, Unknown)), None)
    if unknown is not None:
        return Schema(unknown=unknown)
    return replace(schema, **changes) if changes else schema  # type: ignore[arg-type]


def _is_bounded(schema: Schema) -> bool:
    return bool({"integer", "number"} & set(schema.types))


def _collect(changes: dict[str, object], names: dict[str, str], constraint: Callable[[str], Value], kind: object) -> None:
    for name, field in names.items():
        value = constraint(name)
        if value is None:
            continue
        if isinstance(value, kind) and not isinstance(value, bool):  # type: ignore[arg-type]
            changes[field] = value
        else:
            changes[field] = value if isinstance(value, Unknown) else _number_of(value)


def _number_of(value: Value) -> object:
    """A bound written as `Decimal("0.1")`, else unknown."""
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "decimal.Decimal":
        given = value.arguments[0].value if value.arguments else 0
        try:
            return float(given)
        except (TypeError, ValueError):
            pass
    return Unknown("a bound computed at run time")


def annotated_constraints(value: Value) -> dict[str, Value] | None:
    """`annotated_types.Gt(0)` as {"gt": 0}; None for what is no constraint."""
    if not (isinstance(value, Instance) and isinstance(value.origin, External)):
        return None
    module, _, name = value.origin.name.rpartition(".")
    if value.origin.name in ("pydantic.UrlConstraints", "msgspec.Meta") or (module == "annotated_types" and name == "Interval"):
        return {argument.name: argument.value for argument in value.arguments if argument.name is not None}
    if module != "annotated_types":
        return None
    if name == "Len":
        bounds = {"min_length": value.argument("min_length", 0), "max_length": value.argument("max_length", 1)}
        return {bound: given.value for bound, given in bounds.items() if given is not None}
    known = _ANNOTATED_TYPES.get(name)
    return {known: value.arguments[0].value} if known is not None and value.arguments else None


def for_version(schema: Schema, version: int | None) -> Schema:
    """A scalar as an older Pydantic shows it: its URLs are never longer than 65,536 characters."""
    if version == 1 and schema.format == "uri" and schema.max_length is None:
        return replace(schema, max_length=65536)
    return schema


def argument_of(arguments: tuple[Argument, ...], name: str) -> Value:
    """A keyword argument's value, None where it is not given."""
    return next((argument.value for argument in arguments if argument.name == name), None)


def unreadable(value: Value, what: str, location: Location | None = None) -> Schema:
    """A schema about which nothing may be believed."""
    if isinstance(value, Unknown):
        return Schema(unknown=value if value.location or not location else Unknown(value.what, location), location=location)
    return Schema(unknown=Unknown(what, location), location=location)


def nullable(schema: Schema) -> Schema:
    """The schema that also allows null."""
    if schema.unknown is not None or schema.nullable or schema.is_anything:
        return schema
    if schema.ref is not None:
        return Schema(any_of=(schema,), nullable=True)
    return replace(schema, nullable=True)


def constant(value: Value) -> Constant | Missing | Unknown:
    """A default as JSON would write it; Unknown where it is not a constant."""
    if isinstance(value, EnumMember):
        if value.cls.find("__new__"):
            return Unknown("the value of an enumeration's member")
        value = value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        items: list[Constant] = []
        for item in value:
            known = constant(item)
            if isinstance(known, Unknown | Missing):
                return known
            items.append(known)
        return tuple(items)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        pairs: list[tuple[str, Constant]] = []
        for key, item in value.items():
            known = constant(item)
            if isinstance(known, Unknown | Missing):
                return known
            pairs.append((key, known))
        return tuple(pairs)
    if isinstance(value, Unknown):
        return value
    code = status_code(value)
    return code if code is not None else Unknown("a default computed at run time")


def enumeration(values: list[Value]) -> Schema:
    """The schema of a choice between constants."""
    constants = [constant(value) for value in values]
    unknown = next((item for item in constants if isinstance(item, Unknown)), None)
    if unknown is not None:
        return Schema(unknown=unknown)
    kinds = {_json_type(item) for item in constants if item is not None}
    types = tuple(kind for kind in kinds if kind is not None) if len(kinds) == 1 else ()
    return Schema(types=types, enum=tuple(constants), nullable=None in constants)  # type: ignore[arg-type]


def _json_type(value: object) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else None


# Alias generators that libraries bring


def to_pascal(name: str) -> str:
    camel = name.title()
    return re.sub("([0-9A-Za-z])_(?=[0-9A-Z])", lambda match: match[1], camel)


def to_camel(name: str) -> str:
    if re.match("^[a-z]+[A-Za-z0-9]*$", name) and not re.search(r"\d[a-z]+", name):
        return name
    camel = to_pascal(name)
    return re.sub("(^_*[A-Z])", lambda match: match[1].lower(), camel)


def to_kebab(name: str) -> str:
    return name.replace("_", "-")


def simple_camel(name: str) -> str:
    """What `humps.camelize` and its like make of a snake-case name."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _struct_pascal(name: str) -> str:
    """What msgspec's `rename="pascal"` makes of a name; underscores at its beginning stay."""
    start = name[: len(name) - len(name.lstrip("_"))]
    return start + "".join(part[:1].upper() + part[1:] for part in name.strip("_").split("_"))


def _struct_camel(name: str) -> str:
    pascal, first = _struct_pascal(name), name.lstrip("_")[:1]
    begin = len(name) - len(name.lstrip("_"))
    return pascal[:begin] + first + pascal[begin + 1 :]


STRUCT_NAMES: dict[str, Callable[[str], str]] = {
    "lower": str.lower, "upper": str.upper, "camel": _struct_camel, "kebab": lambda name: name.strip("_").replace("_", "-"),
    "pascal": _struct_pascal,
}  # fmt: skip

ALIAS_GENERATORS: dict[str, Callable[[str], str]] = {
    "pydantic.alias_generators.to_camel": to_camel, "pydantic.alias_generators.to_pascal": to_pascal,
    "humps.camelize": simple_camel, "humps.main.camelize": simple_camel, "humps.camel.case": simple_camel,
    "humps.kebabize": to_kebab, "humps.main.kebabize": to_kebab, "humps.pascalize": to_pascal, "humps.main.pascalize": to_pascal,
    "fastapi_camelcase.to_camel": simple_camel, "stringcase.camelcase": simple_camel,
}  # fmt: skip

__all__ = [
    "ALIAS_GENERATORS", "ANYTHING", "ARRAYS", "BINARY", "CONSTRAINED", "MAPPINGS", "MISSING", "NULL", "SCALARS", "SETS",
    "annotated_constraints", "argument_of", "constant", "constrained", "decimal", "enumeration", "for_version", "nullable", "unreadable",
]  # fmt: skip
