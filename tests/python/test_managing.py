"""`with` statements around contexts of the workspace."""

from __future__ import annotations

from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.python.values import Certainty, Event


def events_of(text: str) -> list[Event]:
    program = Program(["main.py"], lambda path: read_module(path, text))
    return [event for event in Interpreter(program).run("main.py").events if getattr(event.callee, "name", "").startswith("other.")]


def told(text: str) -> list[object]:
    return [event.arguments[0].value for event in events_of(text)]


BEGINNING = "from contextlib import contextmanager\nimport other\n"


def test_a_generator_runs_around_the_body() -> None:
    text = """
class Routes:
    prefix = ''
    @contextmanager
    def below(self, prefix):
        before, self.prefix = self.prefix, prefix
        try:
            yield self.prefix
        finally:
            self.prefix = before

routes = Routes()
with routes.below('/a') as given, routes.below('/b'):
    other.note(given)
    other.note(routes.prefix)
other.note(routes.prefix)
"""
    assert told(BEGINNING + text) == ["/a", "/b", ""]


def test_a_class_is_entered_and_left() -> None:
    text = """
class Below:
    def __init__(self, log):
        self.log = log
    def __enter__(self):
        self.log.append('in')
        return self
    def __exit__(self, *failure):
        self.log.append('out')

log = []
with Below(log):
    log.append('body')
other.note(','.join(log))
"""
    assert told(BEGINNING + text) == ["in,body,out"]


def test_the_body_is_as_certain_as_the_statement_and_runs_once() -> None:
    text = """
@contextmanager
def either():
    if other.asked():
        yield 1
    else:
        yield 2

def work():
    with either():
        other.note('x')
        return 3

other.note(work())
"""
    notes = [event for event in events_of(BEGINNING + text) if event.callee.name == "other.note"]
    assert [event.arguments[0].value for event in notes] == ["x", 3]
    assert {event.certainty for event in notes} == {Certainty.CERTAIN}
