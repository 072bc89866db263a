"""Type objects of Python programs (`String(50)`, `postgresql.JSONB`, a project's own TypeDecorator) to `ColumnType`.

Types are spelled as SQLAlchemy compiles them for PostgreSQL. What other packages bring is described in
`library_types.toml`; a type that is described nowhere keeps its name and has an Unknown family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lsp_server.database.alchemy_names import given_to, made_by, name_of
from lsp_server.database.library import Library, shipped_library
from lsp_server.database.model import ColumnType, EnumType
from lsp_server.python import judge
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    Argument,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    Specialized,
    Value,
    find_argument,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

TIMESTAMP = "TIMESTAMP WITHOUT TIME ZONE"

# name: (family, its length-like arguments in order)
_PLAIN: dict[str, tuple[str, tuple[str, ...]]] = {
    "String": ("VARCHAR", ("length",)), "VARCHAR": ("VARCHAR", ("length",)), "Unicode": ("VARCHAR", ("length",)),
    "NVARCHAR": ("NVARCHAR", ("length",)), "CHAR": ("CHAR", ("length",)), "NCHAR": ("NCHAR", ("length",)),
    "Text": ("TEXT", ("length",)), "TEXT": ("TEXT", ("length",)), "UnicodeText": ("TEXT", ("length",)),
    "CLOB": ("CLOB", ("length",)), "Integer": ("INTEGER", ()), "INTEGER": ("INTEGER", ()), "INT": ("INTEGER", ()),
    "BigInteger": ("BIGINT", ()), "BIGINT": ("BIGINT", ()), "SmallInteger": ("SMALLINT", ()), "SMALLINT": ("SMALLINT", ()),
    "Numeric": ("NUMERIC", ("precision", "scale")), "NUMERIC": ("NUMERIC", ("precision", "scale")),
    "DECIMAL": ("DECIMAL", ("precision", "scale")), "Float": ("FLOAT", ("precision",)), "FLOAT": ("FLOAT", ("precision",)),
    "Double": ("DOUBLE PRECISION", ()), "DOUBLE": ("DOUBLE", ()), "DOUBLE_PRECISION": ("DOUBLE PRECISION", ()),
    "REAL": ("REAL", ()), "Date": ("DATE", ()), "DATE": ("DATE", ()), "DATETIME": ("DATETIME", ()),
    "Boolean": ("BOOLEAN", ()), "BOOLEAN": ("BOOLEAN", ()), "LargeBinary": ("BYTEA", ()), "PickleType": ("BYTEA", ()),
    "BLOB": ("BLOB", ()), "BINARY": ("BINARY", ("length",)), "VARBINARY": ("VARBINARY", ("length",)),
    "JSON": ("JSON", ()), "UUID": ("UUID", ()), "Interval": ("INTERVAL", ()), "MatchType": ("BOOLEAN", ()),
}  # fmt: skip
_POSTGRESQL: dict[str, tuple[str, tuple[str, ...]]] = {
    **{name: (name, ()) for name in ["JSONB", "JSONPATH", "INET", "CIDR", "MACADDR", "MACADDR8", "HSTORE", "TSVECTOR", "TSQUERY", "BYTEA", "MONEY", "OID", "REGCLASS", "REGCONFIG", "INT4RANGE", "INT8RANGE", "NUMRANGE", "DATERANGE", "TSRANGE", "TSTZRANGE", "INT4MULTIRANGE", "INT8MULTIRANGE", "NUMMULTIRANGE", "DATEMULTIRANGE", "TSMULTIRANGE", "TSTZMULTIRANGE", "CITEXT"]},
}  # fmt: skip
_MYSQL_SIZES = ("TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "TINYINT", "MEDIUMINT", "YEAR", "BIT")
_ENUMS = ("sqlalchemy.Enum", "sqlalchemy.dialects.postgresql.ENUM", "sqlalchemy.dialects.mysql.ENUM", "sqlalchemy.ENUM")

# What a Python type in `Mapped[…]` means where no `type_annotation_map` says otherwise.
PYTHON_TYPES: dict[str, ColumnType] = {
    "builtins.int": ColumnType("INTEGER"), "builtins.str": ColumnType("VARCHAR"), "builtins.bool": ColumnType("BOOLEAN"),
    "builtins.float": ColumnType("FLOAT"), "builtins.bytes": ColumnType("BYTEA"), "decimal.Decimal": ColumnType("NUMERIC"),
    "datetime.datetime": ColumnType(TIMESTAMP), "datetime.date": ColumnType("DATE"), "uuid.UUID": ColumnType("UUID"),
    "datetime.time": ColumnType("TIME WITHOUT TIME ZONE"), "datetime.timedelta": ColumnType("INTERVAL"),
}  # fmt: skip


class TypeReader:
    """Reads type objects with one interpreter and one library; has no other state."""

    def __init__(self, interpreter: Interpreter, library: Library | None = None) -> None:
        self.interpreter = interpreter
        self.library = library or shipped_library()

    def read(self, value: Value, location: Location | None = None, depth: int = 0) -> ColumnType:
        """The type of `Column("x", value)`; `value` is a type class or an object of one."""
        if depth > 10:
            return _unknown("a type that is nested too deeply", location)
        if isinstance(value, Unknown):
            return ColumnType(Unknown(value.what, value.location or location))
        if isinstance(value, ClassValue):
            return self._own(value, (), None, location, depth)
        if isinstance(value, Specialized):
            return self.read(value.origin, location, depth + 1)
        if isinstance(value, Method) and value.name == "impl":
            return self.read(value.receiver, location, depth + 1)  # what a type of another package wraps
        if isinstance(value, External | Method):
            return self._named(name_of(value), (), location, depth)
        if isinstance(value, Instance):
            return self._made(value, location, depth)
        if isinstance(value, FunctionValue):
            result, _ = self.interpreter.call_detached(value)
            return self.read(result, location, depth + 1)
        return _unknown("a column type that is not known", location)

    def _made(self, value: Instance, location: Location | None, depth: int) -> ColumnType:
        location = value.location
        origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
        if isinstance(origin, Method):
            first = value.arguments[0].value if value.arguments else None
            if origin.name == "with_variant" and isinstance(origin.receiver, Instance | External | ClassValue):
                return self._variant(origin.receiver, value.arguments, location, depth)
            if origin.name in ("as_mutable", "type_descriptor") and value.arguments:
                return self.read(first, location, depth + 1)
            if origin.name in ("adapt", "copy", "evolve") and isinstance(origin.receiver, Instance):
                return self.read(origin.receiver, location, depth + 1)
        name = name_of(value.origin)
        if name is not None and name.endswith((".as_mutable", ".with_variant")) and value.arguments:
            if name.endswith(".as_mutable"):
                return self.read(value.arguments[0].value, location, depth + 1)
            return self._variant(External(name.rpartition(".")[0]), value.arguments, location, depth)
        if isinstance(origin, ClassValue):
            return self._own(origin, value.arguments, value, location, depth)
        return self._named(name, value.arguments, location, depth)

    def _variant(self, receiver: Value, arguments: tuple[Argument, ...], location: Location, depth: int) -> ColumnType:
        base = self.read(receiver, location, depth + 1)
        variant = self.read(arguments[0].value, location, depth + 1) if arguments else base
        dialects = [argument.value for argument in arguments[1:] if isinstance(argument.value, str)]
        if "postgresql" in dialects:
            return replace(variant, variants=(*base.variants, ("", replace(base, variants=()))))
        return replace(base, variants=(*base.variants, *((dialect, variant) for dialect in dialects)))

    def _named(self, name: str | None, arguments: tuple[Argument, ...], location: Location | None, depth: int) -> ColumnType:
        """A type of SQLAlchemy's own or of another package."""
        if name is None:
            return _unknown("a column type that is not known", location)
        word = name.rpartition(".")[2]
        if name in _ENUMS:
            return replace(self._enum(arguments, location), python=name)
        if name.startswith("sqlalchemy.") and not name.startswith("sqlalchemy.func."):
            result = self._standard(name, word, arguments, location, depth)
            if result is not None:
                return replace(result, python=name)
        described = self.library.type_named(name)
        if described is not None:
            return replace(self._described(described, arguments, location, depth), python=name)
        return ColumnType(Unknown(f"the column type `{name}`, which is described nowhere", location), python=name)

    def _standard(
        self, name: str, word: str, arguments: tuple[Argument, ...], location: Location | None, depth: int
    ) -> ColumnType | None:
        postgresql = name.startswith("sqlalchemy.dialects.postgresql.")
        if word in ("DateTime", "TIMESTAMP"):
            return _zoned("TIMESTAMP", arguments, 0, 1 if word == "TIMESTAMP" else None)
        if word in ("Time", "TIME"):
            return _zoned("TIME", arguments, 0, 1 if postgresql else None)
        if word == "ARRAY":
            given = find_argument(arguments, "item_type", 0)
            item = self.read(given.value if given else None, location, depth + 1)
            return ColumnType("ARRAY", item=item)
        if word == "Uuid":
            native = find_argument(arguments, "native_uuid", 1)
            return ColumnType("CHAR", (32,)) if native and native.value is False else ColumnType("UUID")
        if word == "INTERVAL":
            fields = find_argument(arguments, "fields", 1 if not postgresql else None)
            precision = find_argument(arguments, "precision", 0)
            family = f"INTERVAL {fields.value}" if fields and isinstance(fields.value, str) else "INTERVAL"
            return ColumnType(family, (precision.value,) if precision and isinstance(precision.value, int) else ())
        if word == "BIT" and postgresql:
            length, varying = find_argument(arguments, "length", 0), find_argument(arguments, "varying", 1)
            family = "BIT VARYING" if varying and varying.value is True else "BIT"
            return ColumnType(family, (length.value,) if length and isinstance(length.value, int) else ())
        if word == "DOMAIN" and arguments and isinstance(arguments[0].value, str):
            return ColumnType(arguments[0].value)
        if word in ("NullType", "NULLTYPE"):
            return _unknown("a column without a type", location)
        plain = _PLAIN.get(word) or (_POSTGRESQL.get(word) if postgresql or word == "JSONB" else None)
        if plain is None and name.startswith("sqlalchemy.dialects."):
            plain = (word, ()) if word in _MYSQL_SIZES or word.isupper() else None
        if plain is None:
            return None
        family, names = plain
        return _sized(family, names, arguments, location)

    def _described(
        self, entry: Mapping[str, Any], arguments: tuple[Argument, ...], location: Location | None, depth: int
    ) -> ColumnType:
        """A type of another package. `sql`: its name; `arguments`: names of its length-like arguments; `wraps`: the position or
        name of an argument that is the real type; `enum`: an argument that is an enumeration."""
        wraps = entry.get("wraps")
        if wraps is not None:
            given = find_argument(arguments, str(wraps), wraps if isinstance(wraps, int) else entry.get("position"))
            if given is not None:
                return self.read(given.value, location, depth + 1)
        if "like" in entry:
            return self._named(entry["like"], arguments, location, depth + 1)
        if "pattern" in entry:
            unless = entry.get("indexed_unless")
            given = find_argument(arguments, unless) if unless else None
            indexed = unless is not None and (given is None or given.value is not False)
            return replace(_patterned(entry, arguments, location), indexed=indexed)
        if "sql" not in entry:
            return _unknown("a type whose wrapped type is not known", location)
        native = entry.get("native")
        if native and (given := find_argument(arguments, native["argument"], native.get("position"))) and given.value is native["when"]:
            return ColumnType(native["sql"], tuple(native.get("sizes", ())))
        names = tuple(entry.get("arguments", ()))
        found = _sized(entry["sql"], names, arguments, location)
        return replace(found, arguments=found.arguments or tuple(entry.get("sizes", ())))

    # A project's own types

    def _own(
        self, cls: ClassValue, arguments: tuple[Argument, ...], made: Instance | None, location: Location | None, depth: int
    ) -> ColumnType:
        name = f"{self.interpreter.program.module_name(cls.path)}.{cls.qualname or cls.name}"
        return replace(self._own_type(cls, arguments, made, location, depth), python=name)

    def _own_type(
        self, cls: ClassValue, arguments: tuple[Argument, ...], made: Instance | None, location: Location | None, depth: int
    ) -> ColumnType:
        receiver = made or self.interpreter.instantiate(cls, arguments, location or cls.location)
        given = receiver.base_arguments if receiver.base_arguments is not None else arguments
        found = cls.find("get_col_spec")
        if found and isinstance(found[1], FunctionValue):
            spec = self._call(found[1], receiver)
            return spelled_type(spec) if isinstance(spec, str) else _unknown(f"the type `{cls.name}`", location)
        found = cls.find("load_dialect_impl")
        if found and isinstance(found[1], FunctionValue):
            result = self._call(found[1], receiver, _dialect(cls.location))
            # `super().load_dialect_impl(dialect)` and `self.impl` are the wrapped type itself.
            inner = isinstance(result, Instance) and isinstance(result.origin, Method) and result.origin.name == "load_dialect_impl"
            if not inner and not isinstance(result, Unknown) and result is not receiver.attributes.get("impl"):
                answer = self.read(result, location, depth + 1)
                if not isinstance(answer.family, Unknown):
                    return answer
            if isinstance(result, Unknown):
                return _unknown(f"the type `{cls.name}`, which depends on the database", location)
        impl = receiver.attributes.get("impl")
        if impl is None:
            own = cls.find("impl")
            impl = own[1] if own else None
        if isinstance(impl, Instance):
            return self.read(impl, location, depth + 1)
        if isinstance(impl, External | ClassValue | Method | Specialized):
            return self.read(Instance(impl, given, location or cls.location), location, depth + 1)
        for external in cls.mro():
            name = name_of(external) if isinstance(external, External) else None
            if name and name not in ("sqlalchemy.TypeDecorator", "sqlalchemy.UserDefinedType", "sqlalchemy.TypeEngine"):
                answer = self._named(name, given, location, depth + 1)
                if not isinstance(answer.family, Unknown):
                    return answer
        return _unknown(f"the type `{cls.name}`", location)

    def _call(self, function: FunctionValue, receiver: Value, *more: Value) -> Value:
        given = tuple(Argument(None, value, function.location) for value in (receiver, *more))
        return self.interpreter.call_detached(function, given)[0]

    # Enumerations

    def _enum(self, arguments: tuple[Argument, ...], location: Location | None) -> ColumnType:
        named = {argument.name: argument.value for argument in arguments if argument.name is not None}
        positional = [argument for argument in arguments if argument.name is None]
        values: tuple[str, ...] | Unknown = Unknown("the values of an enumeration", location)
        name = named.get("name")
        if any(argument.star for argument in arguments):
            pass
        elif len(positional) == 1 and isinstance(positional[0].value, ClassValue | External | list | tuple):
            values = self._values(positional[0].value, named.get("values_callable"), location)
            if name is None and isinstance(positional[0].value, ClassValue):
                name = positional[0].value.name.lower()
        elif "enums" in named:
            values = self._values(named["enums"], None, location)
        else:
            texts = [_text(argument.value) for argument in positional]
            if None not in texts and texts:
                values = tuple(text for text in texts if text is not None)
        return enum_type(
            values, name if isinstance(name, str) else None, native=named.get("native_enum", True) is not False,
            length=named.get("length"), schema=named.get("schema"), create_constraint=named.get("create_constraint") is True,
            location=location,
        )  # fmt: skip

    def _values(self, value: Value, chosen: Value, location: Location | None) -> tuple[str, ...] | Unknown:
        items: Value = value
        if isinstance(value, ClassValue):
            if not value.inherits(*judge.ENUMS):
                return Unknown("the values of an enumeration", location)
            if isinstance(chosen, FunctionValue):
                given = (Argument(None, value, chosen.location),)
                items = self.interpreter.call_detached(chosen, given)[0]
            elif chosen is not None:
                items = Unknown("the values of an enumeration")
            else:
                return tuple(dict.fromkeys(member.name for member in _distinct(judge.members(value))))
        texts = [_text(item) for item in items] if isinstance(items, list | tuple) else [None]
        if None in texts:
            return Unknown("the values of an enumeration", location)
        return tuple(text for text in texts if text is not None)

    def python_enum(self, cls: ClassValue, like: Value = None) -> ColumnType:
        """`Mapped[Colour]`; `like` is the Enum object that the annotation map gives for enumerations."""
        arguments = given_to(like) if isinstance(like, Instance) and made_by(like) in _ENUMS else ()
        options = tuple(argument for argument in arguments if argument.name is not None)
        return self._enum((Argument(None, cls, cls.location), *options), cls.location)

    def literal(self, values: tuple[Value, ...], location: Location) -> ColumnType:
        """`Mapped[Literal["a", "b"]]`: an enumeration kept as VARCHAR."""
        texts = [value if isinstance(value, str) else None for value in values]
        if None in texts:
            return _unknown("a Literal of other things than texts", location)
        return enum_type(tuple(text for text in texts if text is not None), None, native=False, location=location)


