"""Grading without notebooks being run: the command `course` with an engine that does as the hand-in says.

    python -m tests.grading.simulated grade pretend ...

A hand-in's answer is a line such as `score 2`, `sleep 0.5`, `exit`, `exit FLAG` (only once, leaving that file),
`raise`, `stop` or `big`.
"""

import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from grading import driver, fingerprint
from grading.cli import Engine, main
from grading.gradebook import Gradebook
from grading.model import Cell, Grade, Output, Result, Sheet, Submission
from grading.places import Places
from grading.worker import Assignment
from helpers.checks.errors import CourseError

CHAPTER = "pretend"
ENGINE = "tests.grading.simulated:grade"
STUB = "# YOUR ANSWER"
CELLS = (
    Cell("code", STUB, "solution", "answer", id="answer"),
    Cell("code", "check('answer')", "check", "check-answer", 1.0, "answer", id="check-answer"),
    Cell("code", "hidden('answer')", "hidden", "hidden-answer", 2.0, "answer", id="hidden-answer"),
)
CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "simulated"\n'


def sheet() -> Sheet:
    """One exercise of 1 and 2 points."""
    return Sheet(CHAPTER, CHAPTER, CELLS)


def load(chapter: str, root: Path) -> list[Sheet]:
    """Like `grading.sheet.load`, whatever the folder."""
    return [sheet()]


def questions(sheet: Sheet) -> bytes:
    """Like `grading.sheet.questions_bytes`: none are needed here."""
    return b""


def grade(sheet: Sheet, submission: Submission, *, trust: bool = False) -> Result:
    """Do what the answer says; leaves a line in the file that SIMULATED_LOG names, if any."""
    answer = next(cell.source for cell in submission.cells if cell.role == "solution")
    if log := os.environ.get("SIMULATED_LOG"):
        with open(log, "a") as file:
            file.write(json.dumps([submission.student, os.getpid()]) + "\n")
    word, *rest = answer.split()
    outputs = {}
    if word == "sleep":
        time.sleep(float(rest[0]))
    elif word == "exit" and not (rest and Path(rest[0]).exists()):
        if rest:
            Path(rest[0]).touch()
        os._exit(17)
    elif word == "raise":
        raise ZeroDivisionError("made to fail")
    elif word == "stop":
        raise CourseError("Nothing can be graded here: said the test.")
    elif word == "big":
        outputs = {0: (Output("text", os.urandom(500_000).hex()),)}
    score = float(rest[0]) if word == "score" else 0.0
    grades = {
        "check-answer": Grade(min(score, 1.0), 1.0, "passed" if score >= 1 else "values", "Simulated."),
        "hidden-answer": Grade(max(score - 1.0, 0.0), 2.0, "passed" if score == 3 else "values", "Simulated."),
    }
    who = submission.student, sheet.chapter, sheet.notebook
    return Result(*who, grades, 0.01, cells=submission.cells, outputs=outputs)


def hand_in(root: Path, student: str, answer: str) -> None:
    """Put a hand-in with this answer where `course grade` in `root` finds it."""
    cells = [new_code_cell(cell.source, id=cell.id) for cell in CELLS]
    cells[0].source = answer
    for cell, released in zip(cells, CELLS):
        cell.metadata["nbgrader"] = {"grade_id": released.grade_id}
    folder = root / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), folder / f"{CHAPTER}.ipynb")


def course(root: Path, answers: dict[str, str]) -> Path:
    """A course folder in which these students have handed in."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    for student, answer in answers.items():
        hand_in(root, student, answer)
    return root


def places(root: Path) -> Places:
    """Those of `course(root, ...)`, as nbgrader names them."""
    return Places(root, root / "submitted", root / "autograded", root / "feedback", f"sqlite:///{root}/gradebook.db")


def job(root: Path, fresh: bool = False, trust: bool = True, wanted: tuple[str, ...] = ()) -> driver.Job:
    """Everything that was handed in below `root`, for the simulated engine; it has no need of a sandbox."""
    assignment = Assignment((sheet(),), (), ENGINE, trust, fingerprint.expected(trust))
    return driver.Job(places(root), assignment, driver.names(places(root), CHAPTER, wanted), fresh)


def run(root: Path, open_pool, **changes) -> driver.Tally:
    """Grade everything below `root` in a pool."""
    with Gradebook(places(root).db_url) as gradebook:
        return driver.run(job(root, **changes), open_pool, gradebook)


def states(root: Path) -> dict[str, tuple[float, str]]:
    """Score and state of every student in the gradebook."""
    with Gradebook(places(root).db_url) as gradebook:
        return {row["student"]: (row["score"], row["exercises"][0]["state"]) for row in gradebook.rows(CHAPTER)}


if __name__ == "__main__":
    sys.exit(main(engine=Engine(ENGINE, load, questions)))
