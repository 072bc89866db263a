"""The development database in the editor: how far it has come, and *Apply Migration*, which shows everything and asks.

Nothing is looked at unless the person's own settings name the database, and nothing is changed without their answer to the question here.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from lsp_server.lsp.inputs import Flag
from lsp_server.lsp.progress import Progress, shown
from lsp_server.lsp.protocol import RequestFailed, Server
from lsp_server.lsp.session import Session

if TYPE_CHECKING:
    from lsp_server.database.standing import Standing
    from lsp_server.development.application import Application, Outcome
    from lsp_server.development.target import Target
    from lsp_server.lsp.analysis import Checked

APPLY = "specdrift.server.applyMigration"
_REST = 10.0  # seconds between two looks at the database
_LINES = 40  # of SQL in a question, for clients that show no documents
_YES = "Apply"


def watch(ls: Server, session: Session, checked: Checked, *, again: bool = False) -> None:
    """Ask the database how far it has come, in the background and not too often; an answer that is news makes a new check."""
    if ls.person.development is None or not checked.snapshot.histories:
        return
    if again or time.monotonic() - session.looked > _REST:
        session.looked = time.monotonic()
        ls.later(_look(ls, session, checked))


async def _look(ls: Server, session: Session, checked: Checked) -> None:
    from lsp_server.development.connection import Unreachable
    from lsp_server.development.target import Refused

    try:
        session.stand(await asyncio.to_thread(_read, session, ls, checked))
    except (Refused, Unreachable) as reason:
        session.stand(None)
        ls.log_once(f"the development database: {reason}", types.MessageType.Info)


def _read(session: Session, ls: Server, checked: Checked) -> Standing:
    from lsp_server.development.connection import look

    return look(checked.snapshot, _target(ls, session))


def _target(ls: Server, session: Session) -> Target:
    """Raises Refused."""
    from lsp_server.development.target import read_target

    return read_target(ls.person.development or "", session.root, ls.person.hosts)


async def apply_migration(ls: Server, arguments: list[Any]) -> dict[str, Any]:
    """Apply up to the revision in a document, else up to the head. Asks before anything is run; the answer says what was done."""
    from lsp_server.development.application import NotApplicable
    from lsp_server.development.connection import Unreachable
    from lsp_server.development.statements import Unsayable
    from lsp_server.development.target import Refused

    if ls.person.development is None:
        raise RequestFailed("no development database is named: `specdrift.developmentDatabase` in your settings names it")
    if not ls.client.trusted:
        raise RequestFailed("the workspace is not trusted: its migrations are not run")
    session, identifier, checked = await _place(ls, arguments)
    try:
        target = _target(ls, session)
        preparing = ls.analysis_thread.run(partial(session.analysis.prepare, checked, target, identifier))
        application = await shown(ls, "Preparing the migration", preparing)
        if not await _agreed(ls, application):
            await _noted(ls, checked, session, application, "declined", 0.0, "")
            return {"applied": False}
        flag = Flag()
        applying = asyncio.get_running_loop().create_task(_applied(ls, checked, session, application, flag))
        try:
            return await asyncio.shield(applying)
        except asyncio.CancelledError:
            flag.set()
            ls.later(applying)
            raise
    except (NotApplicable, Refused, Unreachable, Unsayable) as reason:
        raise RequestFailed(str(reason)) from None


async def _applied(ls: Server, checked: Checked, session: Session, application: Application, flag: Flag) -> dict[str, Any]:
    """Run the statements, write it down and tell. Once the first has begun nobody calls it off: what was done to a database is always told."""
    started = time.monotonic()
    progress = Progress(ls, f"Applying {application.until}", flag.set)
    try:
        outcome = await ls.analysis_thread.run(partial(session.analysis.carry_out, checked, application), flag)
    finally:
        progress.end()
    seconds, said = time.monotonic() - started, outcome.problem or "; ".join((outcome.verified, *outcome.differs))
    await _noted(ls, checked, session, application, "applied" if outcome.applied else "failed", seconds, said)
    watch(ls, session, checked, again=True)
    _tell(ls, application, outcome)
    return {
        "applied": outcome.applied, "revisions": [revision.id for revision in application.revisions], "statements": outcome.statements,
        "verified": outcome.verified, "differs": list(outcome.differs), "problem": outcome.problem,
    }  # fmt: skip


async def _noted(
    ls: Server, checked: Checked, session: Session, application: Application, outcome: str, seconds: float, detail: str
) -> None:
    """Into the journal. Losing it never loses what was done: the trouble goes to the log."""
    from lsp_server.agent.journal import Application as Applied
    from lsp_server.agent.journal import Journal
    from lsp_server.agent.settings import agent_settings
    from lsp_server.config import ConfigError

    try:
        place = agent_settings(checked.snapshot.config, ls.client.trusted, ls.person.agent).journal
    except ConfigError as trouble:
        ls.log_once(str(trouble))
        place = None
    done = Applied(datetime.now(UTC), session.root.name, application.until, application.standing.title, outcome, seconds, detail)
    refused = await asyncio.to_thread(Journal(place).record_application, done)
    if refused is not None:
        ls.log_once(refused)


async def _place(ls: Server, arguments: list[Any]) -> tuple[Session, str | None, Checked]:
    """The workspace that is meant, and the revision in the document that is named."""
    uri = arguments[0] if arguments and isinstance(arguments[0], str) else None
    found = ls.sessions.find(uri) if uri is not None else None
    sessions = tuple(ls.sessions)
    if found is None and len(sessions) != 1:
        raise RequestFailed("several workspace folders are open: apply from the revision's file")
    session, path = found or (sessions[0], None)
    checked = await session.newest()
    revisions = [revision for replay in checked.snapshot.histories for revision in replay.history.revisions if revision.path == path]
    return session, revisions[0].id if revisions else None, checked


async def _agreed(ls: Server, application: Application) -> bool:
    from lsp_server.development.application import described

    question = described(application)
    if ls.client.shows_documents:
        uri = await asyncio.to_thread(_written, application)
        await ls.window_show_document_async(types.ShowDocumentParams(uri=uri, take_focus=False))
    else:
        lines = application.sql.splitlines()
        question += "\n\n" + "\n".join([*lines[:_LINES], *([f"… {len(lines) - _LINES} more lines"] if len(lines) > _LINES else [])])
    actions = [types.MessageActionItem(title=_YES), types.MessageActionItem(title="Cancel")]
    asked = types.ShowMessageRequestParams(type=types.MessageType.Warning, message=question, actions=actions)
    answer = await ls.window_show_message_request_async(asked)
    return answer is not None and answer.title == _YES


def _written(application: Application) -> str:
    """The SQL as a file for the editor to show. The folder is the user's, so that no workspace gets a file that nobody asked for."""
    from lsp_server.cache import folder

    place = folder() / "applications"
    place.mkdir(parents=True, exist_ok=True)
    file = place / (re.sub(r"[^\w-]", "_", application.until) + ".sql")  # a revision's name is the project's to choose
    file.write_text(f"-- {application.standing.title}\n\n{application.sql}", encoding="utf-8")
    return file.as_uri()


def _tell(ls: Server, application: Application, outcome: Outcome) -> None:
    if outcome.problem is not None:
        text, sort = f"Not applied: {outcome.problem}", types.MessageType.Error
    else:
        text, sort = f"{application.standing.title} is at {application.until}: {outcome.verified}", types.MessageType.Info
        if outcome.differs:
            text, sort = f"{text}: {'; '.join(outcome.differs)}", types.MessageType.Warning
    ls.window_show_message(types.ShowMessageParams(type=sort, message=text))