def enum_type(
    values: tuple[str, ...] | Unknown, name: str | None, *, native: bool = True, length: Value = None, schema: Value = None,
    create_constraint: bool = False, location: Location | None = None,
) -> ColumnType:  # fmt: skip
    """An enumeration's type: the database's own one, or a VARCHAR as long as its longest value."""
    enum = EnumType(name, values, native, schema if isinstance(schema, str) else None, create_constraint, location)
    if native:
        return ColumnType("ENUM", enum=enum)
    if isinstance(length, Unknown) or (isinstance(values, Unknown) and length is None):
        return ColumnType(Unknown("the length of an enumeration", location), enum=enum)
    longest = max((len(value) for value in values), default=0) if not isinstance(values, Unknown) else 0
    return ColumnType("VARCHAR", (length if isinstance(length, int) else longest,), enum=enum)


def _distinct(members: list[EnumMember]) -> list[EnumMember]:
    """Without aliases: members of a value that an earlier one has."""
    kept: list[EnumMember] = []
    for member in members:
        if not any(judge.plain(member.value) and judge.plain(other.value) and other.value == member.value for other in kept):
            kept.append(member)
    return kept


def _text(value: Value) -> str | None:
    if isinstance(value, EnumMember):
        value = value.value
    return value if isinstance(value, str) else None


