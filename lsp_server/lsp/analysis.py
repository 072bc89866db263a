"""The checking side of one workspace folder: everything that only the analysis thread touches.

Files on disk, open buffers over them, configuration, facts and the last snapshot. The event loop hands in `Inputs` and
gets a `Checked` back; it never looks in here. Knows nothing of the protocol. Loads everything that the product knows, so
it is imported by the analysis thread, after `initialize` is answered.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.cache import Cache, folder
from lsp_server.check import check
from lsp_server.config import Config, ConfigError, matches
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.questions import Question
from lsp_server.database.migration.scratch import FindScratch
from lsp_server.document import Document, Documents, Kind, kind_of
from lsp_server.findings import Finding, Fix, Report
from lsp_server.lsp.inputs import Flag, Inputs, Person
from lsp_server.outline import Entry, Outline, outline, revision_sql
from lsp_server.rules import all_rules, rule_named
from lsp_server.shadow.offer import offer
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.memo import Memo
from lsp_server.snapshot.runtime import Runtime
from lsp_server.text import Location, Span
from lsp_server.tree.mend import Difference, difference
from lsp_server.verify import Verdict, build_and_verify
from lsp_server.workspace import (
    NEVER,
    Earlier,
    Stamp,
    baseline_path,
    database_urls,
    documents_of,
    find_config,
    list_files,
    read_baseline,
    read_document,
    stamp_of,
)

if TYPE_CHECKING:
    from lsp_server.development.application import Application, Outcome
    from lsp_server.development.target import Target

SYNTAX = "spec-syntax"  # the rule about texts that do not parse


@dataclass(frozen=True, slots=True)
class Draft:
    """A buffer whose text does not parse, and how it differs from the text that stands for it in the snapshot."""

    document: Document
    difference: Difference

    def outward(self, offset: int) -> int:
        """An offset of the snapshot's text as one of the buffer's."""
        start, end, removed = self.difference.start, self.difference.end, self.difference.removed
        return offset if offset <= start else max(end, offset - removed + end - start)

    def inward(self, offset: int) -> int:
        start, end, removed = self.difference.start, self.difference.end, self.difference.removed
        return offset if offset <= start else max(start + removed, offset - end + start + removed)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one revision. `trouble` says for people why the configuration on disk is not the one in use.

    While a buffer is half-typed, the snapshot holds the last text of it that parsed: nothing elsewhere may move because a
    bracket is missing for a moment. `drafts` are these buffers by path; places go in and out through the methods here.
    """

    revision: int
    snapshot: Snapshot
    report: Report
    trouble: str | None = None
    drafts: Mapping[str, Draft] = field(default_factory=dict)
    broken: tuple[Finding, ...] = ()  # of the report: what is wrong with half-typed texts, at places of the buffers

    def span(self, finding: Finding) -> Span:
        """The place of a finding in the text as the editor has it."""
        if any(finding is one for one in self.broken):
            return finding.location.span
        return self.outward(finding.location)

    def document(self, path: str) -> Document | None:
        """The text as the editor has it."""
        draft = self.drafts.get(path)
        return draft.document if draft is not None else self.snapshot.document(path)

    def outward(self, location: Location) -> Span:
        """A place of the snapshot in the text as the editor has it."""
        draft = self.drafts.get(location.path)
        return Span(*map(draft.outward, location.span)) if draft is not None else location.span

    def inward(self, path: str, offset: int) -> int:
        """An offset in the editor's text as one of the snapshot's."""
        draft = self.drafts.get(path)
        return draft.inward(offset) if draft is not None else offset


