"""Programs that look for their own modules: folders listed, packages walked, modules imported by name."""

from __future__ import annotations

import pytest

from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program
from lsp_server.python.values import Place, Value
from lsp_server.unknown import Unknown

FILES = {
    "src/shop/views/__init__.py": "",
    "src/shop/views/cart.py": "from other import Thing\ncart = Thing('cart')\ndef helper(): ...\n",
    "src/shop/views/users.py": "from other import Thing\nusers = Thing('users')\nLIMIT = 3\n",
    "src/shop/views/admin/__init__.py": "",
    "src/shop/views/admin/pages.py": "import other\npages = other.things.Thing()\n",
}
BEGINNING = """
import glob, importlib, importlib.util, inspect, os, pkgutil
from importlib import import_module
from pathlib import Path
from other import Thing
from shop import views
HERE = os.path.dirname(__file__)
"""


def value_of(text: str) -> Value:
    """What `x` is worth at the end of `src/shop/__init__.py`."""
    texts = {**FILES, "src/shop/__init__.py": BEGINNING + text}
    program = Program(texts, lambda path: read_module(path, texts[path]))
    return Interpreter(program).run("src/shop/__init__.py").scope.names["x"]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("[m.name for m in pkgutil.iter_modules(views.__path__)]", ["admin", "cart", "users"]),
        ("[name for _, name, is_package in pkgutil.iter_modules([HERE + '/views'], 'v.') if not is_package]", ["v.cart", "v.users"]),
        ("[m.name for m in pkgutil.walk_packages(__path__, __name__ + '.')]",
         ["shop.views", "shop.views.admin", "shop.views.admin.pages", "shop.views.cart", "shop.views.users"]),
        ("os.listdir(os.path.join(HERE, 'views'))", ["__init__.py", "admin", "cart.py", "users.py"]),
        ("[os.path.basename(f)[:-3] for f in glob.glob(HERE + '/views/*.py') if not f.endswith('__init__.py')]", ["cart", "users"]),
        ("[p.stem for p in Path(__file__).parent.rglob('*.py')]",
         ["__init__", "__init__", "cart", "users", "__init__", "pages"]),
        ("[os.path.relpath(root, HERE).replace(os.sep, '.') for root, _, _ in os.walk(HERE)]", [".", "views", "views.admin"]),
        ("[name for name, _ in inspect.getmembers(import_module('.views', __package__), inspect.ismodule)]", []),
        ("[n for n in dir(import_module('shop.views.users')) if isinstance(getattr(import_module('shop.views.users'), n), Thing)]",
         ["users"]),
        ("[name for name, _ in inspect.getmembers(import_module('shop.views.admin.pages'), lambda m: isinstance(m, Thing))]", ["pages"]),
    ],
)  # fmt: skip
def test_what_is_found(expression: str, names: list[str]) -> None:
    assert value_of(f"x = {expression}\n") == names


def test_modules_loaded_by_their_finders_and_files() -> None:
    by_finder = """
x = []
for finder, name, _ in pkgutil.iter_modules([HERE + '/views']):
    spec = finder.find_spec(name)
    if spec is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        x.append(getattr(module, 'LIMIT', None))
"""
    assert value_of(by_finder) == [None, None, 3]
    by_file = "spec = importlib.util.spec_from_file_location('u', HERE + '/views/users.py')\nx = importlib.util.module_from_spec(spec).LIMIT\n"
    assert value_of(by_file) == 3


@pytest.mark.parametrize("expression", ["os.listdir(HERE + '/templates')", "os.listdir('/etc')", "glob.glob(HERE + '/*.html')"])
def test_folders_without_python_are_not_known(expression: str) -> None:
    assert isinstance(value_of(f"x = {expression}\n"), Unknown)


def test_a_set_has_one_order() -> None:
    assert value_of("x = [each for each in {'b', 'a', 'c'}]\n") == ["a", "b", "c"]


def test_a_place_that_is_there() -> None:
    assert value_of("x = (os.path.isdir(HERE), os.path.isfile(__file__), Path(__file__).is_dir())\n") == (True, True, False)
    assert isinstance(value_of("x = os.path.exists(HERE + '/.env')\n"), Unknown)
    assert isinstance(value_of("x = HERE\n"), Place)


def test_what_libraries_offer_for_the_same_purpose() -> None:
    text = """
from flask.helpers import get_root_path
from werkzeug.utils import find_modules, import_string
x = [import_string(name + ":users").arguments for name in find_modules("shop.views") if name.endswith("users")]
x += [find_modules("shop.views", include_packages=True, recursive=True), import_string("shop.views.users.LIMIT"), get_root_path("shop")]
"""
    users, names, limit, place = value_of(text)
    assert names == ["shop.views.admin", "shop.views.admin.pages", "shop.views.cart", "shop.views.users"]
    assert limit == 3 and place.path == "src/shop" and users.receiver.arguments[0].value == "users"


def test_members_that_may_be_of_a_kind_are_kept() -> None:
    assert value_of("x = [n for n, _ in inspect.getmembers(import_module('.cart', views.__name__), inspect.isfunction)]\n") == [
        "cart", "helper",
    ]  # fmt: skip


def test_an_item_under_an_undecided_condition_is_an_unknown_item() -> None:
    first, second = value_of("import other\nx = [n for n in ('a', 'b') if n == 'a' or other.wanted(n)]\n")
    assert first == "a" and isinstance(second, Unknown)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("hasattr(plain, 'start')", True), ("hasattr(plain, 'stop')", False), ("isinstance(plain.start, types.FunctionType)", True),
     ("isinstance(plain.Kind, types.FunctionType)", False), ("isinstance(plain.Kind, type)", True)],
)  # fmt: skip
def test_what_a_module_holds_and_of_what_sort_it_is(expression: str, expected: bool) -> None:
    files = {"main.py": f"import types\nimport plain\nx = {expression}\n", "plain.py": "def start(): ...\nclass Kind: ...\n"}
    facts = {path: read_module(path, text) for path, text in files.items()}
    assert Interpreter(Program(files, facts.__getitem__)).run("main.py").scope.names["x"] is expected
