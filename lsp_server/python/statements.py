"""Statements, one function each: what they bind, branch and return. The dispatch table is at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_server.python.definitions import class_, function
from lsp_server.python.execution import BREAK, CONTINUE, LOOP, RAISE, Deferred, Imported, Return
from lsp_server.python.joining import join_names
from lsp_server.python.judge import ENUMS, canonical, hashable, items_of, truth
from lsp_server.python.lower import Node
from lsp_server.python.managing import with_
from lsp_server.python.operators import binary
from lsp_server.python.values import (
    Annotation,
    Certainty,
    ClassValue,
    External,
    FunctionValue,
    ModuleValue,
    Scope,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def binds(node: Node) -> set[str]:
    """The names a top-level statement binds, also inside its branches."""
    kind = node[0]
    if kind in ("def", "class"):
        return {node[3]}
    if kind == "assign":
        return {name for target in node[3] for name in _target_names(target)}
    if kind in ("annassign", "augassign"):
        return _target_names(node[3])
    if kind == "import":
        return {alias or module.partition(".")[0] for module, alias in node[3]}
    if kind == "from":
        return {alias or name for name, alias in node[5]}
    names: set[str] = set()
    blocks: list[tuple[Node, ...]] = []
    if kind == "if":
        blocks = [node[4], node[5]]
    elif kind == "try":
        blocks = [node[3], *(handler[2] for handler in node[4]), node[5], node[6]]
    elif kind in ("with", "while"):
        blocks = [node[4]]
    elif kind == "for":
        blocks = [node[5]]
    for block in blocks:
        for statement in block:
            names |= binds(statement)
    return names


def _target_names(target: Node) -> set[str]:
    if target[0] == "name":
        return {target[3]}
    if target[0] in ("tuple", "list"):
        return {name for part in target[3] for name in _target_names(part)}
    return set()


def _expression(self: Interpreter, node: Node, scope: Scope) -> object:
    if node[3][0] != "const":
        self.evaluate(node[3], scope)
    return None


def _assign(self: Interpreter, node: Node, scope: Scope) -> object:
    if self.defers and _can_wait(node, scope):
        self.bind(scope, node[3][0][3], Deferred(node[4]), self.location(node[3][0], scope))
        return None
    outer, self.touched_settings = self.touched_settings, False
    value = self.evaluate(node[4], scope)
    for target in node[3]:
        self.assign(target, value, scope)
    self.touched_settings = outer
    return None


def _can_wait(node: Node, scope: Scope) -> bool:
    """Whether an assignment gives a name of a class body a value that costs work: nobody may ever ask for it."""
    owner = scope.owner
    if owner is None or owner.scope is not scope or len(node[3]) != 1 or node[4][0] in ("const", "name"):
        return False
    target = node[3][0]
    return target[0] == "name" and target[3] not in scope.names and not owner.inherits(*ENUMS)


def _annotated(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, annotation, value = node
    if target[0] == "name" and scope.owner is not None and scope.owner.scope is scope:
        scope.owner.annotations[target[3]] = Annotation(annotation, scope)
        scope.owner.places[target[3]] = self.location(node, scope)
    if value is not None:
        outer, self.touched_settings = self.touched_settings, False
        result = self.evaluate(value, scope)
        self.assign(target, result, scope)
        self.touched_settings = outer
        if target[0] == "name":
            scope.places[target[3]] = self.location(node, scope)
    elif target[0] == "name" and scope.owner is None and scope.find(target[3]) is None:
        self.bind(scope, target[3], Unknown(f"`{target[3]}`, which is only declared", self.location(node, scope)),
                  self.location(node, scope))  # fmt: skip
    return None


def _augmented(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, operator, operand = node
    left = self.evaluate(target, scope)
    right = self.evaluate(operand, scope)
    if operator == "+" and isinstance(left, list):
        added = items_of(right)
        if isinstance(right, Unknown):
            added = [Unknown(right.what, right.location or self.location(node, scope))]
        if added is not None:
            left.extend(added)
            return None
    if operator == "|" and isinstance(left, dict) and isinstance(right, dict):
        left.update(right)
        return None
    self.assign(target, binary(self, operator, left, right, self.location(node, scope)), scope)
    return None


def _import(self: Interpreter, node: Node, scope: Scope) -> object:
    for module, alias in node[3]:
        top = module.partition(".")[0]
        bound = module if alias else top
        path = self.program.find(bound, scope.path)
        name = alias or top
        value: Value = Imported(path, None) if path is not None else External(bound)
        self.bind(scope, name, value, self.location(node, scope))
    return None


def _from(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, module, level, names = node
    if level:
        path = self.program.relative(scope.path, level, module)
    else:
        path = self.program.find(module, scope.path)
    location = self.location(node, scope)
    for name, alias in names:
        if name == "*":
            _import_star(self, path, module, scope, location)
        elif path is not None and path != scope.path:
            self.bind(scope, alias or name, Imported(path, name, None if level else module), location)
        elif path is not None:
            inner = self.program.submodule(path, name)
            value: Value = (
                Imported(inner, None) if inner else Unknown(f"`{name}`, imported from its own module", location)
            )
            self.bind(scope, alias or name, value, location)
        elif level:
            self.bind(scope, alias or name, Unknown(f"`{name}` from a module that is not there", location), location)
        else:
            self.bind(scope, alias or name, self.other(canonical(f"{module}.{name}")), location)
    return None


def _import_star(self: Interpreter, path: str | None, module: str, scope: Scope, location: Location) -> None:
    if path is None:
        stars = scope.names.setdefault("*", [])
        if isinstance(stars, list):
            stars.append(module)
        return
    if path.endswith("/"):
        return
    execution = self.run(path)
    public = execution.scope.names.get("__all__")
    exported = items_of(public) if public is not None else None
    for name in list(execution.scope.names):
        wanted = name in exported if exported is not None else not name.startswith("_")
        if wanted and name != "*":
            scope.names[name] = Imported(path, name)
            scope.places[name] = location
    for name in exported or ():
        if isinstance(name, str) and name not in execution.scope.names:
            scope.names[name] = Imported(path, name)


def _def(self: Interpreter, node: Node, scope: Scope) -> object:
    value = function(self, node, scope)
    self.bind(scope, node[3], value, Location(scope.path, Span(*node[4])))
    return None


def _class(self: Interpreter, node: Node, scope: Scope) -> object:
    value = class_(self, node, scope)
    self.bind(scope, node[3], value, Location(scope.path, Span(*node[4])))
    return None


def _if(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, test, then, otherwise = node
    checked = _checking_branch(self, test, scope)
    if checked is not None:
        # What only type checkers see is walked for the names it imports; what runs has the last word.
        static, running = (then, otherwise) if checked else (otherwise, then)
        self.block(static, scope)
        return self.block(running, scope)
    outer, self.touched_settings = self.touched_settings, False
    value = self.evaluate(test, scope)
    configured, self.touched_settings = self.touched_settings, outer
    known = truth(value)
    location = self.location(test, scope)
    if isinstance(value, External) and value.name == "typing.TYPE_CHECKING":
        # Imports for the checker are what annotations mean; where both branches bind a name, the running program has the other.
        self.block(then, scope)
        return self.block(otherwise, scope)
    if known is None:
        what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
        return self.either([then, otherwise], Unknown(what, location), scope)
    taken, other = (then, otherwise) if known else (otherwise, then)
    if not configured:
        return self.block(taken, scope)
    condition = Unknown("a condition on settings", location)
    signal = self.under(Certainty.CONFIGURED, condition, taken, scope)
    self.dormant(other, scope)
    return signal


def _checking_branch(self: Interpreter, test: Node, scope: Scope) -> bool | None:
    """Whether a test is `TYPE_CHECKING` (True) or `not TYPE_CHECKING` (False); None for any other."""
    negated = test[0] == "unary" and test[3] == "not"
    inner = test[4] if negated else test
    if inner[0] not in ("name", "attr") or inner[3 if inner[0] == "name" else 4] != "TYPE_CHECKING":
        return None
    value = self.evaluate(inner, scope)
    return not negated if isinstance(value, External) and value.name == "typing.TYPE_CHECKING" else None


def _for(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, iterable, body, otherwise = node
    value = self.evaluate(iterable, scope)
    items = items_of(value)
    location = self.location(iterable, scope)
    if items is None or len(items) > LOOP:
        condition = value if isinstance(value, Unknown) else Unknown("a loop over values that are not known", location)
        before = dict(scope.names)
        self.assign(target, Unknown("a loop's value", location), scope)
        signal = self.under(Certainty.CONDITIONAL, condition, body, scope)
        if isinstance(signal, Return) and self._frames:
            self._frames[-1].possible.append(signal.value)
        joined = join_names(before, [before, dict(scope.names)], condition)
        scope.names.update(joined)
        return None
    for item in list(items):
        self.assign(target, item, scope)
        signal = self.block(body, scope)
        if signal == BREAK:
            return None
        if signal is not None and signal != CONTINUE:
            return signal
    return self.block(otherwise, scope)


def _while(self: Interpreter, node: Node, scope: Scope) -> object:
    for _ in range(LOOP):
        known = truth(self.evaluate(node[3], scope))
        if known is False:
            return None
        if known is None:
            break
        signal = self.block(node[4], scope)
        if signal == BREAK:
            return None
        if signal is not None and signal != CONTINUE:
            return signal
        if node[3][0] == "const":
            return None  # `while True` whose end the text does not tell: it ran once for sure.
    condition = Unknown("a loop whose end the text does not tell", self.location(node[3], scope))
    return self.either([node[4], ()], condition, scope)


def _try(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, body, handlers, otherwise, final = node
    guarded = any(not handler or handler[-1][0] != "raise" for _, _, handler in handlers)
    self.guards += guarded
    try:
        signal = self.block(body, scope)
    finally:
        self.guards -= guarded
    if signal == RAISE:
        signal = None
    for kind, name, handler in handlers:
        if name:
            scope.names.setdefault(name, Unknown("an exception"))
        before = dict(scope.names)
        fallback = self.dormant(handler, scope)
        if kind is not None and _catches_imports(kind):
            # `try: from enterprise import A` / `except ImportError: from ours import A`: what is not here was not installed.
            for bound, value in fallback.items():
                ours = isinstance(value, ClassValue | FunctionValue | ModuleValue | Imported)
                if ours and isinstance(before.get(bound), External):
                    scope.names[bound] = value
    if signal is None:
        signal = self.block(otherwise, scope)
    ending = self.block(final, scope)
    return ending if ending is not None else signal


def _catches_imports(kind: Node) -> bool:
    names = kind[3] if kind[0] == "tuple" else (kind,)
    return any(name[0] == "name" and name[3] in ("ImportError", "ModuleNotFoundError") for name in names)


def _match(self: Interpreter, node: Node, scope: Scope) -> object:
    self.evaluate(node[3], scope)
    condition = Unknown("a match statement", self.location(node[3], scope))
    return self.either([*node[4], ()], condition, scope)


def _return(self: Interpreter, node: Node, scope: Scope) -> object:
    return Return(None if node[3] is None else self.evaluate(node[3], scope))


def _raise(self: Interpreter, node: Node, scope: Scope) -> object:
    return RAISE


def _delete(self: Interpreter, node: Node, scope: Scope) -> object:
    for target in node[3]:
        if target[0] == "name":
            scope.names.pop(target[3], None)
        elif target[0] == "subscript":
            _delete_item(self, target, scope)
    return None


def _delete_item(self: Interpreter, target: Node, scope: Scope) -> None:
    receiver, key = self.evaluate(target[3], scope), self.evaluate(target[4], scope)
    if isinstance(receiver, dict) and hashable(key):
        receiver.pop(key, None)
    elif isinstance(receiver, list) and isinstance(key, int) and -len(receiver) <= key < len(receiver):
        del receiver[key]


STATEMENTS: dict[str, Callable[[Interpreter, Node, Scope], object]] = {
    "expr": _expression, "assign": _assign, "annassign": _annotated, "augassign": _augmented, "import": _import,
    "from": _from, "def": _def, "class": _class, "if": _if, "for": _for, "while": _while, "with": with_, "try": _try,
    "match": _match, "return": _return, "raise": _raise, "delete": _delete,
    "global": lambda self, node, scope: None, "pass": lambda self, node, scope: None,
    "break": lambda self, node, scope: BREAK, "continue": lambda self, node, scope: CONTINUE,
}  # fmt: skip
