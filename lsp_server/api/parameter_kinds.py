"""How FastAPI judges a parameter's type: from the query or from the body, a file, a model, or no type of a parameter.

Pure functions of the types that annotations mean; what a parameter then becomes is `dependencies.py`'s.
"""

from __future__ import annotations

import sys

from lsp_server.api.names import is_class_of, made_by, name_of, spelled
from lsp_server.api.pydantic_classes import MODELS, OWN_SCHEMA, kind_of, plain_type
from lsp_server.api.python_types import SCALARS
from lsp_server.python.judge import ENUMS
from lsp_server.python.values import ClassValue, External, Instance, Specialized, Value

# Packages whose types are known here, or are plain values where they are not.
_FAMILIAR = sys.stdlib_module_names | {"builtins", "typing_extensions", "pydantic", "pydantic_core", "fastapi", "starlette", "sqlmodel"}
_SEQUENCES = frozenset({"typing.List", "typing.Sequence", "typing.Set", "typing.FrozenSet", "typing.Tuple", "typing.Deque"})
_MAPPINGS = frozenset({"typing.Dict", "typing.Mapping", "typing.MutableMapping", "typing.DefaultDict", "typing.OrderedDict"})


def unwrapped(annotation: Value) -> tuple[Value, tuple[Value, ...]]:
    """`Annotated[T, *extra]` as T and extra, nested ones flattened; other types have no extra."""
    extra: tuple[Value, ...] = ()
    while isinstance(annotation, Specialized) and name_of(annotation.origin) == "typing.Annotated" and annotation.arguments:
        extra = (*annotation.arguments[1:], *extra)
        annotation = annotation.arguments[0]
    return annotation, extra


def is_scalar(annotation: Value) -> bool:
    """Whether FastAPI takes a parameter of this type from the query rather than from the body."""
    kind = plain_type(annotation)
    if isinstance(kind, ClassValue):
        return not (is_class_of(kind, *MODELS) or kind_of(kind) is not None or is_class_of(kind, "fastapi.UploadFile", *_MAPPINGS, *_SEQUENCES))
    if isinstance(kind, External):
        return spelled(kind.name) not in _SEQUENCES | _MAPPINGS | {"fastapi.UploadFile", *MODELS}
    if isinstance(kind, Specialized):
        name = name_of(kind.origin)
        if name in ("typing.Union", "typing.Optional"):
            return all(is_scalar(argument) for argument in kind.arguments)
        if isinstance(kind.origin, ClassValue):
            return is_scalar(kind.origin)
        return name not in _SEQUENCES and name not in _MAPPINGS
    if isinstance(kind, Instance):
        return made_by(kind) not in ("pydantic.conlist", "pydantic.conset", "pydantic.confrozenset")
    return True


def of_another_package(annotation: Value) -> str | None:
    """The first type in an annotation that only another package can tell the nature of: it may be a model, or a plain value."""
    kind = plain_type(annotation)
    if isinstance(kind, Specialized):
        inside = kind.arguments if name_of(kind.origin) != "typing.Literal" else ()
        return next((found for part in (kind.origin, *inside) if (found := of_another_package(part)) is not None), None)
    if isinstance(kind, External):
        return kind.name if _is_unfamiliar(kind.name) else None
    if isinstance(kind, ClassValue) and not is_class_of(kind, *MODELS) and kind_of(kind) is None:
        if any(kind.find(name) for name in OWN_SCHEMA):
            return None
        return next((name for name in kind.externals() if _is_unfamiliar(name)), kind.name if kind.unknown_bases() else None)
    return None


def _is_unfamiliar(name: str) -> bool:
    return name.partition(".")[0] not in _FAMILIAR and spelled(name) not in SCALARS


def is_foreign(annotation: Value) -> bool:
    """A class that is no type of a parameter: the program that we read is not the one that runs."""
    kind = plain_type(annotation)
    kind = kind.origin if isinstance(kind, Specialized) else kind
    if not isinstance(kind, ClassValue) or kind.inherits(*ENUMS) or kind_of(kind) is not None or kind.unknown_bases():
        return False
    return not kind.externals() and not any(kind.find(name) for name in OWN_SCHEMA)


def is_upload(annotation: Value) -> bool:
    kind = plain_type(annotation)
    if is_class_of(kind, "fastapi.UploadFile"):
        return True
    if isinstance(kind, Specialized) and name_of(kind.origin) in (*_SEQUENCES, "typing.Union", "typing.Optional"):
        return any(is_upload(argument) for argument in kind.arguments)
    return False


def model_of(annotation: Value) -> ClassValue | None:
    kind = plain_type(annotation)
    return kind if isinstance(kind, ClassValue) and is_class_of(kind, *MODELS) else None


def is_whole(annotation: Value) -> bool:
    """Whether a form of this type is the body itself: models are, single values are parts."""
    kind = plain_type(annotation)
    if isinstance(kind, Specialized) and name_of(kind.origin) in ("typing.Union", "typing.Optional"):
        return all(argument is None or is_whole(argument) for argument in kind.arguments)
    return model_of(kind) is not None
