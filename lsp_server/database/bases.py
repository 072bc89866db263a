"""What makes a class declarative: its base, whatever way the program made it, and the MetaData behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_server.database.alchemy_names import is_extension, made_by, name_of
from lsp_server.database.assemble import MetaDataDraft
from lsp_server.database.elements import columns_in
from lsp_server.database.library import Library
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, External, Instance, Method, Value

_BASES = ("sqlalchemy.DeclarativeBase", "sqlalchemy.DeclarativeBaseNoMeta")
_MAKERS = ("sqlalchemy.declarative_base", "sqlalchemy.automap_base", "sqlalchemy.dynamic_declarative_base")
_BASE_DECORATORS = ("as_declarative", "as_declarative_base")
_MAPPING_DECORATORS = ("mapped", "mapped_as_dataclass")


@dataclass(eq=False, slots=True)
class Root:
    """What makes a class declarative: "base", "flask", "sqlmodel", "library", "decorated", "unknown"."""

    sort: str
    value: Value
    naming: str | None = None


class Bases:
    """Finds the roots of classes and keeps one draft for each MetaData."""

    def __init__(self, interpreter: Interpreter, library: Library) -> None:
        self.interpreter = interpreter
        self.library = library
        self.metadata: dict[object, MetaDataDraft] = {}
        self._keep: list[object] = []  # ids stay valid only while their objects live

    def order(self, cls: ClassValue) -> list[Value]:
        """The lineage, with the classes that `declarative_base(cls=…)` and `SQLAlchemy(model_class=…)` build upon."""
        result: list[Value] = []
        waiting = list(cls.mro())
        while waiting and len(result) < 500:
            entry = waiting.pop(0)
            result.append(entry)
            holder = entry.receiver if isinstance(entry, Method) else entry
            if isinstance(holder, Instance):
                given = holder.argument("cls") or holder.argument("model_class")
                more = given.value.mro() if given and isinstance(given.value, ClassValue) else [given.value] if given else []
                waiting[:0] = [inner for inner in more if inner not in result and inner not in waiting]
        return result

    def root_of(self, cls: ClassValue) -> Root | None:
        naming = None
        found: Root | None = None
        for entry in self.order(cls):
            root = self._root_entry(entry, cls)
            if root is not None:
                naming = naming or root.naming
                found = found or (root if root.sort != "naming" else None)
        if found is not None:
            found.naming = found.naming or naming
            return found
        for value, _ in cls.decorators:
            if _last_word(value) in _MAPPING_DECORATORS:
                return Root("decorated", value.receiver if isinstance(value, Method) else value)
        foreign: list[Value] = [*cls.unknown_bases()] or [entry for entry in cls.mro() if isinstance(entry, External | Method | Instance)]
        if "__tablename__" in cls.names and foreign and any(columns_in(value) for value in cls.names.values()):
            return Root("unknown", None)
        return None

    def _root_entry(self, entry: Value, cls: ClassValue) -> Root | None:
        if isinstance(entry, ClassValue):
            if any(_last_word(value) in _BASE_DECORATORS for value, _ in entry.decorators):
                return Root("base", entry)
            if any(name_of(argument.value) == "sqlalchemy.DeclarativeMeta" for argument in entry.keywords):
                return Root("base", entry)
            return None
        if isinstance(entry, Method) and entry.name == "Model" and is_extension(entry.receiver):
            return Root("flask", entry.receiver)
        if isinstance(entry, Instance):
            word = entry.origin.name if isinstance(entry.origin, Method) else None
            if made_by(entry) in _MAKERS or word in ("generate_base", "declarative_base", "make_declarative_base"):
                return Root("base", entry)
            return None
        name = name_of(entry) if isinstance(entry, External) else None
        if name in _BASES:
            return Root("base", self._base_class(cls, name) or entry)
        if name == "sqlmodel.SQLModel":
            return Root("sqlmodel", "sqlmodel")
        described = self.library.described(entry)
        if described is not None:
            naming = self.library.trait(described, "tablename")
            if self.library.trait(described, "root"):
                return Root("library", str(self.library.trait(described, "metadata") or name), naming)
            return Root("naming", None, naming) if naming else None
        return None

    def _base_class(self, cls: ClassValue, name: str) -> ClassValue | None:
        """The class written directly below `DeclarativeBase`."""
        for entry in reversed(list(cls.lineage())):
            if any(name_of(base) == name for base in entry.bases if isinstance(base, External)):
                return entry
        return None

    def is_base(self, cls: ClassValue, root: Root) -> bool:
        """Whether a class is the declarative base itself rather than a model."""
        if root.value is cls:
            return True
        return any(name_of(base) in _BASES for base in cls.bases if isinstance(base, External))

    # MetaData

    def metadata_of(self, cls: ClassValue, root: Root) -> MetaDataDraft:
        """The MetaData a class' table belongs to."""
        for entry in self.order(cls):
            if isinstance(entry, ClassValue):
                for name in ("metadata", "registry"):
                    if name in entry.names:
                        value = self.interpreter.resolve(entry.scope, name)
                        if isinstance(value, Instance | Method):
                            return self.metadata_draft(value)
        bind = cls.find("__bind_key__")
        if root.sort == "flask" and bind and isinstance(bind[1], str):
            return self._draft((id(root.value), bind[1]), root.value)
        if root.value is None:
            return self._draft("unknown", None)
        return self.metadata_draft(root.value)

    def metadata_draft(self, value: Value) -> MetaDataDraft:
        """The draft for whatever stands for a MetaData: itself, a base, a registry, an extension object."""
        for _ in range(5):
            if isinstance(value, Method) and value.name in ("metadata", "registry", "Model"):
                value = value.receiver
            elif isinstance(value, Instance):
                if isinstance(value.origin, Method) and value.origin.name == "generate_base":
                    value = value.origin.receiver  # the registry holds the MetaData
                    continue
                given = value.argument("metadata") or (value.argument("bind") and None)
                if given is None or not isinstance(given.value, Instance | Method | ClassValue):
                    break
                value = given.value
            elif isinstance(value, ClassValue):
                root = self.root_of(value)
                if root is None:
                    break
                if root.value is value:
                    return self._of_base(value)
                return self.metadata_of(value, root)
            else:
                break
        if (registry := self._registry(value)) is not None:
            value = registry
        if isinstance(value, External):
            name = name_of(value) or ""
            if name.startswith("sqlmodel.SQLModel"):
                return self._draft("sqlmodel", value)
            return self._draft(name, value)
        if isinstance(value, str):
            draft = self._draft(value, None)
            draft.convention = draft.convention or next(
                (entry["convention"] for entry in self.library.bases.values() if entry.get("metadata") == value and "convention" in entry), {}
            )
            return draft
        return self._draft(id(value), value)

    def _registry(self, value: Value) -> str | None:
        """The described MetaData that an object of another package stands for, such as `orm_registry.metadata`."""
        while isinstance(value, Method | Instance):
            value = value.receiver if isinstance(value, Method) else value.origin
        return self.library.registry(value.name) if isinstance(value, External) else None

    def _of_base(self, cls: ClassValue) -> MetaDataDraft:
        for name in ("metadata", "registry"):
            found = cls.find(name)
            if found is not None and isinstance(found[1], Instance | Method):
                return self.metadata_draft(found[1])
        return self._draft(id(cls), cls)

    def _draft(self, key: object, value: Value) -> MetaDataDraft:
        if key not in self.metadata:
            self._keep.append(value)
            location = value.location if isinstance(value, Instance | ClassValue) else None
            draft = MetaDataDraft(value, location.path if location else "", location)
            if made_by(value) == "sqlalchemy.MetaData" and isinstance(value, Instance):
                schema = value.argument("schema", 0)
                draft.schema = schema.value if schema and isinstance(schema.value, str) else None
                convention = value.argument("naming_convention", 3) or value.argument("naming_convention")
                if convention is not None:
                    draft.convention = readable_convention(convention.value)
            self.metadata[key] = draft
        return self.metadata[key]


def readable_convention(value: Value) -> Mapping[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)}


def _last_word(value: Value) -> str | None:
    """The method or function a decorator is: `registry.mapped`, `as_declarative()`."""
    if isinstance(value, Instance):
        value = value.origin
    if isinstance(value, Method):
        return value.name
    name = name_of(value) if isinstance(value, External) else None
    return name.rpartition(".")[2] if name and name.startswith("sqlalchemy.") else None
