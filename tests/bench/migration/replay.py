"""Runs a project's real revisions with real Alembic on a database of ours. A script: it stands alone, under any interpreter.

The question is JSON on the standard input: `url`, `versions` (the folder of revisions), `imports` (the folder that the project is imported
from), `first` (modules that its `env.py` imports), `options` (what that gives to `context.configure`), and `orders`, pairs such as
["upgrade", "head"] that run one after the other; ["create_all", "module:expression"] makes the tables of the MetaData that it names.

The interpreter needs SQLAlchemy, Alembic, the driver and what the revisions use. The packages in `absent` are imported beside that and
stood for by empty ones; a revision that really needs one fails. The project's `env.py`, which would open its own database, is
replaced by one that knows only the URL.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import logging
import os
import sys
import tempfile
import types
from pathlib import Path

ENVIRONMENT = """
import sqlalchemy as sa
from alembic import context

given = context.config.attributes
engine = sa.create_engine(given["url"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=sa.MetaData(), transaction_per_migration=True, **given["options"])
    with context.begin_transaction():
        context.run_migrations()
"""


class Nothing:
    """A name of an absent package: it can be called, decorate and be inherited from, and does nothing."""

    def __init__(self, *_, **__):
        pass

    def __init_subclass__(cls, **_):
        pass

    def __call__(self, *given, **_):
        return given[0] if given else self


class Absent(types.ModuleType):
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Nothing,), {})


class Absence(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self.names else None

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


def main(asked):
    import alembic.command
    import alembic.config
    importlib.import_module("sqlalchemy.orm")  # what the project's files may take for loaded

    logging.disable(logging.INFO)
    sys.path.insert(0, asked["imports"])
    sys.meta_path.append(Absence(asked.get("absent", ())))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # what the project writes while it is imported goes with it
        for module in asked["first"]:
            importlib.import_module(module)
        Path(folder, "env.py").write_text(ENVIRONMENT)
        config = alembic.config.Config(attributes={"url": asked["url"], "options": asked["options"]})
        config.set_main_option("script_location", folder)
        config.set_main_option("version_locations", asked["versions"].replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("sqlalchemy.url", asked["url"].replace("%", "%%"))  # some revisions look there
        for order, revision in asked["orders"]:
            if order == "create_all":
                create_all(asked["url"], *revision.split(":"))
            else:
                getattr(alembic.command, order)(config, revision)


def create_all(url, module, expression):
    import sqlalchemy as sa

    value = importlib.import_module(module)
    for name in expression.split("."):
        value = getattr(value, name)
    value.create_all(sa.create_engine(url))


if __name__ == "__main__":
    main(json.load(sys.stdin))
