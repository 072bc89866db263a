"""The quick looks and the readers that they stand for."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from lsp_server.api import frameworks
from lsp_server.api.looks import LOOKS, frameworks_of, packages_named


def test_every_reader_has_a_look_and_every_look_a_reader() -> None:
    assert [look.reader for look in LOOKS] == sorted(entry.name for entry in pkgutil.iter_modules(frameworks.__path__))
    assert all(frameworks.framework(look.reader).name for look in LOOKS)


def test_a_text_speaks_of_the_frameworks_that_it_names() -> None:
    assert frameworks_of("import falcon\napp = falcon.App()\n") == ("falcon",)
    assert packages_named("from fastapi import FastAPI\n") == ("fastapi",)


def test_readers_of_frameworks_that_nobody_uses_are_not_imported() -> None:
    program = (
        "import sys\nfrom lsp_server.snapshot import Snapshot\n"
        "Snapshot.of({'main.py': 'from fastapi import FastAPI\\napp = FastAPI()\\n'}).implemented\n"
        "print(*sorted(name for name in sys.modules if name.startswith('lsp_server.api.frameworks.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["lsp_server.api.frameworks.fastapi"]
