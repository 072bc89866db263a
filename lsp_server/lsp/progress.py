"""Work-done progress: a title, a percentage and a way to stop, for clients that show such things."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import uuid4

from lsprotocol import types

from lsp_server.lsp.protocol import Server

T = TypeVar("T")

PATIENCE = 0.4  # seconds that work may take before a person is told about it


class Progress:
    """One piece of work that the client may show. Where the client cannot, all of this does nothing."""

    def __init__(self, ls: Server, title: str, cancel: Callable[[], object]) -> None:
        self._ls = ls
        self._token = f"specdrift-{uuid4()}"
        self._state = "new"
        self._percentage = 0
        if ls.client.progress:
            ls.later(self._begin(title, cancel))

    async def _begin(self, title: str, cancel: Callable[[], object]) -> None:
        await self._ls.work_done_progress.create_async(self._token)
        if self._state == "new":
            self._state = "shown"
            self._ls.work_done_progress.tokens[self._token].add_done_callback(lambda token: token.cancelled() and cancel())
            begin = types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=self._percentage)
            self._ls.work_done_progress.begin(self._token, begin)
        else:
            self._ls.work_done_progress.tokens.pop(self._token, None)

    def report(self, percentage: int) -> None:
        """Percentages only grow, as clients expect."""
        if percentage > self._percentage:
            self._percentage = percentage
            if self._state == "shown":
                self._ls.work_done_progress.report(self._token, types.WorkDoneProgressReport(percentage=percentage))

    def say(self, message: str) -> None:
        """What the work is at, in one line."""
        if self._state == "shown":
            self._ls.work_done_progress.report(self._token, types.WorkDoneProgressReport(message=message, cancellable=True))

    def end(self) -> None:
        if self._state == "shown":
            self._ls.work_done_progress.end(self._token, types.WorkDoneProgressEnd())
            self._ls.work_done_progress.tokens.pop(self._token, None)
        self._state = "ended"

    def from_thread(self) -> Callable[[int], None]:
        """`report` for another thread; tells the loop only when the number has changed."""
        loop = asyncio.get_running_loop()
        last = 0

        def report(percentage: int) -> None:
            nonlocal last
            if percentage > last:
                last = percentage
                loop.call_soon_threadsafe(self.report, percentage)

        return report


async def shown(ls: Server, title: str, work: Coroutine[Any, Any, T]) -> T:
    """Wait for work, with progress if it takes long. Cancelling this, or the progress, cancels the work."""
    task = asyncio.get_running_loop().create_task(work)
    progress = None
    try:
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            progress = Progress(ls, title, task.cancel)
        return await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        if progress is not None:
            progress.end()
