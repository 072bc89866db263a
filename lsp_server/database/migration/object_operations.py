"""The operations of a migration on views and sequences: each knows its reverse and what it does to a `Database`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_server.database.model import Database, Sequence, View


@dataclass(frozen=True, slots=True)
class CreateView:
    """`remade`: it was dropped for the time being, because what it reads changes."""

    view: View
    remade: bool = False

    @property
    def reverse(self) -> DropView:
        return DropView(self.view, self.remade)

    def applied(self, database: Database) -> Database:
        others = tuple(view for view in database.views if view.key != self.view.key)
        return replace(database, views=(*others, self.view))


@dataclass(frozen=True, slots=True)
class DropView:
    view: View
    remade: bool = False

    @property
    def reverse(self) -> CreateView:
        return CreateView(self.view, self.remade)

    def applied(self, database: Database) -> Database:
        return replace(database, views=tuple(view for view in database.views if view.key != self.view.key))


@dataclass(frozen=True, slots=True)
class ReplaceView:
    """Another query that shows the same columns: the view stays, and with it what reads it and who may."""

    before: View
    after: View

    @property
    def reverse(self) -> ReplaceView:
        return ReplaceView(self.after, self.before)

    def applied(self, database: Database) -> Database:
        return replace(database, views=tuple(self.after if view.key == self.before.key else view for view in database.views))


@dataclass(frozen=True, slots=True)
class CreateSequence:
    sequence: Sequence

    @property
    def reverse(self) -> DropSequence:
        return DropSequence(self.sequence)

    def applied(self, database: Database) -> Database:
        others = tuple(sequence for sequence in database.sequences if sequence.key != self.sequence.key)
        return replace(database, sequences=(*others, self.sequence))


@dataclass(frozen=True, slots=True)
class DropSequence:
    sequence: Sequence

    @property
    def reverse(self) -> CreateSequence:
        return CreateSequence(self.sequence)

    def applied(self, database: Database) -> Database:
        return replace(database, sequences=tuple(each for each in database.sequences if each.key != self.sequence.key))


@dataclass(frozen=True, slots=True)
class ChangeSequence:
    """Another way of counting, or another column that it goes with."""

    before: Sequence
    after: Sequence

    @property
    def reverse(self) -> ChangeSequence:
        return ChangeSequence(self.after, self.before)

    def applied(self, database: Database) -> Database:
        changed = (self.after if each.key == self.before.key else each for each in database.sequences)
        return replace(database, sequences=tuple(changed))


ObjectOperation = CreateView | DropView | ReplaceView | CreateSequence | DropSequence | ChangeSequence
