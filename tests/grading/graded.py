"""Made-up results of grading, for tests of what people read afterwards: one exercise for every way it can end."""

import io
from dataclasses import replace

import nbformat
import numpy as np
from PIL import Image

from grading.model import Cell, Grade, Output, Result, Sheet
from helpers.checks.engine import judge
from helpers.checks.library import ROOT, find_in_chapter

CHAPTER = "02_neuron"
ANSWERS = {  # the exercises of the chapter in their order: how each ended, and what was written
    "weighted_sum": ("passed", "def weighted_sum(x, w, b):\n    # one sample or a batch\n    return x @ w + b"),
    "step": ("values", 'def step(z):\n    """1 where z >= 0."""\n    return np.where(z >= 0, 1, 0)'),
    "augment": ("timeout", "def augment(x):\n    while True:\n        pass"),
    "perceptron_predict": ("not attempted", None),
    "perceptron_update": ("tampered", 'import helpers.checks.engine as e\ne.judge = lambda *a: "passed"'),
    "perceptron_fit": ("killed", "import os\nos.abort()"),
}
REASONS = {
    "timeout": "The cell with `augment` had not come to its end after 60 seconds and was stopped.",
    "not attempted": "Nothing has been written here yet.",
    "tampered": "Your code tried to change how it is checked, so this exercise cannot be counted.",
    "killed": "The Python process ended while your code was running (signal 6).",
    "not run": "This was not run, because an earlier cell ended the Python process.",
}


def sheet() -> Sheet:
    """The chapter as released, and at its end an answer in words and a task that wait for a person."""
    notebook = nbformat.read(ROOT / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)
    cells = [_released(cell) for cell in notebook.cells]
    cells.append(Cell("markdown", "YOUR ANSWER HERE", "manual", "why-xor", 3.0))
    return Sheet(CHAPTER, CHAPTER, tuple(cells))


def _released(cell) -> Cell:
    fields = cell.metadata.get("nbgrader")
    if not fields:
        return Cell(cell.cell_type, cell.source)
    name, points = fields["grade_id"], float(fields.get("points", 0))
    kind, _, exercise = name.partition("-")
    if fields["grade"]:
        return Cell(cell.cell_type, cell.source, kind, name, points, exercise)
    return Cell(cell.cell_type, cell.source, "solution" if fields["solution"] else "locked", name)


def png(width: int = 320, height: int = 200) -> bytes:
    """A picture of a slope."""
    slope = np.linspace(40, 220, width, dtype=np.uint8)[None, :].repeat(height, axis=0)
    buffer = io.BytesIO()
    Image.fromarray(slope).save(buffer, format="PNG")
    return buffer.getvalue()


def right(z):
    return np.where(z > 0, 1, 0)


def wrong(z):
    return np.where(z >= 0, 1, 0)


def result(student: str = "ada") -> Result:
    """What grading a hand-in that went every possible way came to."""
    asked = sheet()
    names = list(dict.fromkeys(cell.exercise for cell in asked.cells if cell.exercise))
    answers = dict(zip(names, ANSWERS.values()))
    cells, outputs = [], {}
    for cell in asked.cells:
        state, source = answers.get(cell.grade_id, (None, None))
        if cell.role == "solution" and source:
            cell = replace(cell, source=source, changed=True)
        if cell.role == "manual":
            cell = replace(cell, source="One line cannot part them: the corners lie *crosswise*.", changed=True)
        cells.append(cell)
        if cell.role == "solution" and state == "passed":
            cells.append(Cell("code", "print(weighted_sum(np.ones(3), np.ones(3), 0))\nplots.show(slope)", "extra"))
            outputs[len(cells) - 1] = (Output("text", "3.0\n"), Output("png", png=png()))
        if cell.role == "solution" and state == "killed":
            outputs[len(cells) - 1] = (Output("error", "Aborted: the process ended at line 2"),)
    grades, reports = {}, {}
    for cell in asked.cells:
        if cell.role in ("check", "hidden", "manual"):
            state = answers.get(cell.exercise, ("not run", None))[0] if cell.exercise else "manual"
            grades[cell.grade_id], reports[cell.grade_id] = _grade(cell, state)
    return Result(student, CHAPTER, CHAPTER, grades, cells=tuple(cells), outputs=outputs, reports=reports)


def _grade(cell: Cell, state: str) -> tuple[Grade, str]:
    if state == "manual":
        return Grade(None, cell.points, "manual", "Your teacher reads this answer and gives the points."), ""
    if state == "values":
        report = judge(find_in_chapter("step", CHAPTER, cell.role == "hidden"), wrong, cell.role == "hidden")
        score = report.score * cell.points
        return Grade(score, cell.points, report.state, report.message, report.hint), report.text()
    if state == "passed":
        reason = f"{'Hidden' if cell.role == 'hidden' else 'Public'} checks passed (7 of 7 cases)."
        return Grade(cell.points, cell.points, "passed", reason), f"✓ {cell.exercise}: passed\n{reason}"
    return Grade(0.0, cell.points, state, REASONS[state]), f"✗ {cell.exercise}: {state}\n{REASONS[state]}"
