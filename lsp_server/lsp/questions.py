"""Repairs that wait for a person's answers: what the client is to ask, and what is done with what it heard.

The client asks in its own way (`specdrift.answer`), because the protocol has no box to type into. Its answers have the form of
`--answers FILE`; the change is built, verified and applied as any other.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lsprotocol import types

from lsp_server.lsp.changes import workspace_edit
from lsp_server.lsp.client import plain
from lsp_server.lsp.code_actions import same_fix
from lsp_server.lsp.progress import shown
from lsp_server.lsp.protocol import RequestFailed, Server


async def answer(ls: Server, arguments: list[Any]) -> dict[str, Any]:
    """What is still open as `questions`; once nothing is, the change is applied. Raises RequestFailed with words for people.

    Takes the action's data, and the answers so far; without these only the questions are told.
    """
    from lsp_server.database.migration.answers import Answers, AnswersError, read_answers

    if not arguments:
        raise RequestFailed("an action is expected")
    data = plain(arguments[0])
    found = ls.sessions.find(str(data.get("uri", "")))
    if found is None:
        raise RequestFailed("this action belongs to no open folder")
    session, path = found
    given = arguments[1] if len(arguments) > 1 else None
    try:
        answers = read_answers(_tree(given)) if given is not None else Answers()
    except AnswersError as error:
        raise RequestFailed(str(error)) from None
    checked = await session.newest()
    finding, fix = same_fix(checked, path, data)
    work = session.thread.run(partial(session.analysis.answered, checked, finding, fix, answers))
    questions, verdict = await shown(ls, fix.title, work)
    if questions:
        return {"applied": False, "questions": [_question(each) for each in questions]}
    if verdict is None or not verdict.ok or verdict.change is None:
        raise RequestFailed(f"{fix.title}: {verdict.problem if verdict is not None else 'there is nothing to ask'}")
    edit = workspace_edit(ls, session, checked, verdict.change, fix)
    result = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=verdict.change.label))
    if not result.applied:
        raise RequestFailed(f"{fix.title}: the editor has not applied it{f', {result.failure_reason}' if result.failure_reason else ''}")
    return {"applied": True, "questions": [], "written": [session.uri(each) for each in verdict.change.new_files]}


def _question(question: Any) -> dict[str, Any]:
    return {
        "key": question.key,
        "subject": question.subject,
        "text": question.text,
        "choices": [{"answer": choice.answer, "text": choice.text} for choice in question.choices],
        "expected": question.expected,
        "suggestion": question.suggestion,
        "otherwise": question.otherwise,
    }


def _tree(given: Any) -> Any:
    """JSON as the protocol library has read it, with mappings instead of its objects."""
    fields = plain(given)
    return {key: _tree(value) if plain(value) else value for key, value in fields.items()} if fields else given