class Analysis:
    """One workspace folder as the analysis thread sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memo = Memo()
        self._cache = Cache(root)
        self._config = Config()
        self._baseline: dict[str, str] = {}
        self._trouble: str | None = None
        self._files: dict[str, Stamp] | None = None
        self._documents = Documents({})
        self._last: Snapshot | None = None  # whose work the next one builds upon, also where it was cancelled
        self._buffers: dict[str, Document] = {}
        self._drafts: dict[str, Draft] = {}
        self._draft_memo = Memo()  # of their own, so that a half-typed text never drives out the facts of the good one
        self._runtime = Runtime()  # what the running project told, if it was asked
        self._find_scratch: FindScratch | None = None
        self._earlier = Earlier(root)
        self._person = Person()
        self._flag = Flag()
        self._observe: Callable[[int], None] = _nothing

    def check(self, inputs: Inputs, flag: Flag, observe: Callable[[int], None] | None = None) -> Checked:
        """Check the revision. Raises Cancelled once the flag is set; `observe` hears how many per cent are done."""
        first, started = self._files is None, time.perf_counter()
        self._flag, self._observe = flag, observe or _nothing
        try:
            self._update(inputs)
            fresh = Snapshot(self._documents, self._config, self.memo, self._is_cancelled, datetime.now(), True, self._find_scratch)
            fresh.runtime, fresh.standing, fresh.earlier = self._runtime, inputs.standing, self._earlier
            snapshot = self._last = fresh.inherit(self._last)
            report = check(snapshot, all_rules(), self._is_cancelled, date.today(), self._baseline)
            broken = self._broken_texts()
        finally:
            self._observe = _nothing
        if first:
            self.save_cache()
            gc.collect()
            gc.freeze()  # The facts stay for the life of the process: later collections need not walk them.
        findings = tuple(sorted((*report.findings, *broken), key=lambda finding: finding.location))
        report = replace(report, findings=findings, seconds=time.perf_counter() - started)
        return Checked(inputs.revision, snapshot, report, self._trouble, dict(self._drafts), broken)

    def verdict(self, checked: Checked, finding: Finding, fix: Fix, flag: Flag) -> Verdict:
        """Build a fix and check what it would do. Raises Cancelled."""
        self._flag = flag
        return build_and_verify(
            checked.snapshot, checked.report, finding, fix, all_rules(), self._is_cancelled, date.today()
        )

    def answered(
        self, checked: Checked, finding: Finding, fix: Fix, answers: Answers, flag: Flag
    ) -> tuple[tuple[Question, ...], Verdict | None]:
        """What is open after these answers; where nothing is, what the fix would do. Raises Cancelled."""
        self._flag = flag
        snapshot = checked.snapshot.with_answers(checked.snapshot.answers.together(answers))
        questions = fix.ask(snapshot) if fix.ask is not None else ()
        if questions:
            return questions, None
        return (), build_and_verify(snapshot, checked.report, finding, fix, all_rules(), self._is_cancelled, date.today())

    def outline(self, checked: Checked, flag: Flag) -> Outline:
        """What the workspace holds and what belongs together. Raises Cancelled."""
        self._flag = flag
        return outline(checked.snapshot)

    def sql(self, checked: Checked, entry: Entry, flag: Flag) -> tuple[tuple[str, str], ...]:
        """The SQL of a revision by direction. Raises Cancelled."""
        self._flag = flag
        return revision_sql(checked.snapshot, entry)

    def ask_project(self, checked: Checked, flag: Flag) -> Runtime:
        """Run the project's own interpreter once; what it tells fills the next snapshots. Only where the person trusts it."""
        from lsp_server.worker.ask import ask_project

        self._flag = flag
        self._runtime = ask_project(checked.snapshot, self.root)
        return self._runtime

    def prepare(self, checked: Checked, target: Target, identifier: str | None, flag: Flag) -> Application:
        """What applying migrations to the development database would do. Raises what `development.application.prepare` raises."""
        from lsp_server.development.application import prepare

        self._flag = flag
        return prepare(checked.snapshot, checked.report, self.root, target, identifier)

    def carry_out(self, checked: Checked, application: Application, flag: Flag) -> Outcome:
        from lsp_server.development.application import NotApplicable, carry_out

        if flag.is_set:
            raise NotApplicable("called off before it began: nothing was changed")
        self._flag = Flag()  # not called off from here on
        return carry_out(application, checked.snapshot)

    def save_cache(self) -> None:
        """Keep the facts of unedited files for the next start."""
        files = {path: stamp for path, stamp in (self._files or {}).items() if path not in self._buffers}
        read = {path for _, path in self.memo.entries}
        self._cache.save(files, {path: self._documents.digest(path) for path in files if path in read}, self.memo)

    def _is_cancelled(self) -> bool:
        """Whether the work that runs now is unwanted. Snapshots outlive their check, so they ask here."""
        self._observe(min(99, 100 * len(self.memo.entries) // (len(self._files or ()) + 1)))
        return self._flag.is_set

    # From one revision to the next

    def _update(self, inputs: Inputs) -> None:
        changed: dict[str, Document | None] = {}
        if inputs.relist or inputs.touched:
            self._earlier = Earlier(self.root)  # a commit may be why
        if self._files is None or inputs.configure:
            self._configure(inputs.person)
        unknown = any(path not in self._buffers and path not in (self._files or ()) for path in inputs.buffers)
        if self._files is None:
            self._files = list_files(self.root, self._config)
            self._documents = documents_of(self.root, self._files, self._cached())
        elif inputs.relist or inputs.configure or unknown:
            changed = self._relisted()
        else:
            changed = self._restamped(inputs.touched)
        for path in self._buffers.keys() - inputs.buffers.keys():
            changed[path] = read_document(self.root, path) if path in self._files else None
        for path, document in inputs.buffers.items():
            if not self._belongs(path):
                changed.update({path: None} if path in self._documents else {})
            elif self._buffers.get(path) is not document or path in changed:
                changed[path] = self._settled(path, document)
        self._buffers = dict(inputs.buffers)
        self._drafts = {path: draft for path, draft in self._drafts.items() if path in self._buffers}
        if changed:
            self._documents = self._documents.replacing(changed)

    # Half-typed buffers

    def _settled(self, path: str, document: Document) -> Document:
        """The text that stands for a buffer: its own, or the last one that parsed."""
        memo = self._draft_memo if path in self._drafts else self.memo
        standing = self._documents.get(path)
        if not Snapshot(Documents({path: document}), self._config, memo).is_broken(path):
            self._drafts.pop(path, None)
            return document
        if standing is None or (path not in self._drafts and self._is_broken(standing)):
            return document  # It has never been whole: what can be read of it must do.
        self._drafts[path] = Draft(document, difference(standing.text, document.text))
        return standing

    def _is_broken(self, document: Document) -> bool:
        return Snapshot(Documents({document.path: document}), self._config, Memo()).is_broken(document.path)

    def _broken_texts(self) -> tuple[Finding, ...]:
        """What is wrong with the half-typed texts themselves, which the snapshot does not have."""
        rule = rule_named(SYNTAX)
        if not self._drafts or rule is None:
            return ()
        texts = self._documents.replacing({path: draft.document for path, draft in self._drafts.items()})
        snapshot = Snapshot(texts, self._config, self._draft_memo, self._is_cancelled)
        found = check(snapshot, [rule], self._is_cancelled, date.today(), self._baseline).findings
        return tuple(replace(finding, fixes=()) for finding in found if finding.location.path in self._drafts)

    def _configure(self, person: Person) -> None:
        """Read the configuration anew; a broken one leaves the last good one in use."""
        self._person = person
        try:
            config = find_config(self.root)
            self._baseline = read_baseline(baseline_path(config, self.root))
            self._config, self._trouble = config, None
            self._find_scratch = offer(person.shadow, config.shadow, self._database_urls, folder(), os.environ)
        except ConfigError as error:
            self._trouble = str(error)

    def _database_urls(self) -> tuple[str | None, ...]:
        """What the project calls its databases: no proof goes there."""
        known = self._last.database_urls if self._last is not None else ()
        return (*database_urls(self.root), self._config.development_database, self._person.development, *known)

    def _cached(self) -> dict[str, str]:
        try:
            return self._cache.load(self._files or {}, self.memo)
        except sqlite3.Error:
            return {}

    def _relisted(self) -> dict[str, Document | None]:
        before, self._files = self._files or {}, list_files(self.root, self._config)
        changed: dict[str, Document | None] = dict.fromkeys(before.keys() - self._files.keys())
        for path, stamp in self._files.items():
            if before.get(path) != stamp:
                changed[path] = read_document(self.root, path)
        return changed

    def _restamped(self, touched: frozenset[str]) -> dict[str, Document | None]:
        files = self._files or {}
        changed: dict[str, Document | None] = {}
        for path in touched & files.keys():
            stamp = stamp_of(self.root, path)
            if stamp is None:
                del files[path]
                changed[path] = None
            elif stamp != files[path]:
                files[path] = stamp
                changed[path] = read_document(self.root, path)
        return changed

    def _belongs(self, path: str) -> bool:
        """Whether an open buffer is a file of the workspace, saved or not yet; ignored files are not."""
        if path in (self._files or ()):
            return True
        if kind_of(path) is Kind.OTHER or any(part in NEVER for part in path.split("/")[:-1]):
            return False
        return not (self.root / path).exists() and not any(matches(path, pattern) for pattern in self._config.exclude)


def _nothing(_: int) -> None:
    return None

