"""The event loop's side of a workspace folder: its open buffers, its revision, and the one check per revision.

Two owners and nothing shared: the event loop owns what is here, the single analysis thread owns `Analysis`. A change
makes a new revision; the check of an older one is told to stop, and whoever waited for it hears that it is superseded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lsp_server.document import Document
from lsp_server.lsp.convert import path_of, relative, uri_of
from lsp_server.lsp.inputs import Flag, Inputs, Person

if TYPE_CHECKING:
    from lsp_server.database.standing import Standing
    from lsp_server.lsp.analysis import Analysis, Checked
    from lsp_server.lsp.diagnostics import FileDiagnostics
    from lsp_server.lsp.progress import Progress
    from lsp_server.outline import Outline

T = TypeVar("T")

TYPING = 0.16  # seconds without a keystroke before a check begins


class AnalysisThread:
    """The one thread that reads files and checks. Work is done in the order it was asked for."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        self._flags: set[Flag] = set()

    async def run(self, work: Callable[[Flag], T], flag: Flag | None = None) -> T:
        """What `work` gives. Being cancelled sets its flag; the thread goes on only until it looks at it."""
        flag = flag or Flag()
        self._flags.add(flag)
        future = asyncio.get_running_loop().run_in_executor(self._executor, work, flag)
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # so that none is "never retrieved"
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            flag.set()
            raise
        finally:
            self._flags.discard(flag)

    def close(self) -> None:
        """End as soon as the running work looks at its flag."""
        for flag in self._flags:
            flag.set()
        self._executor.shutdown(wait=False, cancel_futures=True)


class Superseded(Exception):
    """The revision that was asked for is no longer the newest; `again` tells whether a newer one is under way."""

    def __init__(self, again: bool) -> None:
        super().__init__("the document has changed" if again else "the check did not come to its end")
        self.again = again


@dataclass(frozen=True, slots=True)
class Buffer:
    """An open document, and the URI by which the client calls it."""

    uri: str
    document: Document


@dataclass(slots=True)
class _Pending:
    """What happened since the last check began."""

    touched: set[str] = field(default_factory=set)
    relist: bool = False
    configure: bool = False


@dataclass(frozen=True, slots=True)
class Events:
    """Whom a session tells. `checked` hears of each finished check, `failed` of one that crashed.

    `begun` is called when the first check starts, and what it gives is told of its course.
    """

    checked: Callable[[Session, Checked], None]
    failed: Callable[[Exception], None]
    begun: Callable[[Session], Progress]