def _sized(family: str, names: tuple[str, ...], arguments: tuple[Argument, ...], location: Location | None) -> ColumnType:
    starred = any(argument.star for argument in arguments)
    sizes: list[int | str | None] = []
    for position, name in enumerate(names):
        given = find_argument(arguments, name, position)
        if given is None and starred:
            return _unknown("a type whose length is not known", location)
        if given is None or given.value is None:
            break
        if isinstance(given.value, Unknown) or not isinstance(given.value, int | str):
            return _unknown("a type whose length is not known", location)
        sizes.append(given.value)
    collation = find_argument(arguments, "collation", 1 if names == ("length",) else None)
    return ColumnType(family, tuple(sizes), collation=collation.value if collation and isinstance(collation.value, str) else None)


def _zoned(family: str, arguments: tuple[Argument, ...], position: int, precision_position: int | None) -> ColumnType:
    zone = find_argument(arguments, "timezone", position)
    if zone is not None and not isinstance(zone.value, bool):
        return _unknown("a time type whose zone is not known", zone.location)
    precision = find_argument(arguments, "precision", precision_position)
    size = (precision.value,) if precision is not None and isinstance(precision.value, int) else ()
    return ColumnType(f"{family} {'WITH' if zone and zone.value else 'WITHOUT'} TIME ZONE", size)


