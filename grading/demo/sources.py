"""Answers of made-up students as source text, cut out of files where such answers are kept.

A right answer in another style is an expression in `tests/exercises/variants/`, a well-known wrong one the second
argument of `Misconception(...)`. Either is taken with all that it needs of its file, and bound to the exercise's name.
"""

import ast
import builtins
from functools import lru_cache
from pathlib import Path

from authoring.exercise import Exercise
from helpers.checks.library import ROOT


def variants(chapter: str, exercise: Exercise) -> dict[str, str]:
    """Source of the right answers in other styles, by the name of the style."""
    path = ROOT / "tests" / "exercises" / "variants" / f"{chapter}.py"
    found = {}
    for statement in _tree(path).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "VARIANTS":
            for key, styles in zip(statement.value.keys, statement.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == exercise.id and isinstance(styles, ast.Dict):
                    pairs = zip(styles.keys, styles.values, strict=True)
                    found = {k.value: bound(path, exercise, v) for k, v in pairs if isinstance(k, ast.Constant)}
    return found


def misconceptions(chapter: str, exercise: Exercise) -> dict[str, str]:
    """Source of the wrong answers that have a name, by that name."""
    path = ROOT / "solutions" / chapter / "exercises.py"
    found = {}
    for call in _calls(_tree(path), "Exercise"):
        if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == exercise.id:
            for wrong in _calls(call, "Misconception"):
                if len(wrong.args) >= 2 and isinstance(wrong.args[0], ast.Constant):
                    found[wrong.args[0].value] = bound(path, exercise, wrong.args[1])
    return found


def bound(path: Path, exercise: Exercise, expression: ast.expr) -> str:
    """`name = expression`, after the statements of the file at `path` that the expression needs, in their order."""
    names = exercise.names or (exercise.id,)
    needed = [ast.unparse(statement) for statement in _needed(path, expression)]
    last = f"{', '.join(names)} = {ast.unparse(expression)}"
    if isinstance(expression, ast.Name) and names == (expression.id,):
        last = ""
    return "\n\n".join(filter(None, [*needed, last]))


def defined(source: str) -> set[str]:
    """Names that a piece of source binds at its top level."""
    return {name for statement in ast.parse(source).body for name in _provides(statement)}


def _needed(path: Path, expression: ast.AST) -> list[ast.stmt]:
    """Module-level statements that define what `expression` uses, directly or through one another."""
    providers = {name: s for s in _tree(path).body for name in _provides(s)}
    wanted, seen = [expression], set()
    while wanted:
        for name in _uses(wanted.pop()) & providers.keys():
            if providers[name] not in seen:
                seen.add(providers[name])
                wanted.append(providers[name])
    return [s for s in _tree(path).body if s in seen]


def _provides(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).split(".")[0] for a in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return set()


def _uses(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - set(dir(builtins))


def _calls(tree: ast.AST, function: str) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == function]


@lru_cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


@lru_cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