class Session:
    """One workspace folder."""

    def __init__(self, root: Path, thread: AnalysisThread, events: Events) -> None:
        self.root = root
        self.buffers: dict[str, Buffer] = {}
        self.thread = thread
        self.revision = 0
        self.edited: frozenset[str] = frozenset()  # paths edited since the last finished check
        self.person = Person()
        self.standing: Standing | None = None
        self.looked = float("-inf")  # when the development database was last asked, by the monotonic clock
        self.last: Checked | None = None
        self.presented: dict[str, FileDiagnostics] = {}  # the last check's diagnostics by path
        self.served: dict[str, str] = {}  # path -> id of the diagnostics the client has got
        self._events = events
        self._pending = _Pending()
        self._flag = Flag()
        self._shown: Progress | None = None
        self._task: asyncio.Task[Checked | None] | None = None
        self._outline: tuple[Checked, asyncio.Task[Outline]] | None = None

    @cached_property
    def analysis(self) -> Analysis:
        """Only for the analysis thread, which makes it (and loads all it needs) when it first has something to do."""
        from lsp_server.lsp.analysis import Analysis

        return Analysis(self.root)

    def uri(self, path: str) -> str:
        buffer = self.buffers.get(path)
        return buffer.uri if buffer is not None else uri_of(self.root, path)

    def holds(self, uri: str) -> bool:
        file = path_of(uri)
        return file is not None and relative(self.root, file) is not None

    # What happens to the folder

    def open(self, path: str, uri: str, text: str, version: int) -> None:
        self.buffers[path] = Buffer(uri, Document(path, text, version))
        self.revise()

    def edit(self, path: str, change: Callable[[Document], Document]) -> None:
        """Exchange an open document for its next version."""
        buffer = self.buffers.get(path)
        if buffer is not None:
            self.buffers[path] = Buffer(buffer.uri, change(buffer.document))
            self.edited |= {path}
            self.revise(TYPING)

    def close(self, path: str) -> None:
        if self.buffers.pop(path, None) is not None:
            self._pending.touched.add(path)
            self.revise()

    def touch(self, path: str, *, relist: bool = False, configure: bool = False) -> None:
        """Something happened to a file on disk: `relist` if it may be new or gone."""
        self._pending.touched.add(path)
        self._pending.relist |= relist
        self._pending.configure |= configure
        self.revise()

    def relist(self) -> None:
        """Look for new and changed files anew."""
        self._pending.relist = True
        self.revise()

    def revise(self, delay: float = 0.0) -> None:
        """A new revision; its check begins after the delay (seconds), unless a newer one comes before."""
        self.revision += 1
        self._flag.set()
        self._task = asyncio.get_running_loop().create_task(self._check(self.revision, delay))

    def use(self, person: Person) -> None:
        """The person names other databases."""
        if person != self.person:
            self.person, self.standing = person, None
            self._pending.configure = True
            self.revise()

    def stand(self, standing: Standing | None) -> None:
        """What the development database records now."""
        if standing != self.standing:
            self.standing = standing
            self.revise()

    def stop(self) -> None:
        """Give up the running check; the next revision brings another."""
        self._flag.set()

    def end(self) -> None:
        """The folder is closed."""
        self.revision += 1
        self._flag.set()
        if self._task is not None:
            self._task.cancel()

    # Who wants to know

    async def current(self) -> Checked:
        """The check of the revision that is the newest now. Raises Superseded."""
        task = self._task
        if task is None:
            raise Superseded(again=False)
        checked = await asyncio.shield(task)
        if checked is None:
            raise Superseded(again=task is not self._task)
        return checked

    async def newest(self) -> Checked:
        """The check of the newest revision, however many come meanwhile. Raises Superseded if it was cancelled."""
        while True:
            try:
                return await self.current()
            except Superseded as superseded:
                if not superseded.again:
                    raise

    async def outline(self) -> tuple[Checked, Outline]:
        """The newest revision's check and outline."""
        checked = await self.newest()
        if self._outline is None or self._outline[0] is not checked:
            task = asyncio.get_running_loop().create_task(self.thread.run(lambda flag: self.analysis.outline(checked, flag)))
            self._outline = (checked, task)
        return checked, await asyncio.shield(self._outline[1])

    # The check of one revision

    async def _check(self, revision: int, delay: float) -> Checked | None:
        """None for a revision that is no longer wanted."""
        if delay:
            await asyncio.sleep(delay)
        if revision != self.revision:
            return None
        flag = self._flag = Flag()
        pending, self._pending = self._pending, _Pending()
        buffers = {path: buffer.document for path, buffer in self.buffers.items()}
        inputs = Inputs(revision, buffers, frozenset(pending.touched), pending.relist, pending.configure, self.person, self.standing)
        if self.last is None and self._shown is None:
            self._shown = self._events.begun(self)
        observe = self._shown.from_thread() if self._shown is not None else None
        checked = None
        try:
            checked = await self.thread.run(lambda flag: self.analysis.check(inputs, flag, observe), flag)
        except Exception as error:
            if not flag.is_set:  # else it is the end that was asked for
                self._events.failed(error)
        if revision != self.revision:
            return None
        if self._shown is not None:
            self._shown.end()
            self._shown = None
        if checked is not None:
            self.last = checked
            self._events.checked(self, checked)
            self.edited = frozenset()
        return checked


class Sessions:
    """All workspace folders of a window. A file belongs to the innermost folder that holds it."""

    def __init__(self) -> None:
        self.all: dict[Path, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self.all.values()))

    def add(self, session: Session) -> None:
        self.all[session.root] = session

    def remove(self, root: Path) -> Session | None:
        session = self.all.pop(root, None)
        if session is not None:
            session.end()
        return session

    def find(self, uri: str) -> tuple[Session, str] | None:
        """The session and the workspace path of a URI; None for what is no file of any folder."""
        file = path_of(uri)
        return self.owner(file) if file is not None else None

    def owner(self, file: Path) -> tuple[Session, str] | None:
        found = [(session, path) for session in self if (path := relative(session.root, file)) is not None]
        return max(found, key=lambda entry: len(entry[0].root.parts), default=None)

    def owns(self, session: Session, path: str) -> bool:
        """Whether the path is this session's to speak about, and not a nested folder's."""
        return len(self.all) == 1 or (found := self.owner(session.root / path)) is None or found[0] is session
