"""Source rules: what an exercise asks not to do, judged on the syntax tree of the student's functions.

Rules are data, so that they can be stored beside the references: `{"rule": "no_loops"}` and
`{"rule": "no_calls", "names": ["scipy", "np.convolve"]}`. A name counts for what it is bound to, not for how it is
spelt: `import numpy as n` does not hide `n.convolve`, and a function of one's own may be called `correlate2d`.
"""

import ast
import builtins
import re
import sys
from types import ModuleType

import numpy as np

from helpers.checks.guard import run
from helpers.checks.source import Piece, closure, names_in, pieces, unwrap

_SECONDS = 2.0  # a hostile object may try to keep us busy
_ALIASES = {"np": "numpy", "tf": "tensorflow"}
_DISGUISED_LOOPS = ("numpy.vectorize", "numpy.frompyfunc", "numpy.apply_along_axis", "numpy.fromiter", "numpy.nditer")
_LOOPING_BUILTINS = ("map", "filter")
_HIDING = ("exec", "eval", "compile", "__import__", "globals")
_HIDING_MODULES = ("importlib", "sys.modules")
_PEEKING = ("helpers.checks", "sys._getframe", "inspect.currentframe", "inspect.stack", "gc", "numpy.load")
_OF_FRAMES = ("f_back", "f_locals", "f_globals", "tb_frame")


def broken_rule(student, rules) -> str | None:
    """The sentence that says which rule is broken and where, or None."""
    if not rules:
        return None
    return run(lambda: _first_broken(student, rules), _SECONDS).value


def _first_broken(student, rules) -> str | None:
    for judge in judges(rules):
        message = judge.whole(unwrap(student))
        for piece in pieces(student):
            message = message or judge.piece(piece)
        if message:
            return message
    return None


def judges(rules) -> list:
    """For every rule what judges an answer as a whole (`whole(student)`) and each of its functions (`piece(piece)`)."""
    return [_NoLoops() if rule["rule"] == "no_loops" else _NoCalls(rule["names"]) for rule in rules]


class _NoLoops:
    """No Python loop, comprehension, or function that hides one."""

    def whole(self, student) -> str | None:
        if type(student) is np.vectorize:
            return "np.vectorize is a Python loop in disguise; use array operations."
        return None

    def piece(self, piece: Piece) -> str | None:
        scope = Scope(piece)
        for node in ast.walk(piece.tree) if piece.tree else ():
            if isinstance(node, ast.For | ast.While | ast.AsyncFor):
                return f"{piece.line(node)} loops in Python; this exercise asks for array operations instead."
            if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                return f"{piece.line(node)} loops in Python; this exercise asks for array operations instead."
            if isinstance(node, ast.Call) and self._loops(scope.dotted(node.func)):
                return f"{piece.line(node)} calls a Python loop in disguise; use array operations."
        return None

    def _loops(self, dotted: str) -> bool:
        return dotted in _DISGUISED_LOOPS or dotted in [f"builtins.{name}" for name in _LOOPING_BUILTINS]


