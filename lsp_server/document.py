"""A document: the text of one file, from disk or from an editor's unsaved buffer, with its kind and digest.

Decodes bytes and tells kinds apart by path and first lines. Reads no files and understands no language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b

from lsp_server.text import LineIndex, Span


class Kind(StrEnum):
    PYTHON = "python"
    YAML = "yaml"
    JSON = "json"
    MARKDOWN = "markdown"
    TOML = "toml"
    INI = "ini"
    SQL = "sql"
    DBML = "dbml"
    MERMAID = "mermaid"
    GHERKIN = "gherkin"
    OTHER = "other"


_KINDS = {
    "py": Kind.PYTHON, "pyi": Kind.PYTHON, "yaml": Kind.YAML, "yml": Kind.YAML, "json": Kind.JSON,
    "md": Kind.MARKDOWN, "markdown": Kind.MARKDOWN, "toml": Kind.TOML, "ini": Kind.INI, "cfg": Kind.INI,
    "sql": Kind.SQL, "dbml": Kind.DBML, "mmd": Kind.MERMAID, "mermaid": Kind.MERMAID, "feature": Kind.GHERKIN,
}  # fmt: skip

_UNREAD = "unread:"  # begins the digest of a file without text; no digest of a text does

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def kind_of(path: str) -> Kind:
    """A file's kind from its name alone."""
    return _KINDS.get(path.rpartition("/")[2].rpartition(".")[2].lower(), Kind.OTHER)


def suffixes() -> tuple[str, ...]:
    """The endings of all files that some reader may understand, without the dot."""
    return tuple(_KINDS)


def digest_of(text: str) -> str:
    """A content digest, 32 hex digits."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def is_unread(digest: str) -> bool:
    """Whether a digest is that of a file whose text could not be read."""
    return digest.startswith(_UNREAD)


class UndecodableText(ValueError):
    """Bytes that are no text in any encoding we may assume."""


def decode(data: bytes, path: str) -> str:
    """The text of a file's bytes: UTF-8 (BOM dropped), UTF-16 with BOM, Python's coding cookie. CRLF stays.

    Raises UndecodableText, whose message is for people.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    else:
        encoding = "utf-8"
        if kind_of(path) is Kind.PYTHON:
            for line in data.split(b"\n", 2)[:2]:
                if match := _CODING.match(line):
                    encoding = match[1].decode("ascii", "replace")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise UndecodableText(f"not {encoding.upper()} text: byte 0x{data[error.start]:02x} on line {number}") from None
    except (LookupError, UnicodeError):
        raise UndecodableText(f"names the encoding `{encoding}`, which is not known") from None
    if "\x00" in text:
        number = text.count("\n", 0, text.index("\x00")) + 1
        raise UndecodableText(f"a NUL character on line {number}: a binary file")
    return text


@dataclass(frozen=True)
class Document:
    """One file's text. `path` is workspace-relative and POSIX; `version` is the editor's, None for disk.

    `problem` says why the file has no text (unreadable, not text, too big); the text is then empty.
    """

    path: str
    text: str
    version: int | None = None
    problem: str | None = None
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind_of(self.path))

    @cached_property
    def digest(self) -> str:
        return digest_of(self.text) if self.problem is None else _UNREAD + digest_of(self.problem)

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)

    def edited(self, span: Span, new: str, version: int | None) -> Document:
        """The document after an editor replaced a span; the line index is carried over, not made anew."""
        text = self.text[: span.start] + new + self.text[span.end :]
        document = Document(self.path, text, version)
        document.__dict__["lines"] = self.lines.edited(span, len(new), text)
        return document


def is_broken_settings(document: Document) -> bool:
    """Whether a TOML or INI text does not parse."""
    import tomllib
    from configparser import Error, RawConfigParser

    try:
        if document.kind is Kind.TOML:
            tomllib.loads(document.text)
        else:
            RawConfigParser(strict=False).read_string(document.text)
    except (tomllib.TOMLDecodeError, Error, RecursionError):
        return True
    return False


class Documents(Mapping[str, Document]):
    """The texts of a workspace by path. Entries may be loaded when first asked for; `digest` avoids even that."""

    def __init__(
        self,
        entries: Mapping[str, Document | Callable[[], Document]],
        digests: Mapping[str, str] | None = None,
    ) -> None:
        self._entries = dict(entries)
        self._digests = dict(digests or {})

    def __getitem__(self, path: str) -> Document:
        entry = self._entries[path]
        if not isinstance(entry, Document):
            entry = self._entries[path] = entry()
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def digest(self, path: str) -> str:
        """The digest of a text, without loading it where it is known already."""
        known = self._digests.get(path)
        if known is None:
            known = self._digests[path] = self[path].digest
        return known

    def problem(self, path: str) -> str | None:
        """Why a file has no text; None for one that has. Loads a text only where its digest is not known."""
        return self[path].problem if is_unread(self.digest(path)) else None

    def replacing(self, changed: Mapping[str, Document | None]) -> Documents:
        """The documents with some exchanged or added; None removes one."""
        entries = {path: entry for path, entry in self._entries.items() if path not in changed}
        digests = {path: digest for path, digest in self._digests.items() if path not in changed}
        entries.update({path: document for path, document in changed.items() if document is not None})
        return Documents(entries, digests)
