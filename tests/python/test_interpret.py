"""What statements would do: names, classes, calls, branches and loops, across modules."""

from __future__ import annotations

import pytest

from lsp_server.python.execution import UNANSWERED
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.python.values import (
    Certainty,
    ClassValue,
    EnumMember,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    UnknownItems,
    UnknownText,
    Value,
)
from lsp_server.unknown import Unknown


def interpreter(files: dict[str, str]) -> Interpreter:
    facts = {path: read_module(path, text) for path, text in files.items()}
    return Interpreter(Program(files, facts.__getitem__))


def value_of(source: str, name: str = "x", **more: str) -> Value:
    files = {"main.py": source, **{f"{path.replace('__', '/')}.py": text for path, text in more.items()}}
    return interpreter(files).member("main.py", name)


def events(source: str, **more: str) -> list[tuple[str, Certainty]]:
    """The calls of things outside, as `name` or `.method`, with their certainty."""
    files = {"main.py": source, **{f"{path}.py": text for path, text in more.items()}}
    found = []
    for event in interpreter(files).run("main.py").events:
        name = f".{event.method}" if isinstance(event.callee, Method) else getattr(event.callee, "name", "?")
        found.append((name, event.certainty))
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1 + 2 * 3", 7),
        ("x = sorted([(2, 'b'), (1, 'a')], key=lambda item: item[0])", [(1, "a"), (2, "b")]),
        ("class A: ...\nx = frozenset({A}) in {frozenset({A}): 1}", True),
        ("from enum import StrEnum\nclass E(StrEnum):\n    a = 'a'\nx = ['a' in E, 'b' not in E]", [True, True]),
        ("from starlette import status\nx = status.HTTP_404_NOT_FOUND", 404),
        ("from typing import get_type_hints\ndef f() -> None: ...\nx = get_type_hints(f).get('return')", None),
        ("a = '/api'\nx = f'{a}/v{1}'", "/api/v1"),
        ("x = 0\nwhile x < 3:\n    x += 1", 3),
        ("x = 'a'\nwhile True:\n    x = x + 'b'\n    if len(x) > 2:\n        break", "ab"),
        ("x = '/'.join(['a', 'b'])", "a/b"),
        ("x = '%s/%d' % ('a', 2)", "a/2"),
        ("x = 'a-b'.replace('-', '_').upper()", "A_B"),
        ("x = [i * 2 for i in range(4) if i % 2]", [2, 6]),
        ("x = {k: v for k, v in {'a': 1}.items()}", {"a": 1}),
        ("x = {**{'a': 1}, 'b': 2}", {"a": 1, "b": 2}),
        ("x = []\nx.append(1)\nx += [2]\nx.extend((3,))", [1, 2, 3]),
        ("def f(a, *, b='z', **rest):\n    return a + b + str(rest)\nx = f('a', c=1)", "az{'c': 1}"),
        ("a, *b = [1, 2, 3]\nx = b", [2, 3]),
        ("x = (lambda p: p + '/x')('/a')", "/a/x"),
        ("def f(n):\n    if n == 0:\n        return 'end'\n    return f(n - 1)\nx = f(3)", "end"),
        ("import os\nx = os.getenv('PREFIX', '/p')", "/p"),
        ("import os\nx = os.environ.get('PREFIX', '/p')", "/p"),
        ("x = 'yes' if not [] else 'no'", "yes"),
        ("x = 0\nfor i in (1, 2, 3):\n    if i == 3:\n        break\n    x = i", 2),
        ("x = getattr('a', 'upper')()", "A"),
        ("import enum\nclass E(enum.Enum):\n    A = 'a'\n    B = 'b'\nx = [e.value for e in E]", ["a", "b"]),
        ("import enum\nclass E(enum.StrEnum):\n    A = enum.auto()\nx = f'{E.A}'", "a"),
        ("class A:\n    def __init__(self, p):\n        self.p = p\nx = A('/q').p", "/q"),
        ("class A:\n    p = '/a'\nclass B(A):\n    @property\n    def q(self):\n        return self.p + '/b'\nx = B().q", "/a/b"),
        ("class A:\n    @classmethod\n    def make(cls):\n        return cls.__name__\nclass B(A): pass\nx = B.make()", "B"),
        ("class A:\n    def f(self):\n        return 'a'\nclass B(A):\n    def f(self):\n        return super().f() + 'b'\nx = B().f()", "ab"),
        ("from functools import partial\ndef f(a, b):\n    return a + b\nx = partial(f, 'a')('b')", "ab"),
        ("from urllib.parse import urlparse\nx = urlparse('http://a:1/b?c').path", "/b"),
        ("import os\nx = ['a']\nif os.getenv('X', ''):\n    x[0] = 'b'\nelse:\n    x.append('c')", ["a", "c"]),
        ("x = ['a', 'b', '']\nwhile x and not x[-1]:\n    del x[-1]", ["a", "b"]),
    ],
)
def test_known_values(source: str, expected: object) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "x = open('f').read()",
        "import os\nx = os.environ['SECRET']",
        "import os\nx = f\"/{os.getenv('A')}\"",
        "x = undefined_name",
        "import random\nx = 'a' if random.random() > 0.5 else 'b'",
        "import sys\nif sys.argv:\n    x = '/a'\nelse:\n    x = '/b'",
        "x = 'a' * 10**9",
        "x = 2 ** 10_000_000",
        "def f():\n    return f()\nx = f()",
        "x = [1][5]",
    ],
)
def test_what_the_text_does_not_tell_is_no_constant(source: str) -> None:
    assert isinstance(value_of(source), Unknown | Instance | Method)


