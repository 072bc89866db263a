"""Findings and what can be done about them: rules, severities, fixes, reports. No presentation, no protocol.

A rule is one value, made in its own file under `rules/`. A finding's identity is its rule, path and subject, so that it
survives moved lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server.suppressions import Suppression
from lsp_server.text import Change, Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.database.migration.questions import Question
    from lsp_server.snapshot import Snapshot


class Severity(IntEnum):
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Applicability(StrEnum):
    """As ruff uses the words. Unsafe: may lose or rewrite something a person must look at."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display-only"


class Direction(StrEnum):
    """Which end of a drift a fix moves."""

    CODE = "code"  # make the code follow the spec
    SPEC = "spec"  # make the spec follow the code
    MIGRATION = "migration"  # write or complete a revision
    NONE = "none"


class NotPossible(Exception):
    """A repair cannot be made here; the message says for people why."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair on offer. `build` is called only when someone wants it; it gives None where the repair is not possible,
    or raises NotPossible where it can say why.

    `kind` names what the repair is ("implement-endpoint", "generate-migration", "add-rollback", "follow-spec", …): shells
    and tests choose by kind and title, never by message. A repair with `ask` waits for answers (`Snapshot.answers`).
    """

    title: str
    kind: str
    build: Callable[[Snapshot], Change | None]
    applicability: Applicability = Applicability.SAFE
    direction: Direction = Direction.NONE
    preferred: bool = False
    ask: Callable[[Snapshot], tuple[Question, ...]] | None = None  # what `build` would have to know and the snapshot does not say


@dataclass(frozen=True, slots=True)
class Related:
    """The other end of a finding."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between two views, or a fault within one, anchored where the user must act."""

    rule: str
    location: Location
    message: str
    subject: tuple[str, ...]
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR
    fixes: tuple[Fix, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Stable over moved lines: rule, path and subject. 16 hex digits."""
        identity = "\x1f".join((self.rule, self.location.path, *self.subject))
        return blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the other rules found, for the rules that look at the check itself.

    `used` are the suppressions that a finding needed, with the rule's name; `stale` the baseline's fingerprints that no
    finding has any more; `silent` the names of the rules that were switched off or crashed: what they would have said is
    not known.
    """

    findings: tuple[Finding, ...]
    used: frozenset[tuple[Suppression, str]]
    stale: frozenset[str]
    today: date | None
    silent: frozenset[str]


Check = Callable[["Snapshot"], Iterable[Finding]]
Review = Callable[["Snapshot", Outcome], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is the diagnostic's code, the file's name, the page in the docs and the word in a suppression.

    `area` is "api", "database", "chain", "migration", "stories", "spec" or "house". `mirror` names the rule for the other
    direction, or says in a sentence why there is none. `risk`: the rule tells what running something may cost, not that
    anything is wrong; a repair may bring such a finding, which is then shown with it.
    """

    name: str
    area: str
    severity: Severity
    summary: str
    mirror: str
    check: Check | None = None
    review: Review | None = None  # runs after the others and sees their outcome
    documentation: str = ""
    risk: bool = False


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that crashed: named, so that a crash never looks like agreement."""

    rule: str
    error: str
    trace: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    finding: Finding
    reason: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one check, in order of path and position."""

    findings: tuple[Finding, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    failed_rules: tuple[FailedRule, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    baselined: tuple[Finding, ...] = ()
    files: int = 0
    seconds: float = field(default=0.0, compare=False)

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)
