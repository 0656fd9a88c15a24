"""A small chapter, its released notebook, and hand-ins of it, for tests of what reads them."""

import json
from pathlib import Path

from grading.intake import read_submission
from grading.model import Cell, Sheet, Submission

CHAPTER = "02_small"
NAME = f"{CHAPTER}.ipynb"
DOUBLE = 'def double(x):\n    """Twice x."""\n    raise NotImplementedError'
TRIPLE = "def triple(x):\n    raise NotImplementedError"
ANSWER = "def double(x):\n    return 2 * x"
SHEET = Sheet(
    chapter=CHAPTER,
    notebook=CHAPTER,
    cells=(
        Cell("markdown", "# Small", id="intro"),
        Cell("code", "import math", "locked", "setup", id="setup"),
        Cell("code", "x = 3", id="example"),
        Cell("code", DOUBLE, "solution", "double", id="double"),
        Cell("code", 'evaluate("double")', "check", "check-double", 1.0, "double", id="check-double"),
        Cell("code", "# Hidden checks run here.", "hidden", "hidden-double", 2.0, "double", id="hidden-double"),
        Cell("markdown", "Why? Write here.", "manual", "essay", 3.0, id="essay"),
        Cell("code", "print(x)", id="outro"),
        Cell("code", TRIPLE, "solution", "triple", id="triple"),
        Cell(
            "code",
            "assert triple(1) == 3\nassert triple(2) == 6",
            "test",
            "test-triple",
            4.0,
            id="test-triple",
            released="assert triple(1) == 3",
        ),
    ),
)


def notebook(sheet: Sheet = SHEET) -> dict:
    """The sheet's notebook as it was released, with nbgrader's metadata, as plain JSON data."""
    return {"cells": [_released(cell) for cell in sheet.cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _released(cell: Cell) -> dict:
    source = cell.source if cell.released is None else cell.released
    metadata = {}
    if cell.grade_id:
        graded, answer = cell.role in ("check", "hidden", "test", "manual"), cell.role in ("solution", "manual")
        fields = {"grade": graded, "solution": answer, "locked": not answer, "grade_id": cell.grade_id}
        points = {"points": int(cell.points)} if graded else {}
        metadata = {"nbgrader": fields | points | {"schema_version": 3, "task": False}}
    return {"cell_type": cell.kind, "id": cell.id, "metadata": metadata, "source": source.splitlines(keepends=True)}


def code(source: object, **fields: object) -> dict:
    """A code cell of a student's own."""
    return {"cell_type": "code", "metadata": {}, "source": source} | fields


def named(tree: dict, name: str) -> dict:
    """The cell of a notebook that was released with this id."""
    return next(cell for cell in tree["cells"] if cell.get("id") == name)


def place(tree: dict, name: str) -> int:
    """Where the cell that was released with this id stands."""
    return tree["cells"].index(named(tree, name))


def folder_of(submitted: Path, student: str = "ada") -> Path:
    """The folder of a hand-in, made where it is not there."""
    folder = submitted / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def hand_in(submitted: Path, content: dict | list | str | bytes, name: str = NAME, sheet: Sheet = SHEET) -> Submission:
    """What is read when a student hands in one notebook: data that becomes JSON, text, or bytes."""
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    (folder_of(submitted) / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return read(submitted, sheet)


def read(submitted: Path, sheet: Sheet = SHEET) -> Submission:
    """What is read from the folder as it lies there."""
    return read_submission(folder_of(submitted), sheet, "ada")


def sources(submission: Submission) -> list[str]:
    """What is run, in order."""
    return [cell.source for cell in submission.cells if cell.kind == "code"]


def cell_of(submission: Submission, grade_id: str) -> Cell:
    """The one cell of a submission with this grade_id."""
    (cell,) = [cell for cell in submission.cells if cell.grade_id == grade_id]
    return cell


def whole(submission: Submission, sheet: Sheet = SHEET) -> bool:
    """Whether every cell that is not plain text is there once, in order, and nothing but answers is the student's."""
    mine = [cell for cell in sheet.cells if cell.role != "text"]
    theirs = [cell for cell in submission.cells if cell.role not in ("text", "extra")]
    answers = ("solution", "manual")
    return [_identity(cell) for cell in mine] == [_identity(cell) for cell in theirs] and all(
        a.source == b.source and a.released == b.released for a, b in zip(mine, theirs) if a.role not in answers
    )


def _identity(cell: Cell) -> tuple:
    return cell.kind, cell.role, cell.grade_id, cell.points, cell.exercise, cell.id
