"""One schema of a spec as it has to be to say what the code's says, in the aspects that differ and in no other.

Pure on `Schema`: what people wrote beside (prose, examples, what nobody compared) stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from lsp_server.api.compare_shapes import Shapes, unwrap
from lsp_server.api.model import Api, Schema, walk
from lsp_server.repair.spec_names import SpecNames

_ENDS = {"minimum": "exclusive_minimum", "maximum": "exclusive_maximum"}
_PLAIN = ("format", "enum", "default", "nullable", "multiple_of", "min_length", "max_length", "min_items", "max_items")
_BOUNDS = ("multiple_of", "min_length", "max_length", "min_items", "max_items")


def followed(old: Schema, new: Schema, aspects: Collection[str], promised: Api, names: SpecNames) -> Schema | None:
    """`new` is the code's schema under the spec's names. None where it is not known well enough."""
    if not aspects:
        return old
    if any(part.unknown is not None for part in walk(new)):
        return None
    is_plain = old.ref is None and not (old.all_of or old.any_of or old.one_of)
    code = Shapes(Api("", schemas={**names.schemas, **promised.schemas})).of(new)
    if not code.known:
        return None
    if set(aspects) == {"nullable"} and not is_plain:
        return _with_null(old, code.nullable)
    if "type" in aspects or not is_plain:
        return new if new.ref is not None else replace(new, title=old.title, description=old.description, location=old.location)
    values: dict[str, Any] = {}
    for aspect in aspects:
        end = aspect.removeprefix("exclusive_")
        if end in _ENDS:
            values[end], values[_ENDS[end]] = code.bound(end), code.bound(_ENDS[end])
        elif aspect in _BOUNDS:
            values[aspect] = code.bound(aspect)
        elif aspect in _PLAIN:
            values[aspect] = getattr(code, aspect)
        else:
            return None
    if values.get("nullable") is False and old.enum is not None and None in old.enum:
        values.setdefault("enum", tuple(each for each in old.enum if each is not None))
    return replace(old, **values)


def _with_null(old: Schema, nullable: bool) -> Schema | None:
    """A reference or a choice with null beside it, or without."""
    if not nullable:
        inner = unwrap(old)
        return inner if inner.ref is not None else replace(old, nullable=False)
    if old.ref is not None:
        return Schema(any_of=(old,), nullable=True, location=old.location)
    return replace(old, nullable=True) if old.any_of or old.one_of else None