class _NoCalls:
    """Certain modules and functions may not be used."""

    def __init__(self, names: list[str]) -> None:
        self.names = [_canonical(name) for name in names]

    def whole(self, student) -> str | None:
        for thing in (student, *(student.__mro__ if isinstance(student, type) else ())):
            if self._forbidden(_origin(thing)):
                return f"This is made of {_origin(thing)}; here you write that yourself."
        return None

    def piece(self, piece: Piece) -> str | None:
        scope = Scope(piece)
        for value in (*(piece.function.__defaults__ or ()), *(piece.function.__kwdefaults__ or {}).values()):
            if self._forbidden(_origin(value)):
                return f"`{piece.function.__name__}` brings {_origin(value)} along; here you write that yourself."
        if piece.tree is None:
            return self._by_names(piece)
        for node in ast.walk(piece.tree):
            message = self._node(node, scope, piece)
            if message:
                return message
        return None

    def _node(self, node: ast.AST, scope: "Scope", piece: Piece) -> str | None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in _imported(node):
                if self._forbidden(target):
                    return f"{piece.line(node)} imports {target}; here you write that yourself."
        elif isinstance(node, ast.Attribute) and node.attr in _OF_FRAMES:
            return f"{piece.line(node)} looks at its caller; an answer is computed from its inputs."
        elif isinstance(node, ast.Attribute | ast.Name):
            dotted = scope.dotted(node)
            if self._forbidden(dotted):
                return f"{piece.line(node)} uses {dotted}; here you write that yourself."
            if dotted in [f"builtins.{name}" for name in _HIDING]:
                return f"{piece.line(node)} uses {node.id}, which hides what is called; call it by its name instead."
        elif isinstance(node, ast.Call) and scope.dotted(node.func) == "builtins.getattr":
            return self._getattr(node, scope, piece)
        return None

    def _getattr(self, node: ast.Call, scope: "Scope", piece: Piece) -> str | None:
        """`getattr(module, name)` counts as `module.name`; a name that is computed is not accepted."""
        if len(node.args) < 2 or not scope.is_module(node.args[0]):
            return None
        name = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
        module = scope.dotted(node.args[0])
        if name is None or self._forbidden(f"{module}.{name}"):
            return f"{piece.line(node)} picks a function out of {module} by getattr; call it by its name instead."
        return None

    def _by_names(self, piece: Piece) -> str | None:
        """Where there is no source: the names in the compiled code."""
        names = names_in(piece.function.__code__)
        known = {name: piece.function.__globals__.get(name) for name in names}
        used = [_origin(value) for value in known.values() if value is not None]
        used += [f"{origin}.{name}" for origin in used for name in names if origin in sys.modules]
        used += [name for name in names if name in sys.modules and "." in name]
        for dotted in used:
            if self._forbidden(dotted):
                return f"`{piece.function.__name__}` uses {dotted}; here you write that yourself."
        return None

    def _forbidden(self, dotted: str) -> bool:
        return dotted == "builtins" or (bool(dotted) and _within(dotted, (*self.names, *_HIDING_MODULES, *_PEEKING)))


class Scope:
    """What the names in one function stand for, as far as it can be told without running it."""

    def __init__(self, piece: Piece) -> None:
        self.globals, self.closure = piece.function.__globals__, closure(piece.function)
        nodes = list(ast.walk(piece.tree)) if piece.tree else []
        self.local = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        self.local |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        self.local |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef) and n is not piece.tree}
        self.local -= {name for n in nodes if isinstance(n, ast.Global) for name in n.names}
        self.aliases: dict[str, str] = {}
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.aliases |= _imports(node)
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and self.dotted(node.value):
                self.aliases[node.targets[0].id] = self.dotted(node.value)

    def dotted(self, node: ast.AST) -> str:
        """The full name of what an expression such as `n.linalg.norm` stands for, or "" where that is unknown."""
        if isinstance(node, ast.Attribute):
            head = self.dotted(node.value)
            return f"{head}.{node.attr}" if head else ""
        return self._name(node.id) if isinstance(node, ast.Name) else ""

    def _name(self, name: str) -> str:
        if name in self.aliases:
            return self.aliases[name]
        if name in self.local:
            return ""
        if name in self.closure or name in self.globals:
            return _origin(self.closure.get(name, self.globals.get(name)))
        return f"builtins.{name}" if hasattr(builtins, name) else ""

    def is_module(self, node: ast.AST) -> bool:
        return self.dotted(node) in sys.modules


def _imports(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Local name -> full name of the module or member."""
    if isinstance(node, ast.Import):
        heads = [alias.name.split(".")[0] for alias in node.names]
        return {a.asname or head: a.name if a.asname else head for a, head in zip(node.names, heads, strict=True)}
    return {a.asname or a.name: _canonical(f"{node.module}.{a.name}") for a in node.names}


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Full names of everything that is imported."""
    return [a.name for a in node.names] if isinstance(node, ast.Import) else list(_imports(node).values())


def _origin(thing) -> str:
    """Where an object comes from: "numpy.convolve", "scipy.signal"; "" for what is a student's own."""
    if isinstance(thing, ModuleType):
        return _canonical(thing.__name__)
    module, name = getattr(thing, "__module__", None), getattr(thing, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return ""
    return _canonical(f"{module}.{name}")


def _canonical(dotted: str) -> str:
    """The name as the outside world knows it: `np` is numpy, `tensorflow._api.v2.nn` is tensorflow.nn."""
    head, _, rest = re.sub(r"\._api(\.v\d+)+", "", dotted).partition(".")
    return ".".join(filter(None, [_ALIASES.get(head, head), rest]))


def _within(dotted: str, names) -> bool:
    return any(dotted == name or dotted.startswith(name + ".") for name in names)
