"""From an author's text to notebooks: the paired solution notebook, and the student's through nbgrader.

The text is a Jupytext percent script. A code cell headed `# %% exercise="weighted_sum"` is an exercise: the build gives
it nbgrader's metadata and puts the public check and the hidden check after it. A line `{{exercise: weighted_sum}}` in
the prose before it becomes the exercise's heading with points and minutes.
"""

import ast
import hashlib
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell
from traitlets.config.loader import PyFileConfigLoader

from authoring.exercise import Exercise
from authoring.references import BuildError
from helpers.checks.library import ROOT

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_HEADING = re.compile(r"^\{\{exercise: *([^}]+?) *\}\}$", re.MULTILINE)


def solution_notebook(chapter: str, exercises: Iterable[Exercise], root: Path = ROOT) -> nbformat.NotebookNode:
    """The author's text as a notebook with everything nbgrader needs, without outputs."""
    source = root / "solutions" / chapter / f"{chapter}.py"
    text = jupytext.read(source, fmt="py:percent")
    by_id = {e.id: e for e in exercises}
    cells, headed = [], set()
    for cell in text.cells:
        if cell.cell_type == "markdown":
            headed |= _put_headings(cell, by_id, chapter)
        cells += _cells(cell, by_id, headed, chapter, first_code=not any(c.cell_type == "code" for c in cells))
    _complain_about_missing(chapter, by_id, cells)
    _number(cells)
    for cell in cells:
        cell.metadata.pop("lines_to_next_cell", None)
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def _put_headings(cell, by_id: dict[str, Exercise], chapter: str) -> set[str]:
    """Replace `{{exercise: id}}` lines; the ids that were found."""
    found = _HEADING.findall(cell.source)
    for name in found:
        if name not in by_id:
            raise BuildError(f"{chapter}: the text announces exercise {name!r}, which exercises.py does not declare.")
    cell.source = _HEADING.sub(lambda match: _heading(chapter, by_id, match[1]), cell.source)
    return set(found)


def _heading(chapter: str, by_id: dict[str, Exercise], name: str) -> str:
    exercise, number = by_id[name], list(by_id).index(name) + 1
    points = f"{sum(exercise.points):g} point{'s' if sum(exercise.points) != 1 else ''}"
    minutes = f"about {exercise.minutes} minutes"
    return f"### Exercise {int(chapter[:2])}.{number} · {exercise.title}\n\n`{name}` · {points} · {minutes}"


def _cells(cell, by_id: dict[str, Exercise], headed: set[str], chapter: str, first_code: bool) -> list:
    """The cells that one cell of the text becomes."""
    name = cell.metadata.pop("exercise", None)
    if name is None:
        if cell.cell_type == "code" and first_code:
            cell.metadata["nbgrader"] = _nbgrader("setup", locked=True)
        return [cell]
    if name not in by_id or name not in headed:
        raise BuildError(
            f"{chapter}: exercise cell {name!r} needs a declaration and a heading {{{{exercise: {name}}}}}."
        )
    if "### BEGIN SOLUTION" not in cell.source or "### END SOLUTION" not in cell.source:
        raise BuildError(f"{chapter}: exercise cell {name!r} has no ### BEGIN SOLUTION ... ### END SOLUTION region.")
    cell.metadata["nbgrader"] = _nbgrader(name, solution=True)
    return [cell, *_check_cells(by_id[name])]


def _check_cells(exercise: Exercise) -> list:
    public = new_code_cell(f'evaluate("{exercise.id}")')
    public.metadata["nbgrader"] = _nbgrader(f"check-{exercise.id}", points=exercise.points[0])
    hidden = new_code_cell(
        f"# Hidden checks of {exercise.id} run here when your work is graded.\n"
        f'### BEGIN HIDDEN TESTS\nevaluate("{exercise.id}", hidden=True)\n### END HIDDEN TESTS'
    )
    hidden.metadata["nbgrader"] = _nbgrader(f"hidden-{exercise.id}", points=exercise.points[1])
    return [public, hidden]


def _nbgrader(grade_id: str, *, points: float | None = None, solution: bool = False, locked: bool = False) -> dict:
    graded = points is not None
    fields = {"grade": graded, "grade_id": grade_id, "locked": graded or locked, "schema_version": 3}
    return fields | {"solution": solution, "task": False} | ({"points": points} if graded else {})


def _complain_about_missing(chapter: str, by_id: dict[str, Exercise], cells: list) -> None:
    present = {c.metadata["nbgrader"]["grade_id"] for c in cells if "nbgrader" in c.metadata}
    missing = [name for name in by_id if name not in present]
    if missing:
        raise BuildError(f"{chapter}: exercises.py declares {', '.join(missing)}, but the text has no such cell.")
    if list(by_id) != [
        c.metadata["nbgrader"]["grade_id"] for c in cells if c.metadata.get("nbgrader", {}).get("solution")
    ]:
        raise BuildError(f"{chapter}: exercises.py and the text have their exercises in different order.")


def _number(cells: list) -> None:
    """Ids that stay the same when other cells come and go: from the grade_id, or from the cell's own first words."""
    seen: set[str] = set()
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        stem = grade_id or hashlib.sha256(cell.source[:80].encode()).hexdigest()[:8]
        stem, number = stem[:56], 1
        while (name := stem if number == 1 else f"{stem}-{number}") in seen:
            number += 1
        seen.add(name)
        cell["id"] = name


def released_notebook(chapter: str, solution: nbformat.NotebookNode, root: Path = ROOT) -> nbformat.NotebookNode:
    """The student's notebook, made by nbgrader's own generate_assignment with the course's configuration."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        source = course / "solutions" / chapter / f"{chapter}.ipynb"
        source.parent.mkdir(parents=True)
        nbformat.write(solution, source)
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
        config.CourseDirectory.root = folder
        config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
        config.CourseDirectory.assignment_id = chapter
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
        notebook = nbformat.read(course / "notebooks" / chapter / f"{chapter}.ipynb", as_version=4)
    notebook.metadata = METADATA
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _must_run(chapter, cell)
    return notebook


def _must_run(chapter: str, cell) -> None:
    """A released cell must be valid Python, and must not stop the notebook where nothing has been written yet."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise BuildError(f"{chapter}: the released cell {cell['id']!r} is not valid Python: {error}.") from None
    if any(isinstance(statement, ast.Raise) for statement in tree.body):
        raise BuildError(
            f"{chapter}: the released cell {cell['id']!r} would stop an untouched notebook; put everything that stands "
            "outside a function into the solution region of one."
        )


def write(path: Path, notebook: nbformat.NotebookNode) -> bool:
    """Write a notebook unless it is there already, letter for letter; whether anything was written."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True
