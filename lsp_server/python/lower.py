"""A syntax tree to the compact one we keep: nested tuples that cost little memory and go to the cache as they are.

Every node is a tuple `(kind, start, end, …)`; offsets are code points. Expressions:

    ("const", s, e, value)                       ("name", s, e, identifier)
    ("attr", s, e, value, name)                  ("call", s, e, function, arguments, keywords)
    ("list" | "tuple" | "set", s, e, items)      ("dict", s, e, keys, values)       key None: `**value`
    ("star", s, e, value)                        ("binop", s, e, operator, left, right)
    ("unary", s, e, operator, operand)           ("bool", s, e, "and" | "or", values)
    ("compare", s, e, left, operators, values)   ("if", s, e, test, then, otherwise)
    ("fstring", s, e, parts)                     ("format", s, e, value, conversion, spec)
    ("subscript", s, e, value, index)            ("slice", s, e, lower, upper, step)
    ("lambda", s, e, parameters, body)           ("comp", s, e, sort, element, generators)
    ("await", s, e, value)                       ("walrus", s, e, name, value)
    ("yield", s, e, value, from)                 ("opaque", s, e, what)

A keyword is `(name | None, value, s, e)`, None for `**value`; a generator `(target, iterable, conditions)`; a parameter
`(name, sort, annotation, default, s, e)` with sort "positional", "normal", "vararg", "keyword", "kwarg".

Statements:

    ("expr", s, e, value)                        ("assign", s, e, targets, value)
    ("annassign", s, e, target, annotation, value)   ("augassign", s, e, target, operator, value)
    ("import", s, e, ((module, alias), …))       ("from", s, e, module, level, ((name, alias), …))
    ("def", s, e, name, name_span, parameters, returns, decorators, body, sort, type_parameters)
    ("class", s, e, name, name_span, bases, keywords, decorators, body, type_parameters)
    ("if", s, e, test, body, otherwise)          ("for", s, e, target, iterable, body, otherwise)
    ("while", s, e, test, body)                  ("with", s, e, ((value, target), …), body)
    ("try", s, e, body, handlers, otherwise, final)   handler: (type, name, body)
    ("match", s, e, subject, bodies)             ("return", s, e, value)
    ("raise", s, e, value)                       ("delete", s, e, targets)
    ("global", s, e, names)                      ("break" | "continue" | "pass", s, e)

`s` of a function or class is its first decorator. Its docstring stays the first statement of the body. The sort of a
function is "function", "generator", "coroutine" or "asyncgen".
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from lsp_server.python.syntax import Mended, Parsed, type_parameters
from lsp_server.text import LineIndex

Node = tuple[Any, ...]

_OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
    ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def lower(parsed: Parsed, original: str) -> tuple[Node, ...]:
    """The statements of a module. `original` is the text before any repair (for grammar newer than the parser's)."""
    return _Lowering(parsed.text, original, parsed.lines, mended=parsed.mended).block(parsed.tree.body)


def lower_expression(expression: ast.expr, start: int, end: int) -> Node:
    """An expression read from a quoted annotation; every node gets the place of the quotes."""
    return _Lowering("", "", None, (start, end)).expression(expression)


def _wide_lines(text: str, starts: Sequence[int]) -> frozenset[int]:
    """The lines (0-based) in which the parser's UTF-8 columns are not code points."""
    if text.isascii():
        return frozenset()
    ends = (*starts[1:], len(text))
    return frozenset(line for line, (start, end) in enumerate(zip(starts, ends)) if not text[start:end].isascii())


class _Lowering:
    """One text's conversion; the state is only the text and its line table."""

    def __init__(
        self,
        text: str,
        original: str,
        lines: LineIndex | None,
        fixed: tuple[int, int] | None = None,
        mended: Mended | None = None,
    ) -> None:
        self.text = text
        self.original = original
        self.starts = lines.starts if lines else []
        self.wide = _wide_lines(text, self.starts)
        self.fixed = fixed
        self.yields = False  # whether the function being lowered yields
        self.mended = mended

    def offset(self, line: int, column: int) -> int:
        """The document's offset of a parser's line and UTF-8 column."""
        offset = self.parsed_offset(line, column)
        return offset if self.mended is None else self.mended.back(offset)

    def parsed_offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        if line - 1 not in self.wide:
            return start + column
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        content = self.text[start:end]
        return start + len(content.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))

    def place(self, node: Any) -> tuple[int, int]:
        if self.fixed:
            return self.fixed
        if self.mended is None and not self.wide:  # The usual case, and the busiest line of a cold check.
            starts = self.starts
            return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    # Expressions

    def expression(self, node: ast.expr) -> Node:
        lowering = _EXPRESSIONS.get(type(node))
        start, end = self.place(node)
        if lowering is None:
            return ("opaque", start, end, type(node).__name__.lower())
        return lowering(self, node, start, end)

    def optional(self, node: ast.expr | None) -> Node | None:
        return None if node is None else self.expression(node)

    def expressions(self, nodes: Sequence[ast.expr]) -> tuple[Node, ...]:
        return tuple([self.expression(node) for node in nodes])

    def keywords(self, nodes: Sequence[ast.keyword]) -> tuple[Node, ...]:
        return tuple([(node.arg, self.expression(node.value), *self.place(node)) for node in nodes])

    def generators(self, nodes: Sequence[ast.comprehension]) -> tuple[Node, ...]:
        return tuple(
            (self.expression(node.target), self.expression(node.iter), self.expressions(node.ifs)) for node in nodes
        )

    def parameters(self, node: ast.arguments) -> tuple[Node, ...]:
        result: list[Node] = []

        def add(argument: ast.arg, sort: str, default: ast.expr | None) -> None:
            result.append(
                (argument.arg, sort, self.optional(argument.annotation), self.optional(default), *self.place(argument))
            )

        ordered = [*node.posonlyargs, *node.args]
        missing = len(ordered) - len(node.defaults)
        for position, argument in enumerate(ordered):
            default = node.defaults[position - missing] if position >= missing else None
            add(argument, "positional" if position < len(node.posonlyargs) else "normal", default)
        if node.vararg:
            add(node.vararg, "vararg", None)
        for argument, keyword_default in zip(node.kwonlyargs, node.kw_defaults):
            add(argument, "keyword", keyword_default)
        if node.kwarg:
            add(node.kwarg, "kwarg", None)
        return tuple(result)

    # Statements

    def block(self, nodes: Sequence[ast.stmt]) -> tuple[Node, ...]:
        result = []
        for node in nodes:
            lowering = _STATEMENTS.get(type(node))
            if lowering is not None:
                result.append(lowering(self, node, *self.place(node)))
        return tuple(result)

    def declaration(self, node: Any, start: int, keyword: str) -> tuple[int, tuple[int, int], tuple[str, ...]]:
        """First decorator's offset, the span of the name, the names of type parameters."""
        place = self.parsed_offset(node.lineno, node.col_offset)
        name_start = self.text.find(node.name, self.text.find(keyword, place) + len(keyword))
        name_end = name_start + len(node.name)
        names = type_parameters(self.original, name_end) if self.mended is None else ()
        if not names and getattr(node, "type_params", None):
            names = tuple(parameter.name for parameter in node.type_params)
        if node.decorator_list:
            first = node.decorator_list[0]
            start = max(self.text.rfind("@", 0, self.parsed_offset(first.lineno, first.col_offset)), 0)
            start = start if self.mended is None else self.mended.back(start)
        if self.mended is not None:
            return start, (self.mended.back(name_start), self.mended.back(name_end)), names
        return start, (name_start, name_end), names

    def function(self, node: Any, start: int, end: int) -> Node:
        first, name_span, names = self.declaration(node, start, "def")
        sort = "coroutine" if isinstance(node, ast.AsyncFunctionDef) else "function"
        outer, self.yields = self.yields, False
        body = self.block(node.body)
        if self.yields:
            sort = "asyncgen" if sort == "coroutine" else "generator"
        self.yields = outer
        return (
            "def", first, end, node.name, name_span, self.parameters(node.args), self.optional(node.returns),
            self.expressions(node.decorator_list), body, sort, names,
        )  # fmt: skip

    def class_(self, node: ast.ClassDef, start: int, end: int) -> Node:
        first, name_span, names = self.declaration(node, start, "class")
        return (
            "class", first, end, node.name, name_span, self.expressions(node.bases), self.keywords(node.keywords),
            self.expressions(node.decorator_list), self.block(node.body), names,
        )  # fmt: skip


