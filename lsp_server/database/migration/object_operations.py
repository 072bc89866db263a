"""The operations of a migration on views and sequences, as values; see `operations.py` for those on tables."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.database.model import Sequence, View


@dataclass(frozen=True, slots=True)
class CreateView:
    """`remade`: it was dropped for the time being, because what it reads changes."""

    view: View
    remade: bool = False


@dataclass(frozen=True, slots=True)
class DropView:
    view: View
    remade: bool = False


@dataclass(frozen=True, slots=True)
class ReplaceView:
    """Another query that shows the same columns: the view stays, and with it what reads it and who may."""

    before: View
    after: View


@dataclass(frozen=True, slots=True)
class CreateSequence:
    sequence: Sequence


@dataclass(frozen=True, slots=True)
class DropSequence:
    sequence: Sequence


@dataclass(frozen=True, slots=True)
class ChangeSequence:
    """Another way of counting, or another column that it goes with."""

    before: Sequence
    after: Sequence


ObjectOperation = CreateView | DropView | ReplaceView | CreateSequence | DropSequence | ChangeSequence
