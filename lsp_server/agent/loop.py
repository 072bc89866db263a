"""A run: task → answers and tool calls on the draft → verdict → bounded repair → change and verdict.

The model decides what to do next and nothing else: tools do only what they do, the budget ends a run whatever it says, and the work is judged by
`verdict.py`. A failing verdict goes back to it as data, a few times. Nothing here writes a file of the workspace or asks a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from lsp_server.agent.bench import Todo, Workbench
from lsp_server.agent.conversation import LONG, Conversation
from lsp_server.agent.journal import new_run_id
from lsp_server.agent.model import Call, Model, ModelError, NoModel, Reply, TooLong, load
from lsp_server.agent.money import Usage, affordable
from lsp_server.agent.prompt import AgentFile
from lsp_server.agent.redact import Redaction
from lsp_server.agent.request import LONGEST_ANSWER, Body, body_of, model_of
from lsp_server.agent.settings import AgentSettings
from lsp_server.agent.stamp import stamped
from lsp_server.agent.task import Task
from lsp_server.agent.tool import Tool, ToolError, checked
from lsp_server.agent.verdict import Tests, Verdict, judge, refused
from lsp_server.rules import all_rules
from lsp_server.snapshot import Cancelled
from lsp_server.text import Change

T = TypeVar("T")

_SAME = 3  # times that one call may give one result before the model is told; it is stopped at twice that
_EMPTY = 3  # answers without any content
_LEAST_ANSWER = 500  # tokens; with fewer left there is no point in asking
_TOOL_SECONDS = 600.0
_LOOK = 0.1  # seconds between two looks at whether the run is still wanted


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run is at. `phase`: "asking", "working", "checking", "mending", "over"."""

    phase: str
    todos: tuple[Todo, ...]
    usage: Usage
    cost: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`change` is None where the verdict does not hold. `ended`: "done", "gave-up", "cancelled", "budget", "model-error", "refused".

    `summary` is what the model said last, for people to read: a claim, no result. `rounds` are its answers.
    """

    change: Change | None
    verdict: Verdict
    usage: Usage
    ended: str
    rounds: int
    tools_called: Mapping[str, int]
    seconds: float
    run_id: str
    summary: str = ""


class _Over(Exception):
    """The run ends before its work is done."""

    def __init__(self, ended: str, why: str) -> None:
        super().__init__(why)
        self.ended = ended


def first_request(task: Task, tools: Sequence[Tool], agent_file: AgentFile, settings: AgentSettings) -> Body:
    """Exactly what a run sends first."""
    redaction = Redaction()
    instruction = redaction.hide(agent_file.instruction)
    conversation = Conversation(redaction)
    conversation.say(task.text)
    name = model_of(settings, agent_file.model)
    bought = affordable(settings.max_cost, name)
    longest = min(LONGEST_ANSWER, settings.max_tokens, bought if bought is not None else LONGEST_ANSWER)
    return body_of(name, settings.effort, instruction, tools, conversation.messages, longest)


async def run(
    task: Task,
    bench: Workbench,
    tools: Sequence[Tool],
    agent_file: AgentFile,
    settings: AgentSettings,
    report: Callable[[Progress], None] = lambda progress: None,
    *,
    key: str | None = None,
    run_id: str | None = None,
    run_tests: Callable[[], Tests] | None = None,
) -> Outcome:
    """Work on a task until the verdict holds, or until it is clear that it will not. Raises NoModel where nothing can be sent.

    `run_tests` runs the project's tests on the draft, in a workspace that a person trusts. Cancelling the asyncio task, or `bench.cancelled`,
    ends a run within a second.
    """
    work = _Work(task, bench, tools, agent_file, settings, report, run_id or new_run_id(), run_tests)
    wanted = bench.cancelled
    stopped = threading.Event()
    bench.cancelled = lambda: stopped.is_set() or wanted()
    here = asyncio.get_running_loop()

    def todos_changed() -> None:  # in the thread of a tool
        here.call_soon_threadsafe(work.tell, "working")

    bench.progress = todos_changed
    working = asyncio.create_task(work.all(key))
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=_LOOK)
            if working.done():
                break
            if wanted():
                return work.over("cancelled", "cancelled")
            if time.monotonic() - work.started > settings.max_seconds:
                return work.over("budget", f"the time is up ({settings.max_seconds} seconds)")
        return working.result()
    finally:
        stopped.set()
        if not working.done():
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await working


@dataclass(slots=True)
class _Work:
    """A run under way."""

    task: Task
    bench: Workbench
    tools: Sequence[Tool]
    agent_file: AgentFile
    settings: AgentSettings
    report: Callable[[Progress], None]
    run_id: str
    run_tests: Callable[[], Tests] | None
    usage: Usage = field(default_factory=Usage)
    rounds: int = 0
    called: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    verdict: Verdict | None = None
    summary: str = ""
    log: list[str] = field(default_factory=list)
    _redaction: Redaction = field(default_factory=Redaction)
    _seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def tell(self, phase: str, note: str = "") -> None:
        self.report(Progress(phase, self.bench.todos, self.usage, self.usage.cost, note))

    def over(self, ended: str, why: str) -> Outcome:
        """The outcome of a run that comes to no change."""
        verdict = refused(why, self.log)
        if self.verdict is not None and ended == "gave-up":
            verdict = replace(self.verdict, faults=(why, *self.verdict.faults), log=tuple(self.log))
        self.tell("over", why)
        return self._outcome(None, verdict, ended)

    def _outcome(self, change: Change | None, verdict: Verdict, ended: str) -> Outcome:
        seconds = time.monotonic() - self.started
        return Outcome(change, verdict, self.usage, ended, self.rounds, dict(self.called), seconds, self.run_id, self.summary)

    async def all(self, key: str | None) -> Outcome:
        try:
            await in_thread(load)
            async with Model(self.settings, key) as model:
                return await self._talk(model)
        except _Over as end:
            return self.over(end.ended, str(end))
        except NoModel as error:
            if not self.rounds:
                raise
            return self.over("model-error", self._plain(error))
        except ModelError as error:
            self.usage += error.used
            return self.over("model-error", self._plain(error))
        except (Cancelled, ToolError) as error:  # What belongs to the tools says it in their word.
            return self.over("cancelled", "cancelled") if self.bench.cancelled() else self.over("gave-up", str(error))

    def _plain(self, error: Exception) -> str:
        return self._redaction.hide(str(error))

    async def _talk(self, model: Model) -> Outcome:
        instruction = self._redaction.hide(self.agent_file.instruction)
        conversation = Conversation(self._redaction)
        conversation.say(self.task.text)
        repairs = empty = 0
        words = ""  # with which the model stopped last
        while True:
            reply = await self._ask(model, conversation, instruction)
            conversation.hear(reply)
            self.summary = reply.text or self.summary
            if reply.stop == "refusal":
                raise _Over("refused", "the model declined the task")
            if reply.calls:
                conversation.answer([await self._call(call) for call in reply.calls])
            elif reply.stop == "model_context_window_exceeded" and conversation.shorten():
                conversation.say("The conversation had grown too long; old results are shortened. Go on.")
            elif reply.stop == "max_tokens":
                conversation.say("Your answer was cut off at its longest. Go on, in smaller pieces.")
            elif not reply.text and (empty := empty + 1) < _EMPTY:
                conversation.say("Your answer was empty. Go on with the task, or say that you are done.")
            else:
                unchanged = self.verdict is not None and not self.bench.draft.changed
                verdict = await self._judge()
                if verdict.ok:
                    self.tell("over")
                    return self._outcome(stamped(self.bench.draft, self.task.title, self.run_id), verdict, "done")
                repairs += 1
                if unchanged or repairs > self.settings.max_repairs:
                    if unchanged and words not in self.summary:  # why there is nothing to change is said the first time
                        self.summary = f"{words}\n\n{self.summary}"
                    raise _Over("gave-up", "the work was judged and does not hold")
                words = reply.text
                self.tell("mending", verdict.faults[0])
                conversation.say(_as_data(verdict, self.settings.max_repairs - repairs + 1))
            if reply.usage.prompt > LONG:
                conversation.shorten()

    async def _ask(self, model: Model, conversation: Conversation, instruction: str) -> Reply:
        if self.rounds >= self.settings.max_rounds:
            raise _Over("budget", f"the model has answered {self.rounds} times (`agent.max-rounds`)")
        name = model_of(self.settings, self.agent_file.model)
        left = self.settings.max_tokens - self.usage.fresh
        if left < _LEAST_ANSWER:
            raise _Over("budget", f"the tokens are used up (`agent.max-tokens` is {self.settings.max_tokens})")
        bought = affordable(self.settings.max_cost - self.usage.cost, name) if self.usage.cost is not None else None
        if bought is not None and bought < _LEAST_ANSWER:
            raise _Over("budget", f"the money is spent (`agent.max-cost` is ${self.settings.max_cost:g})")
        self.tell("asking")
        longest = min(LONGEST_ANSWER, left, bought if bought is not None else LONGEST_ANSWER)
        body = body_of(name, self.settings.effort, instruction, self.tools, conversation.messages, longest)
        try:
            reply = await model.reply(body)
        except TooLong as error:
            self.usage += error.used
            if not conversation.shorten():
                raise ModelError(str(error)) from None
            return await self._ask(model, conversation, instruction)
        self.usage += reply.usage
        self.rounds += 1
        return reply

    async def _judge(self) -> Verdict:
        self.tell("checking")
        bench, today = self.bench, date.today()

        def work() -> Verdict:
            return judge(bench.draft, self.task, all_rules(), bench.report_before(), bench.cancelled, today, self.run_tests)

        self.verdict = await in_thread(work)
        return self.verdict

    async def _call(self, call: Call) -> tuple[str, str, bool, str | None]:
        self.called[call.name] += 1
        path = call.arguments.get("path")
        path = path if isinstance(path, str) else None
        self.tell("working", f"{call.name} {path or ''}".rstrip())
        failed = False
        changed = self.bench.draft.changed
        try:
            text = await self._result(call)
        except ToolError as error:
            text, failed = str(error), True
        except (Cancelled, asyncio.CancelledError):
            raise
        except Exception as error:  # A fault of ours or of a foreign server must not end the run, and must not look like a result.
            self.log.append(f"{call.name}: {type(error).__name__}: {error}")
            text, failed = f"{call.name} failed in itself ({type(error).__name__}); do without it", True
        tool = self._tool(call.name)
        if tool is not None and tool.changes and not failed and self.bench.draft.changed != changed:
            self._seen.clear()
        return call.id, self._circling(call, text), failed, path

    async def _result(self, call: Call) -> str:
        tool = self._tool(call.name)
        if tool is None:
            raise ToolError(f"there is no tool `{call.name}`; there are: {', '.join(tool.name for tool in self.tools)}")
        if call.fault is not None:
            raise ToolError(call.fault)
        arguments = dict(checked(tool, call.arguments))
        if tool.changes:
            arguments = self._redaction.restore(arguments, self._text_of)
        result: str | Awaitable[str]
        if inspect.iscoroutinefunction(tool.run):
            result = tool.run(self.bench, arguments)
        else:
            result = await in_thread(lambda: tool.run(self.bench, arguments))
        if isinstance(result, str):
            return result
        try:
            return await asyncio.wait_for(result, _TOOL_SECONDS)
        except TimeoutError:
            raise ToolError(f"{call.name} gave no answer within {_TOOL_SECONDS:g} seconds") from None

    def _tool(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)

    def _text_of(self, path: str) -> str | None:
        """A file as it is in the draft, with what it held before: a literal may come back that an edit took out."""
        try:
            return self.bench.draft.read(path) + (self.bench.draft.original(path) or "")
        except ToolError:
            return None

    def _circling(self, call: Call, text: str) -> str:
        """The result; with a warning where the same call gave it before. Raises _Over for a run that goes in circles."""
        key = (call.name, json.dumps(call.arguments, sort_keys=True, default=str), text)
        self._seen[key] += 1
        if self._seen[key] >= 2 * _SAME:
            raise _Over("gave-up", f"the model goes in circles: {call.name} was called {self._seen[key]} times with the same result")
        if self._seen[key] >= _SAME:
            return f"{text}\n[The same call has given the same result {self._seen[key]} times. Do something else, or stop.]"
        return text


def _as_data(verdict: Verdict, left: int) -> str:
    """A verdict that does not hold, for the model."""
    found = "\n".join(verdict.lines)
    times = "once more" if left == 1 else f"{left} times more"
    return (
        f"The checker does not accept the work yet. You may mend it {times}.\n<data>\n{found}\n</data>\n"
        "Mend what is wrong and stop when you are done. If it cannot be done as specified, say in one sentence why."
    )


async def in_thread(work: Callable[[], T]) -> T:
    """Run work in a thread of its own, which nobody waits for when the run is cancelled: it works on a draft that is thrown away."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not future.done():
            future.set_exception(error) if error is not None else future.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # Whatever it is belongs to whoever waits.
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=body, name="agent", daemon=True).start()
    return await future
