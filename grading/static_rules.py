"""Source rules once more, on the text that was handed in, where no running code can talk its way out.

`helpers.checks.rules` judges live functions, inside the student's process: it knows what every name stands for, but
code that has taken the process apart could silence it. Here the same rules read the cells as text, outside. Names are
resolved through imports and definitions; what text cannot tell (a function that is made by another one) is left to the
first look. Either one's objection stands.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType, SimpleNamespace

from helpers.checks.rules import judges

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class _Known:
    """What the cells so far bind: definitions with the cell that they stand in, and where imported names come from."""

    definitions: dict[str, tuple[ast.AST, int]] = field(default_factory=dict)
    names: dict[str, object] = field(default_factory=dict)


def _function(name: str, names: dict) -> SimpleNamespace:
    """As much of a function as the rules ask for."""
    code = SimpleNamespace(co_freevars=(), co_names=(), co_consts=())
    return SimpleNamespace(
        __name__=name, __globals__=names, __code__=code, __closure__=None, __defaults__=(), __kwdefaults__=None
    )


@dataclass(frozen=True)
class _Piece:
    """A definition as the rules see it: like `helpers.checks.source.Piece`, made of text."""

    function: SimpleNamespace
    tree: ast.AST
    lines: Sequence[str]

    def line(self, node: ast.AST) -> str:
        text = self.lines[node.lineno - 1].strip() if node.lineno <= len(self.lines) else ""
        return f"Line {node.lineno}" + (f" (`{text[:80]}`)" if text else "")


def broken_rule(
    sources: Sequence[str],
    names: Iterable[str],
    rules: Sequence[dict],
    own: Sequence[bool] = (),
    others: Iterable[str] = (),
) -> str | None:
    """The sentence that says which rule the answer called `names` breaks, as `sources` (the code cells so far) have it.

    An answer is looked into together with the functions that it uses: those of its own cell, and those of every cell
    that is the student's `own` (one flag per cell). Answers to `others`' questions have rules of their own.
    """
    if not rules:
        return None
    known, trees = _Known(), [_parsed(source) for source in sources]
    for number, tree in enumerate(trees):
        for statement in tree.body:
            _bind(statement, number, known)
    for name in names:
        for piece in _pieces(name, known, sources, own, {*others}):
            for judge in judges(rules):
                if message := judge.piece(piece):
                    return message
    return None


@lru_cache(maxsize=256)  # the cells of one notebook, which every exercise looks at
def _parsed(source: str) -> ast.Module:
    """A cell's tree; lines that only IPython understands are left out."""
    plain = "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        return ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _bind(statement: ast.stmt, cell: int, known: _Known) -> None:
    """Take note of what a statement at the top of a cell binds."""
    if isinstance(statement, _DEFINITIONS):
        known.definitions[statement.name] = statement, cell
        known.names[statement.name] = SimpleNamespace(__module__="__main__", __name__=statement.name)
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            module = alias.name if alias.asname else alias.name.split(".")[0]
            _rebind(alias.asname or module, ModuleType(module), known)
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            member = SimpleNamespace(__module__=statement.module or "", __name__=alias.name)
            _rebind(alias.asname or alias.name, member, known)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                _assign(target.id, statement.value, cell, known)


def _assign(name: str, value: ast.expr, cell: int, known: _Known) -> None:
    if isinstance(value, ast.Name) and value.id in known.names:
        _rebind(name, known.names[value.id], known)
        if value.id in known.definitions:
            known.definitions[name] = known.definitions[value.id]
    else:
        _rebind(name, SimpleNamespace(__module__="__main__", __name__=name), known)
        known.definitions[name] = value, cell  # a lambda, a partial, an attribute of a module: its text is looked at


def _rebind(name: str, thing: object, known: _Known) -> None:
    known.definitions.pop(name, None)
    known.names[name] = thing


def _pieces(name: str, known: _Known, sources: Sequence[str], own, others: set[str]) -> Iterable[_Piece]:
    """The definition of `name`, and of everything of the student's that it uses."""
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current not in known.definitions:
            if current == name and current in known.names:  # imported as it is
                yield _Piece(_function(name, known.names), ast.Expression(_name(current)), [])
            continue
        tree, cell = known.definitions[current]
        yield _Piece(_function(current, known.names), tree, sources[cell].splitlines())
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for other in used - others:
            where = known.definitions.get(other, (None, -1))[1]
            if where == cell or (0 <= where < len(own) and own[where]):
                waiting.append(other)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load(), lineno=1, col_offset=0)