def _yield(low: _Lowering, node: ast.Yield | ast.YieldFrom, start: int, end: int) -> Node:
    low.yields = True
    return ("yield", start, end, low.optional(node.value), isinstance(node, ast.YieldFrom))


def _fstring(low: _Lowering, node: ast.JoinedStr, start: int, end: int) -> Node:
    parts: list[Node] = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(("const", start, end, value.value))
        elif isinstance(value, ast.FormattedValue):
            spec = _fstring(low, value.format_spec, start, end) if isinstance(value.format_spec, ast.JoinedStr) else None
            conversion = chr(value.conversion) if value.conversion > 0 else ""
            parts.append(("format", start, end, low.expression(value.value), conversion, spec))
    return ("fstring", start, end, tuple(parts))


def _constant(low: _Lowering, node: ast.Constant, start: int, end: int) -> Node:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4096:
        return ("opaque", start, end, "an enormous number")
    return ("const", start, end, value)


def _ops(nodes: Sequence[ast.AST]) -> tuple[str, ...]:
    return tuple(_OPERATORS[type(node)] for node in nodes)


_Lower = Callable[[_Lowering, Any, int, int], Node]

_EXPRESSIONS: dict[type, _Lower] = {
    ast.Constant: _constant,
    ast.Name: lambda low, node, s, e: ("name", s, e, node.id),
    ast.Attribute: lambda low, node, s, e: ("attr", s, e, low.expression(node.value), node.attr),
    ast.Call: lambda low, node, s, e: (
        "call", s, e, low.expression(node.func), low.expressions(node.args), low.keywords(node.keywords)),
    ast.List: lambda low, node, s, e: ("list", s, e, low.expressions(node.elts)),
    ast.Tuple: lambda low, node, s, e: ("tuple", s, e, low.expressions(node.elts)),
    ast.Set: lambda low, node, s, e: ("set", s, e, low.expressions(node.elts)),
    ast.Dict: lambda low, node, s, e: (
        "dict", s, e, tuple(low.optional(key) for key in node.keys), low.expressions(node.values)),
    ast.Starred: lambda low, node, s, e: ("star", s, e, low.expression(node.value)),
    ast.BinOp: lambda low, node, s, e: (
        "binop", s, e, _OPERATORS[type(node.op)], low.expression(node.left), low.expression(node.right)),
    ast.UnaryOp: lambda low, node, s, e: ("unary", s, e, _OPERATORS[type(node.op)], low.expression(node.operand)),
    ast.BoolOp: lambda low, node, s, e: ("bool", s, e, _OPERATORS[type(node.op)], low.expressions(node.values)),
    ast.Compare: lambda low, node, s, e: (
        "compare", s, e, low.expression(node.left), _ops(node.ops), low.expressions(node.comparators)),
    ast.IfExp: lambda low, node, s, e: (
        "if", s, e, low.expression(node.test), low.expression(node.body), low.expression(node.orelse)),
    ast.JoinedStr: _fstring,
    ast.Subscript: lambda low, node, s, e: ("subscript", s, e, low.expression(node.value), low.expression(node.slice)),
    ast.Slice: lambda low, node, s, e: (
        "slice", s, e, low.optional(node.lower), low.optional(node.upper), low.optional(node.step)),
    ast.Lambda: lambda low, node, s, e: ("lambda", s, e, low.parameters(node.args), low.expression(node.body)),
    ast.ListComp: lambda low, node, s, e: (
        "comp", s, e, "list", low.expression(node.elt), low.generators(node.generators)),
    ast.SetComp: lambda low, node, s, e: ("comp", s, e, "set", low.expression(node.elt), low.generators(node.generators)),
    ast.GeneratorExp: lambda low, node, s, e: (
        "comp", s, e, "generator", low.expression(node.elt), low.generators(node.generators)),
    ast.DictComp: lambda low, node, s, e: (
        "comp", s, e, "dict", (low.expression(node.key), low.expression(node.value)), low.generators(node.generators)),
    ast.Await: lambda low, node, s, e: ("await", s, e, low.expression(node.value)),
    ast.NamedExpr: lambda low, node, s, e: ("walrus", s, e, node.target.id, low.expression(node.value)),
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
}  # fmt: skip


