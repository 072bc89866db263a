"""Generated statements as a person would lay them out: short calls on one line, long ones with an argument a line.

Works on the few forms of Python that revisions are made of; anything else is left as `ast` spells it. Comments do not
survive, so whoever has some writes them between the statements.
"""

from __future__ import annotations

import ast


def lay_out(source: str, indent: int, width: int = 88, quote: str = '"') -> list[str]:
    """The lines of some statements, indented by so many spaces. Raises SyntaxError for what is not Python."""
    lines: list[str] = []
    for statement in ast.parse(source).body:
        lines += _statement(statement, indent, width, quote)
    return lines


def _statement(node: ast.stmt, indent: int, width: int, quote: str) -> list[str]:
    space = " " * indent
    if isinstance(node, ast.Expr):
        return _wrapped(node.value, space, "", "", width, quote)
    if isinstance(node, ast.Raise) and node.exc is not None:
        return _wrapped(node.exc, space, "raise ", "", width, quote)
    if isinstance(node, ast.If):
        body = [line for item in node.body for line in _statement(item, indent + 4, width, quote)]
        return [*_wrapped(node.test, space, "if ", ":", width, quote), *body]
    if isinstance(node, ast.With) and len(node.items) == 1:
        item = node.items[0]
        name = f" as {ast.unparse(item.optional_vars)}:" if item.optional_vars is not None else ":"
        body = [line for part in node.body for line in _statement(part, indent + 4, width, quote)]
        return [*_wrapped(item.context_expr, space, "with ", name, width, quote), *body]
    return [space + line for line in ast.unparse(node).splitlines()]


def _wrapped(node: ast.expr, space: str, before: str, after: str, width: int, quote: str) -> list[str]:
    flat = _flat(node, quote)
    if len(space) + len(before) + len(flat) + len(after) <= width:
        return [f"{space}{before}{flat}{after}"]
    if isinstance(node, ast.BoolOp):
        return _broken_condition(node, space, before, after, width, quote)
    opened = _opened(node, quote)
    if opened is None:
        return [f"{space}{before}{flat}{after}"]
    start, parts, end = opened
    inner = space + "    "
    flat_parts = ", ".join(prefix + _flat(part, quote) for prefix, part in parts)
    if isinstance(node, ast.Call) and len(parts) > 1 and len(inner) + len(flat_parts) <= width:
        return [f"{space}{before}{start}", f"{inner}{flat_parts}", f"{space}{end}{after}"]
    lines = [f"{space}{before}{start}"]
    for prefix, part in parts:
        lines += _wrapped(part, inner, prefix, ",", width, quote)
    return [*lines, f"{space}{end}{after}"]


def _broken_condition(
    node: ast.BoolOp, space: str, before: str, after: str, width: int, quote: str
) -> list[str]:
    word = "and " if isinstance(node.op, ast.And) else "or "
    lines = [f"{space}{before}("]
    for number, value in enumerate(node.values):
        lines += _wrapped(value, space + "    ", word if number else "", "", width, quote)
    return [*lines, f"{space}){after}"]


def _opened(node: ast.expr, quote: str) -> tuple[str, list[tuple[str, ast.expr]], str] | None:
    """A bracketed expression as its opening, its parts with their prefixes, and its closing."""
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        parts: list[tuple[str, ast.expr]] = [("", argument) for argument in node.args]
        parts += [
            (f"{keyword.arg}=" if keyword.arg is not None else "**", keyword.value) for keyword in node.keywords
        ]
        return f"{_flat(node.func, quote)}(", parts, ")"
    if isinstance(node, ast.List) and node.elts:
        return "[", [("", element) for element in node.elts], "]"
    if isinstance(node, ast.Dict) and node.keys:
        pairs = [(f"{_flat(key, quote)}: " if key else "**", value) for key, value in zip(node.keys, node.values)]
        return "{", pairs, "}"
    return None


def _flat(node: ast.expr, quote: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return string(node.value, quote)
    if isinstance(node, ast.Attribute):
        return f"{_flat(node.value, quote)}.{node.attr}"
    if isinstance(node, ast.Call):
        arguments = [_flat(argument, quote) for argument in node.args]
        arguments += [
            f"{keyword.arg}={_flat(keyword.value, quote)}" if keyword.arg else f"**{_flat(keyword.value, quote)}"
            for keyword in node.keywords
        ]
        return f"{_flat(node.func, quote)}({', '.join(arguments)})"
    if isinstance(node, ast.List):
        return f"[{', '.join(_flat(element, quote) for element in node.elts)}]"
    if isinstance(node, ast.Tuple):
        inner = ", ".join(_flat(element, quote) for element in node.elts)
        return f"({inner},)" if len(node.elts) == 1 else f"({inner})"
    if isinstance(node, ast.Dict):
        pairs = [
            f"{_flat(key, quote)}: {_flat(value, quote)}" if key else f"**{_flat(value, quote)}"
            for key, value in zip(node.keys, node.values)
        ]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return f"not {_flat(node.operand, quote)}"
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        return word.join(_flat(value, quote) for value in node.values)
    if isinstance(node, ast.Starred):
        return f"*{_flat(node.value, quote)}"
    return ast.unparse(node)


def string(text: str, quote: str = '"') -> str:
    """A string literal in the wanted quotes, in the others where that saves escapes."""
    other = "'" if quote == '"' else '"'
    chosen = other if quote in text and other not in text else quote
    body = repr(text)[1:-1]
    if repr(text)[0] != chosen:
        body = body.replace(r"\'", "'").replace(chosen, "\\" + chosen)
    return f"{chosen}{body}{chosen}"
