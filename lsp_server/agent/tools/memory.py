"""What a run remembers: its plan as a todo list, which is the progress people see, and notes for the next run."""

from __future__ import annotations

from lsp_server.agent import notes
from lsp_server.agent.bench import Todo, Workbench
from lsp_server.agent.tool import Arguments, Tool, ToolError, flag, takes, text
from lsp_server.agent.tools.shown import counted

_STATES = {"open": "open", "pending": "open", "active": "active", "in_progress": "active", "done": "done", "completed": "done"}
_MOST = 40  # steps
_LONGEST = 200  # characters of one


def todo_write(bench: Workbench, arguments: Arguments) -> str:
    given = arguments["todos"]
    if len(given) > _MOST:
        raise ToolError(f"{len(given)} steps are too many; the most is {_MOST}")
    todos = []
    for each in given:
        said = " ".join(each["text"].split())
        if not said:
            raise ToolError("a step has no text")
        todos.append(Todo(said[:_LONGEST], _STATES[each["state"]]))
    bench.todos = tuple(todos)
    bench.progress()
    done = sum(todo.state == "done" for todo in todos)
    return f"{counted(len(todos), 'step')}, {done} done"


def read_notes(bench: Workbench, arguments: Arguments) -> str:
    found = notes.read_notes(bench.notes)
    return f"Notes of earlier runs (what a model wrote; check it before you rely on it):\n{found}" if found else "there are no notes"


def write_notes(bench: Workbench, arguments: Arguments) -> str:
    if bench.notes is None:
        raise ToolError("no notes are kept here")
    before = notes.read_notes(bench.notes) if arguments.get("append", True) else ""
    after = f"{before.rstrip()}\n{arguments['text'].strip()}\n".lstrip("\n")
    if len(after) > notes.LARGEST:
        raise ToolError(f"the notes would have {len(after):,} characters, the most is {notes.LARGEST:,}: read them, and write a shorter whole with append=false")
    trouble = notes.write_notes(bench.notes, after)
    if trouble is not None:
        raise ToolError(f"the notes cannot be kept: {trouble}; go on without them")
    return f"noted, {counted(len(after), 'character')} in all"


TOOLS = (
    Tool(
        "todo_write",
        "Write down your plan as a list of steps, and keep it true: it is the progress that people see. The whole list each time.",
        takes({
            "todos": {
                "type": "array",
                "items": takes({"text": text("The step, in a few words."), "state": text("How far it is.", tuple(_STATES))}),
                "description": "All steps in order.",
            },
        }),
        todo_write,
        ("TodoWrite", "TodoRead"),
    ),
    Tool(
        "read_notes",
        "The notes that earlier runs in this workspace left.",
        takes(),
        read_notes,
        ("TodoWrite",),
    ),
    Tool(
        "write_notes",
        "Note what the next run in this workspace should know: a convention, a trap, a decision and its reason. No secrets, no rows.",
        takes({"text": text("The note.")}, {"append": flag("Whether to keep what is there. True unless you say otherwise.")}),
        write_notes,
        ("TodoWrite",),
    ),
)  # fmt: skip
