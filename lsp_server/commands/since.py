"""`--since REF`: what a check of the workspace as it was at a git revision would have found.

Findings are told apart by cause, not by file: what the old workspace has too was there before, wherever it shows.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from lsp_server.check import check
from lsp_server.commands import UsageError
from lsp_server.commands.project import Project
from lsp_server.document import Document, UndecodableText, decode
from lsp_server.findings import Finding
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.memo import Memo
from lsp_server.workspace import is_looked_at


def fingerprints_before(project: Project, reference: str) -> frozenset[str]:
    """The findings at the reference, those of renamed files under their new names. Raises UsageError."""
    commit = _commit(project, reference)
    changed, renamed = _changes(project, commit)
    documents = project.snapshot.documents.replacing(_documents(project, commit, changed))
    memo = Memo()
    memo.entries.update(project.memo.entries)  # a copy: the facts of old texts must not take the place of today's
    before = check(Snapshot(documents, project.config, memo, now=project.snapshot.now), all_rules(), today=date.today())
    return frozenset(_today(finding, renamed).fingerprint for finding in before.findings)


def _today(finding: Finding, renamed: dict[str, str]) -> Finding:
    location = finding.location
    return replace(finding, location=location._replace(path=renamed.get(location.path, location.path)))


def _commit(project: Project, reference: str) -> str:
    """The reference's commit id; refuses what git would take for an option or for something else than a commit."""
    wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    found = _git(project, *wanted, refusal=f"`{reference}` is no commit that git knows in {project.shown_root}")
    return found.decode("ascii", "replace").strip()


def _changes(project: Project, commit: str) -> tuple[set[str], dict[str, str]]:
    """Paths that differ from the commit, old and new ones, and the new names of renamed files by their old ones."""
    fields = iter(_names(_git(project, "diff", "--name-status", "--find-renames", "--relative", "-z", commit, "--")))
    changed: set[str] = set()
    renamed: dict[str, str] = {}
    for status in fields:
        path = next(fields)
        changed.add(path)
        if status.startswith(("R", "C")):
            target = next(fields)
            changed.add(target)
            if status.startswith("R"):
                renamed[path] = target
    changed.update(_names(_git(project, "ls-files", "--others", "--exclude-standard", "-z")))
    return {path for path in changed if is_looked_at(path, project.config)}, renamed


def _documents(project: Project, commit: str, paths: Iterable[str]) -> dict[str, Document | None]:
    """The paths' texts at the commit; None for what was not there, or was no text."""
    found: dict[str, Document | None] = dict.fromkeys(paths)
    asked = [path for path in found if "\n" not in path]  # git reads names by line
    names = "".join(f"{commit}:./{path}\n" for path in asked).encode("utf-8", "surrogateescape")
    answer = _git(project, "cat-file", "--batch", given=names)
    position = 0
    for path in asked:
        end = answer.index(b"\n", position)
        head = answer[position:end].split(b" ")
        position = end + 1
        if head[-1] == b"missing":
            continue
        size = int(head[-1])
        data = answer[position : position + size]
        position += size + 1
        if head[-2] == b"blob":
            try:
                found[path] = Document(path, decode(data, path))
            except UndecodableText as problem:
                found[path] = Document(path, "", problem=str(problem))
    return found


def _names(answer: bytes) -> list[str]:
    return [name for name in answer.decode("utf-8", "surrogateescape").split("\0") if name]


def _git(project: Project, *arguments: str, given: bytes = b"", refusal: str | None = None) -> bytes:
    try:
        result = subprocess.run(["git", "-C", str(project.root), *arguments], input=given, capture_output=True,
                                check=False, timeout=120)  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"--since needs git: {error}") from None
    if result.returncode != 0:
        said = result.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"--since: {refusal or (said[0] if said else 'git failed')}")
    return result.stdout