def _patterned(entry: Mapping[str, Any], arguments: tuple[Argument, ...], location: Location | None) -> ColumnType:
    """`pattern = "geometry({geometry_type},{srid})"` with the defaults of `defaults`."""
    values = dict(entry.get("defaults", {}))
    for position, name in enumerate(entry.get("arguments", ())):
        given = find_argument(arguments, name, position)
        if given is not None:
            if not isinstance(given.value, int | str):
                return _unknown("a type whose arguments are not known", location)
            values[name] = given.value
    try:
        return spelled_type(entry["pattern"].format(**values))
    except (KeyError, IndexError, ValueError):
        return _unknown("a type whose arguments are not known", location)


def spelled_type(sql: str) -> ColumnType:
    """A type given as SQL text: "VARCHAR(20)", "vector(3)"."""
    head, bracket, rest = sql.partition("(")
    if not bracket or not rest.endswith(")"):
        return ColumnType(sql.strip())
    sizes = [int(part) if part.strip().isdigit() else part.strip() for part in rest[:-1].split(",")]
    return ColumnType(head.strip(), tuple(sizes))


def _dialect(location: Location) -> Instance:
    return Instance(External("sqlalchemy.Dialect"), (), location, {"name": "postgresql"})


def _unknown(what: str, location: Location | None) -> ColumnType:
    return ColumnType(Unknown(what, location))