def test_unknown_has_no_truth() -> None:
    """Asking an unknown value for its truth would turn ignorance into an answer."""
    with pytest.raises(TypeError):
        bool(Unknown("anything"))


def test_names_are_followed_through_imports_and_packages() -> None:
    files = {
        "app/__init__.py": "from .core import settings as config\n",
        "app/core.py": "class Settings:\n    prefix = '/v1'\nsettings = Settings()\n",
        "app/main.py": "import app\nfrom app import config\nx = config.prefix + app.core.Settings.prefix\n",
    }
    assert interpreter(files).member("app/main.py", "x") == "/v1/v1"


def test_modules_that_import_each_other() -> None:
    files = {
        "a.py": "from b import second\nfirst = 'a'\nx = first + second\n",
        "b.py": "from a import first\nsecond = 'b'\nboth = first + second\n",
    }
    program = interpreter(files)
    assert program.member("a.py", "x") == "ab"
    assert program.member("b.py", "both") == "ab"


def test_import_root_is_found_from_the_importing_file() -> None:
    """Two backends in one repository each see their own package."""
    files = {
        "one/app/__init__.py": "", "one/app/config.py": "p = 1\n", "one/app/main.py": "from app.config import p as x\n",
        "two/app/__init__.py": "", "two/app/config.py": "p = 2\n", "two/app/main.py": "from app.config import p as x\n",
    }  # fmt: skip
    program = interpreter(files)
    assert (program.member("one/app/main.py", "x"), program.member("two/app/main.py", "x")) == (1, 2)


def test_a_module_named_like_a_library_does_not_shadow_it() -> None:
    files = {"app/__init__.py": "", "app/logging.py": "x = 1\n", "app/main.py": "import logging as x\n"}
    value = interpreter(files).member("app/main.py", "x")
    assert isinstance(value, External)


def test_settings_give_their_defaults() -> None:
    source = (
        "from pydantic_settings import BaseSettings\nfrom pydantic import Field\n"
        "class Settings(BaseSettings):\n    prefix: str = '/api'\n    version: str = Field('v2', alias='V')\n    secret: str\n"
        "settings = Settings()\nx = settings.prefix + '/' + settings.version\ny = settings.secret\n"
    )
    assert value_of(source) == "/api/v2"
    assert isinstance(value_of(source, "y"), Unknown)


