"""Our places as the protocol's and back: offsets and positions in every encoding, paths and URIs.

The only file that knows how UTF-8, UTF-16 and UTF-32 count. Inside, everything is a code-point offset and a
workspace-relative path.
"""

from __future__ import annotations

import os
from pathlib import Path

from lsprotocol import types
from pygls import uris

from lsp_server.document import Document
from lsp_server.text import LineIndex, Span

_CONTINUATION = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no character


class Places:
    """Conversion in the encoding that was agreed with the client ("utf-8", "utf-16" or "utf-32")."""

    def __init__(self, encoding: str = "utf-16") -> None:
        self.encoding = str(getattr(encoding, "value", encoding))

    def position(self, document: Document, offset: int) -> types.Position:
        line, column = document.lines.position(offset)
        if column and self.encoding != "utf-32" and not document.text.isascii():
            start = document.lines.starts[line]
            column = self._units(document.text[start : start + column])
        return types.Position(line=line, character=column)

    def range(self, document: Document, span: Span) -> types.Range:
        return types.Range(start=self.position(document, span.start), end=self.position(document, span.end))

    def offset(self, document: Document, position: types.Position) -> int:
        """The offset of a position; what lies outside the text or the line is moved to its end."""
        return self._offset(document.text, document.lines, position)

    def span(self, document: Document, range_: types.Range) -> Span:
        start = self.offset(document, range_.start)
        return Span(start, max(start, self.offset(document, range_.end)))

    def _offset(self, text: str, lines: LineIndex, position: types.Position) -> int:
        if position.line >= len(lines.starts):
            return len(text)
        start, end = lines.line_span(text, position.line)
        if self.encoding == "utf-32" or text.isascii():
            return min(start + position.character, end)
        return start + self._characters(text[start:end], position.character)

    def _units(self, text: str) -> int:
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def _characters(self, line: str, units: int) -> int:
        """How many characters the first units of a line hold; one that is cut in two does not count."""
        if self.encoding == "utf-8":
            data = line.encode("utf-8", "surrogatepass")
            whole = len(data[:units].translate(None, _CONTINUATION))
            return whole - 1 if units < len(data) and data[units] in _CONTINUATION else whole
        data = line.encode("utf-16-le", "surrogatepass")
        head = data[: 2 * units].decode("utf-16-le", "surrogatepass")
        return len(head) - 1 if head and head[-1] != line[len(head) - 1] else len(head)


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None for buffers that are no files."""
    name = uris.to_fs_path(uri)
    return Path(os.path.normpath(name)) if name else None


def uri_of(root: Path, path: str) -> str:
    return str(uris.from_fs_path(str(root / path)))


def relative(root: Path, file: Path) -> str | None:
    """The workspace path of a file; None for one outside the root. Both may have been reached by links."""
    if file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    real, folder = Path(os.path.realpath(file)), Path(os.path.realpath(root))
    return real.relative_to(folder).as_posix() if real.is_relative_to(folder) else None
