"""The author's own answers, taken out of the solution notebook and put to the checks."""

import ast
import linecache
from collections.abc import Iterable

import nbformat

from authoring.exercise import Exercise
from helpers.checks.engine import judge
from helpers.checks.library import find_in_chapter


def namespace(notebook: nbformat.NotebookNode) -> dict:
    """Names that the exercise cells define, with the imports they need; no other cell is run."""
    scope: dict = {"__name__": "author"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        wanted = cell.metadata.get("nbgrader", {}).get("solution")
        run_source(cell.source if wanted else imports_of(cell.source), f"{cell['id']} (author)", scope)
    return scope


def run_source(source: str, name: str, scope: dict) -> None:
    """Execute `source` so that its text can be found again, as source rules and error messages need it."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), scope)


def imports_of(source: str) -> str:
    """The import statements at the top level of a cell."""
    tree = ast.parse(source)
    return "\n".join(ast.unparse(n) for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom))


def answers(exercise: Exercise, scope: dict):
    """What the author's text defines for an exercise: one object, or a tuple."""
    found = tuple(scope[name] for name in exercise.names or (exercise.id,))
    return found if len(found) > 1 else found[0]


def disagreements(chapter: str, notebook: nbformat.NotebookNode, exercises: Iterable[Exercise]) -> list[str]:
    """Where the author's solution does not pass its own checks, public or hidden."""
    scope = namespace(notebook)
    problems = []
    for exercise in exercises:
        for hidden in (False, True):
            checked = find_in_chapter(exercise.id, chapter, hidden)
            report = judge(checked, answers(exercise, scope), hidden)
            if not report.passed:
                failed = next((r for r in report.cases if r.finding), None)
                where = f" in case {failed.case.name!r}" if failed else ""
                problems.append(f"{exercise.id} ({'hidden' if hidden else 'public'}){where}: {report.finding.message}")
    return problems