@pytest.mark.parametrize(
    ("source", "certainty"),
    [
        ("from lib import call\ncall()", Certainty.CERTAIN),
        ("from lib import call, flag\nif flag:\n    call()", Certainty.CONDITIONAL),
        ("from lib import call\nif True:\n    call()", Certainty.CERTAIN),
        ("from lib import call\nimport os\nif os.getenv('A', '1') == '1':\n    call()", Certainty.CONFIGURED),
        ("from lib import call\nimport os\nif os.getenv('A', '1') == '2':\n    call()", Certainty.DORMANT),
        ("from lib import call\nimport os\nDEBUG = os.getenv('A', '1') == '2'\nif DEBUG:\n    call()", Certainty.DORMANT),
        ("from lib import call\ntry:\n    import q\nexcept ImportError:\n    call()", Certainty.DORMANT),
        ("from lib import call, items\nfor i in items:\n    call(i)", Certainty.CONDITIONAL),
        ("from lib import call, flag\ndef f():\n    if flag:\n        return\n    call()\nf()", Certainty.CONDITIONAL),
        ("from lib import call, flag\ndef f():\n    if flag:\n        raise ValueError\n    call()\nf()", Certainty.CERTAIN),
    ],
)
def test_certainty_of_a_call(source: str, certainty: Certainty) -> None:
    assert events(source)[-1] == ("lib.call", certainty)


def test_loops_over_known_values_are_unrolled() -> None:
    source = "from lib import app\nROUTERS = ('a', 'b')\nfor prefix in ROUTERS:\n    app.include(prefix)\n"
    assert [name for name, _ in events(source)] == ["lib.app.include"] * 2


def test_decorator_calls_know_what_they_decorate() -> None:
    program = interpreter({"main.py": "from lib import Router\nr = Router()\n@r.get('/x')\ndef read(): ...\n"})
    (event,) = [event for event in program.run("main.py").events if event.method == "get"]
    assert event.decorates is program.member("main.py", "read")
    assert event.argument("path", 0).value == "/x"


def test_wrapping_decorators_keep_the_signature() -> None:
    source = (
        "from functools import wraps\n"
        "def logged(f):\n    @wraps(f)\n    def inner(*args, **kwargs):\n        return f(*args, **kwargs)\n    return inner\n"
        "@logged\ndef x(limit: int): ...\n"
    )
    function = value_of(source)
    assert [parameter.name for parameter in function.original().parameters] == ["limit"]


def test_classes_made_in_functions() -> None:
    source = "def make(base):\n    class Made(base):\n        kind = 'made'\n    return Made\nclass A: pass\nx = make(A)\n"
    made = value_of(source)
    assert isinstance(made, ClassValue)
    assert [cls.name for cls in made.lineage()] == ["Made", "A"]


def test_method_resolution_order_is_pythons() -> None:
    source = "class O: pass\nclass A(O): pass\nclass B(O): pass\nclass x(A, B): pass\n"
    assert [cls.name for cls in value_of(source).lineage()] == ["x", "A", "B", "O"]


def test_enumeration_members_are_one_each() -> None:
    source = "from enum import Enum\nclass E(str, Enum):\n    A = 'a'\nx = E.A\ny = E['A']\nz = E('a')\nsame = E.A == 'a'\n"
    assert isinstance(value_of(source), EnumMember)
    assert value_of(source, "same") is True


def test_endless_loops_end() -> None:
    """A module that would run forever is given up after a bounded amount of work."""
    source = "\n".join(f"def f{i}():\n    for i in range(1000):\n        f{i + 1}()" for i in range(6)) + "\ndef f6(): pass\nf0()\nx = 1\n"
    program = interpreter({"main.py": source})
    assert program.run("main.py").unknowns


def test_other_packages_values_are_written_down() -> None:
    value = value_of("from sqlalchemy import Column, Integer\nx = Column(Integer, primary_key=True)\n")
    assert isinstance(value, Instance)
    assert value.origin.name == "sqlalchemy.Column"
    assert value.argument("primary_key").value is True


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import re\nx = re.sub(r"(?<!^)(?=[A-Z])", "_", "OrderItem").lower()', "order_item"),
        ('import re\nsnake = re.compile(r"(.)([A-Z])")\nx = snake.sub(r"\\1_\\2", "OrderItem").lower()', "order_item"),
        ('import re\nx = re.sub("[A-Z]", lambda m: "_" + m.group(0).lower(), "orderItem")', "order_item"),
        ('from re import findall\nx = "-".join(findall("[A-Z][a-z]+", "OrderItem"))', "Order-Item"),
    ],
)
def test_regular_expressions_on_known_texts(source: str, expected: object) -> None:
    assert value_of(source) == expected