def _try(low: _Lowering, node: Any, s: int, e: int) -> Node:
    handlers = tuple((low.optional(handler.type), handler.name, low.block(handler.body)) for handler in node.handlers)
    return ("try", s, e, low.block(node.body), handlers, low.block(node.orelse), low.block(node.finalbody))


def _with(low: _Lowering, node: Any, s: int, e: int) -> Node:
    items = tuple((low.expression(item.context_expr), low.optional(item.optional_vars)) for item in node.items)
    return ("with", s, e, items, low.block(node.body))


def _for(low: _Lowering, node: Any, s: int, e: int) -> Node:
    return ("for", s, e, low.expression(node.target), low.expression(node.iter), low.block(node.body), low.block(node.orelse))


_STATEMENTS: dict[type, _Lower] = {
    ast.Expr: lambda low, node, s, e: ("expr", s, e, low.expression(node.value)),
    ast.Assign: lambda low, node, s, e: ("assign", s, e, low.expressions(node.targets), low.expression(node.value)),
    ast.AnnAssign: lambda low, node, s, e: (
        "annassign", s, e, low.expression(node.target), low.expression(node.annotation), low.optional(node.value)),
    ast.AugAssign: lambda low, node, s, e: (
        "augassign", s, e, low.expression(node.target), _OPERATORS[type(node.op)], low.expression(node.value)),
    ast.Import: lambda low, node, s, e: ("import", s, e, tuple((name.name, name.asname) for name in node.names)),
    ast.ImportFrom: lambda low, node, s, e: (
        "from", s, e, node.module or "", node.level, tuple((name.name, name.asname) for name in node.names)),
    ast.FunctionDef: _Lowering.function,
    ast.AsyncFunctionDef: _Lowering.function,
    ast.ClassDef: _Lowering.class_,
    ast.If: lambda low, node, s, e: ("if", s, e, low.expression(node.test), low.block(node.body), low.block(node.orelse)),
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: lambda low, node, s, e: ("while", s, e, low.expression(node.test), low.block(node.body)),
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: lambda low, node, s, e: (
        "match", s, e, low.expression(node.subject), tuple(low.block(case.body) for case in node.cases)),
    ast.Return: lambda low, node, s, e: ("return", s, e, low.optional(node.value)),
    ast.Raise: lambda low, node, s, e: ("raise", s, e, low.optional(node.exc)),
    ast.Delete: lambda low, node, s, e: ("delete", s, e, low.expressions(node.targets)),
    ast.Global: lambda low, node, s, e: ("global", s, e, tuple(node.names)),
    ast.Nonlocal: lambda low, node, s, e: ("global", s, e, tuple(node.names)),
    ast.Assert: lambda low, node, s, e: ("expr", s, e, ("opaque", s, e, "assert")),
    ast.Break: lambda low, node, s, e: ("break", s, e),
    ast.Continue: lambda low, node, s, e: ("continue", s, e),
    ast.Pass: lambda low, node, s, e: ("pass", s, e),
}  # fmt: skip
