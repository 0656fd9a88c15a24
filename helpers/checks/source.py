"""What a student's answer is made of: its functions, helpers in the same cell included, each with its syntax tree."""

import ast
import functools
import inspect
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType

from helpers.checks.guard import LIBRARIES


@dataclass(frozen=True)
class Piece:
    """One function: its object, and its syntax tree where the source can be found."""

    function: FunctionType
    tree: ast.AST | None

    def line(self, node: ast.AST) -> str:
        """Where `node` stands, in words that a learner can search for."""
        text = linecache.getline(self.function.__code__.co_filename, node.lineno).strip()
        return f"Line {node.lineno}" + (f" (`{text}`)" if text else "")


def pieces(student) -> Iterator[Piece]:
    """Every function that `student` consists of or calls by name from its own cell."""
    seen: set[int] = set()
    waiting = list(functions(student))
    while waiting:
        function = waiting.pop(0)
        if id(function.__code__) in seen or function.__code__.co_filename.startswith(LIBRARIES):
            continue
        seen.add(id(function.__code__))
        tree = syntax_tree(function.__code__)
        yield Piece(function, tree)
        waiting += _neighbours(function)


def functions(thing) -> Iterator[FunctionType]:
    """The Python functions in a function, class, partial, decorated function, bound method or callable object."""
    kind = type(thing)
    if kind is FunctionType:
        yield thing
        yield from _wrapped(thing)
    elif kind is functools.partial:
        yield from functions(thing.func)
    elif kind in (MethodType, staticmethod, classmethod):
        yield from functions(thing.__func__)
    elif kind is property:
        for part in (thing.fget, thing.fset):
            yield from functions(part)
    elif issubclass(kind, type):
        for base in thing.__mro__:
            for member in vars(base).values():
                if type(member) in (FunctionType, staticmethod, classmethod, property):
                    yield from functions(member)
    elif callable(thing) and kind is not BuiltinFunctionType:
        yield from functions(kind)
        yield from (f for name in ("__wrapped__", "pyfunc") if type(f := getattr(thing, name, None)) is FunctionType)


def _wrapped(function: FunctionType) -> Iterator[FunctionType]:
    """What a decorated function holds: the functions in its closure."""
    for value in closure(function).values():
        if type(value) is FunctionType and value is not function:
            yield value


def closure(function: FunctionType) -> dict[str, object]:
    """The variables of enclosing functions that this one uses."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _neighbours(function: FunctionType) -> list[FunctionType]:
    """Functions of the same cell that this one names."""
    found = []
    for name in names_in(function.__code__):
        thing = function.__globals__.get(name)
        if type(thing) is FunctionType or (isinstance(thing, type) and thing.__module__ == function.__module__):
            found += [f for f in functions(thing) if f.__code__.co_filename == function.__code__.co_filename]
    return found


def names_in(code: CodeType) -> set[str]:
    """Global names and attributes that a code object uses, nested functions included."""
    nested = (names_in(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*nested)


def syntax_tree(code: CodeType) -> ast.AST | None:
    """The node that `code` was compiled from, or None where the source is not to be found."""
    tree = _parsed("".join(linecache.getlines(code.co_filename)))
    if tree is None:
        return None
    if code.co_name == "<lambda>":
        found = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and _encloses(n, code)]
        return min(found, key=lambda n: (n.end_lineno - n.lineno, n.end_col_offset), default=None)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found = [n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == code.co_name]
    return next((n for n in found if min(d.lineno for d in [n, *n.decorator_list]) == code.co_firstlineno), None)


@functools.lru_cache(maxsize=64)
def _parsed(source: str) -> ast.AST | None:
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError, RecursionError):
        return None


def _encloses(node: ast.Lambda, code: CodeType) -> bool:
    """Whether every instruction of a lambda's code comes from within the node's body."""
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [p for p in code.co_positions() if None not in p and (p[0], p[2]) < (p[1], p[3])]
    return bool(places) and all(start <= (p[0], p[2]) and (p[1], p[3]) <= end for p in places)


def unwrap(thing):
    """What a partial or a bound method calls in the end."""
    while type(thing) in (functools.partial, MethodType):
        thing = thing.func if type(thing) is functools.partial else thing.__func__
    return inspect.unwrap(thing) if type(thing) is FunctionType else thing