def test_a_pattern_that_could_run_for_ever_is_not_run() -> None:
    assert isinstance(value_of('import re\nx = re.sub(r"(a+)+$", "", "' + "a" * 100 + 'b")'), Unknown)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def numbers():\n    for i in range(2):\n        yield i\n    yield from (7, 8)\nx = [*numbers()]", [0, 1, 7, 8]),
        ("from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(1)\nx = d['a']", [1]),
        ("from itertools import chain\nx = chain.from_iterable([[1], [2]])", [1, 2]),
        ("class A:\n    __own = 1\n    shared = 2\nx = [n for n in dir(A) if n.endswith('own')] + [getattr(A, '_A__own')]", ["_A__own", 1]),
        (
            "class classproperty:\n    def __init__(self, f): self.f = f\n    def __get__(self, o, cls): return self.f(cls)\n"
            "class A:\n    @classproperty\n    def name(cls): return cls.__name__\nclass B(A): pass\nx = B.name",
            "B",
        ),
        ("import os\nx = 'no' if os.environ.get('PREFIX') == '1' else 'yes'", None),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2", 2),
    ],
)
def test_what_a_run_would_give(source: str, expected: object) -> None:
    assert value_of(source) == (expected if expected is not None else "yes")


def test_a_package_that_may_be_absent_gives_way_to_ours() -> None:
    source = "try:\n    from enterprise import A\nexcept ImportError:\n    from ours import A\nx = A.name"
    assert value_of(source, ours="class A:\n    name = 'ours'\n") == "ours"


def test_a_module_named_like_a_well_known_package_is_not_it() -> None:
    files = {
        "app/__init__.py": "", "app/db/__init__.py": "", "app/db/sqlalchemy.py": "from sqlalchemy import Column\n",
        "app/db/models.py": "from sqlalchemy import Column as x\n",
    }  # fmt: skip
    program = interpreter(files)
    assert [isinstance(program.member(f"app/db/{name}.py", member), External) for name, member in (("sqlalchemy", "Column"), ("models", "x"))] == [True, True]


@pytest.mark.parametrize(
    ("source", "beginning"),
    [
        ("x = f'DROP {open(1)} y'", "DROP "),
        ("x = 'UPDATE ' + str(open(1)) + ' y'", "UPDATE "),
        ("x = 'INSERT {} y'.format(open(1))", "INSERT "),
        ("if open(1):\n    x = 'update a'\nelse:\n    x = 'update b'", "update "),
    ],
)
def test_a_text_put_together_at_run_time_keeps_its_known_beginning(source: str, beginning: str) -> None:
    value = value_of(source)
    assert isinstance(value, UnknownText) and value.beginning == beginning


def test_an_optional_package_that_is_tried_gives_way_to_the_workspaces_own_fallback() -> None:
    value = value_of("try:\n    from plugin import Thing as x\nexcept ImportError:\n    from own import Thing as x", own="class Thing: ...")
    assert isinstance(value, ClassValue)


def test_a_folder_without_init_does_not_hide_an_installed_package() -> None:
    found = interpreter({"alembic/versions/a.py": "from alembic import op\nx = op.f", "alembic/env.py": ""})
    value = found.member("alembic/versions/a.py", "x")
    assert isinstance(value, External) and value.name == "alembic.op.f"


def test_calls_whose_failure_is_caught_are_marked() -> None:
    found = interpreter({"main.py": "import a\na.one()\ntry:\n    a.two()\nexcept E:\n    pass\ntry:\n    a.three()\nexcept E:\n    raise"})
    assert [event.guarded for event in found.run("main.py").events] == [False, True, False]


class _Knowing:
    """Knows what one function and one attribute of another package give."""

    def called(self, event: Event) -> Value:
        return 7 if isinstance(event.callee, External) and event.callee.name == "lib.ask" else UNANSWERED

    def attribute(self, receiver: Value, name: str) -> Value:
        return "postgresql" if name == "dialect" else UNANSWERED


def test_somebody_who_knows_a_framework_answers_for_it() -> None:
    found = interpreter({"main.py": "import lib\nx = [lib.ask(), lib.make().dialect]\ny = lib.other()"})
    found.outside = _Knowing()
    assert found.member("main.py", "x") == [7, "postgresql"]
    assert isinstance(found.member("main.py", "y"), Instance)


