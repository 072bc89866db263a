"""Finished reports on disk: a check of files that nobody touched gives the report of last time.

Kept beside the facts, in the same file, under a key made of everything a report hangs on: every file's path, size and
times, the configuration with its options, the accepted findings, the day, this program's own files and the packages it
reads with. Whatever cannot be told for sure (files changed a moment ago, a rule that failed) is not kept. A recalled
report can be shown, not repaired: its fixes have names and nothing to build.
"""

from __future__ import annotations

import functools
import marshal
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_server.config import Config
from lsp_server.findings import Applicability, Direction, Finding, Fix, Related, Report, Severity, Suppressed
from lsp_server.text import Change, Location, Span
from lsp_server.unknown import Unknown
from lsp_server.workspace import Stamp

if TYPE_CHECKING:
    from lsp_server.snapshot import Snapshot

FORMAT = 1  # raise when the shape below changes; a change of meaning shows in the program's own files
KEPT = 4  # reports per workspace: as many as there are sets of options in daily use
SETTLED = 2_000_000_000  # nanoseconds after which a file's time surely differs from that of its next edit
_PACKAGES = ("yaml", "sqlglot", "sqlalchemy", "alembic")


def key_of(
    files: Mapping[str, Stamp], config: Config, accepted: Mapping[str, str], today: date, now: int | None = None
) -> str | None:
    """The name under which a report of these files is kept; None where the files have been quiet for too short a time.

    `now` is in nanoseconds, by default the clock's.
    """
    now = time.time_ns() if now is None else now
    if any(now - max(stamp.modified, stamp.changed) < SETTLED for stamp in files.values()):
        return None
    digest = blake2b(digest_size=20)
    for part in (FORMAT, sys.version, program(), repr(config), sorted(accepted.items()), today.isoformat()):
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
    entries = [f"{path}\0{stamp.size}\0{stamp.modified}\0{stamp.changed}\n" for path, stamp in sorted(files.items())]
    digest.update("".join(entries).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@functools.cache
def program() -> list[tuple[str, int, int]]:
    """Size and time of our own files, and of the packages whose reading ours stands on."""
    found: list[tuple[str, int, int]] = []
    stack = [str(Path(__file__).parent)]
    while stack:
        for entry in os.scandir(stack.pop()):
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                stack.append(entry.path)
            else:
                status = entry.stat()
                found.append((entry.path, status.st_size, status.st_mtime_ns))
    for name in _PACKAGES:
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.origin is not None:
            status = os.stat(spec.origin)
            found.append((spec.origin, status.st_size, status.st_mtime_ns))
    return sorted(found)


def recall(connection: sqlite3.Connection, key: str) -> Report | None:
    """The report kept under a key; None where there is none, or none that can be read."""
    row = connection.execute("SELECT blob FROM report WHERE key = ?", (key,)).fetchone()
    content = unsealed(row[0]) if row is not None else None
    if content is None:
        return None
    try:
        return _report(marshal.loads(content))
    except (ValueError, EOFError, TypeError, KeyError):
        return None


def keep(connection: sqlite3.Connection, key: str, report: Report) -> None:
    """Keep a report, and the newest others; one in which a rule failed or a file was not readable is made anew each time."""
    if report.failed_rules or any(_is_whole_file(unknown) for unknown in report.unknowns):
        return
    row = (key, time.time_ns(), sealed(marshal.dumps(_plain(report))))
    connection.execute("INSERT OR REPLACE INTO report VALUES (?, ?, ?)", row)
    connection.execute("DELETE FROM report WHERE key NOT IN (SELECT key FROM report ORDER BY made DESC LIMIT ?)", (KEPT,))


def _is_whole_file(unknown: Unknown) -> bool:
    """Whether a file could not be read at all: it may be readable next time, and its own record would not tell."""
    return unknown.unread and unknown.location is not None and not any(unknown.location.span)


def sealed(content: bytes) -> bytes:
    """Bytes behind their own digest: a damaged disk must not become a fact."""
    return blake2b(content, digest_size=16).digest() + content


def unsealed(blob: object) -> bytes | None:
    """The bytes that were sealed; None where they are not those any more."""
    if not isinstance(blob, bytes) or sealed(blob[16:]) != blob:
        return None
    return blob[16:]


# Reports as plain values


def _plain(report: Report) -> tuple[Any, ...]:
    return (
        [_plain_finding(finding) for finding in report.findings],
        [(unknown.what, _plain_place(unknown.location), unknown.unread) for unknown in report.unknowns],
        [(_plain_finding(entry.finding), entry.reason) for entry in report.suppressed],
        [_plain_finding(finding) for finding in report.baselined],
        report.files,
    )


def _plain_finding(finding: Finding) -> tuple[Any, ...]:
    return (
        finding.rule, _plain_place(finding.location), finding.message, finding.subject,
        [(_plain_place(related.location), related.message) for related in finding.related], int(finding.severity),
        [(fix.title, fix.kind, str(fix.applicability), str(fix.direction), fix.preferred) for fix in finding.fixes],
    )  # fmt: skip


def _plain_place(location: Location | None) -> tuple[str, int, int] | None:
    return None if location is None else (location.path, *location.span)


def _report(plain: Any) -> Report:
    findings, unknowns, suppressed, baselined, files = plain
    return Report(
        tuple(map(_finding, findings)),
        tuple(Unknown(what, _place(place), unread=unread) for what, place, unread in unknowns),
        suppressed=tuple(Suppressed(_finding(finding), reason) for finding, reason in suppressed),
        baselined=tuple(map(_finding, baselined)),
        files=files,
    )


def _finding(plain: Any) -> Finding:
    rule, place, message, subject, related, severity, fixes = plain
    return Finding(
        rule, _there(place), message, subject, tuple(Related(_there(end), text) for end, text in related), Severity(severity),
        tuple(Fix(title, kind, _nothing, Applicability(how), Direction(way), first) for title, kind, how, way, first in fixes),
    )  # fmt: skip


def _place(plain: Any) -> Location | None:
    return None if plain is None else _there(plain)


def _there(plain: Any) -> Location:
    path, start, end = plain
    return Location(path, Span(start, end))


def _nothing(snapshot: Snapshot) -> Change | None:
    return None