def test_what_readers_ask_has_a_budget_of_its_own() -> None:
    source = "def slow():\n    for i in range(1000):\n        x = i\n    return 'done'\ndef f(a=slow()): ...\nclass C:\n    b = 1"
    shop = interpreter({"main.py": source})
    function = shop.member("main.py", "f")
    assert isinstance(function, FunctionValue) and function.parameters[0].default is not None
    asked = [shop.evaluate(function.parameters[0].default, function.scope) for _ in range(200)]
    assert set(asked) == {"done"}


def test_what_was_asked_before_leaves_no_doubt_behind() -> None:
    source = (
        "import os, lib\ndef f(a=os.environ.get('A', 'b')): ...\n"
        "def work():\n    for name in ('a',):\n        if name == 'a':\n            lib.done()"
    )
    shop = interpreter({"main.py": source})
    asked, work = shop.member("main.py", "f"), shop.member("main.py", "work")
    assert isinstance(asked, FunctionValue) and isinstance(work, FunctionValue)
    assert asked.parameters[0].default is not None
    shop.evaluate(asked.parameters[0].default, asked.scope)
    assert [event.certainty for event in shop.call_detached(work)[1]] == [Certainty.CERTAIN]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("reduce(add, [[1], [2, 3]])", [1, 2, 3]),
        ("reduce(add, [2], 1)", 3),
        ("'{a}/x'.format(a='1', b=nobody_knows)", "1/x"),
        ("'(?:{a})'.format(a=re.escape('b.c'))", r"(?:b\.c)"),
    ],
)
def test_values_put_together(expression: str, expected: Value) -> None:
    assert value_of(f"import re\nfrom functools import reduce\nfrom operator import add\nx = {expression}\n") == expected


@pytest.mark.parametrize("expression", ["[0] + nobody_knows", "[0, *nobody_knows]"])
def test_a_list_keeps_its_items_beside_those_that_are_not_known(expression: str) -> None:
    known, unknown = value_of(f"x = {expression}\n")
    assert known == 0 and isinstance(unknown, Unknown)


def test_items_that_only_some_branch_adds_are_possible() -> None:
    (known, unknown) = value_of("x = [1]\nif nobody_knows:\n    x.append(2)\n")
    assert known == 1 and isinstance(unknown, UnknownItems) and unknown.possible == (2,)


def test_a_class_derived_from_a_container_holds_what_it_was_made_of() -> None:
    program = """
class Registry(dict):
    def __getitem__(self, key):
        return super().__getitem__(key)

registry = Registry({"a": []})
registry["a"].append(1)
registry.update(b=2)
x = [registry["a"], registry["b"], [key for key in registry]]
"""
    assert value_of(program) == [[1], 2, ["a", "b"]]


def test_modules_of_other_packages_are_read_from_their_descriptions() -> None:
    files = {
        "main.py": "from library import views\nfrom library.views import View, other\nx = [View, views.View, other, views.third]\n",
        "<library>": "class View: ...\n",
    }
    facts = {path: read_module(path, text) for path, text in files.items()}
    read = Interpreter(Program(["main.py"], facts.__getitem__, {"library.views": "<library>"})).member("main.py", "x")
    assert isinstance(read[0], ClassValue) and read[0] is read[1]
    assert [value.name for value in read[2:]] == ["library.views.other", "library.views.third"]


def test_what_a_class_body_binds_can_wait_until_it_is_asked_for() -> None:
    program = "class A:\n    one = make()\n    two = one.part\n    def f(self): ...\nfrom outside import make\n"
    reader = interpreter({"main.py": program})
    reader.defers = True
    assert reader.run("main.py").events == []
    cls = reader.member("main.py", "A")
    assert isinstance(reader.resolve(cls.scope, "two"), Method)


def test_a_module_that_each_installation_adds_gives_the_defaults() -> None:
    program = "import importlib\nmodule = importlib.import_module('package.own')\nx = getattr(module, 'NAME', 'default')\n"
    assert value_of(program, package__inner="") == "default"


def test_type_makes_a_class() -> None:
    source = """
class Base:
    made = []
    def __init_subclass__(cls):
        cls.made.append(cls.__name__)

Book = type("Book", (Base,), {"size": 3})
x = (Book.size, Base.made)
"""
    assert value_of(source) == (3, ["Book"])
