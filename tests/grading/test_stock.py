"""Honest work has the points that nbgrader as it comes would give, exercise by exercise."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from grading import intake, sandbox
from grading import sheet as sheets
from grading.demo import course as demo
from grading.demo.__main__ import author_cells
from grading.demo.students import make_class
from grading.grade import close_sandboxes, grade
from helpers.checks.library import ROOT

pytestmark = pytest.mark.skipif(sandbox.trouble() is not None, reason=f"no sandbox: {sandbox.trouble()}")
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.ignore = ["*.py", "*.npz", "*.json", "*.yaml", "*secret*", "__pycache__"]
"""
COURSE = STOCK + 'c.CourseDirectory.source_directory = "solutions"\nc.CourseDirectory.release_directory = "notebooks"\n'


@pytest.fixture(autouse=True, scope="module")
def _parents_end():
    yield
    close_sandboxes()


def nbgrader(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        env=demo.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def stock_scores(folder: Path, assignment: str, student: str) -> dict[str, float | None]:
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades}


def our_scores(folder: Path, root: Path, assignment: str, student: str) -> tuple[dict, dict]:
    (sheet,) = sheets.load(assignment, root)
    result = grade(sheet, intake.read_submission(folder / "submitted" / student / assignment, sheet, student))
    return {name: given.score for name, given in result.grades.items()}, dict(result.grades)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(one[k] == other[k] or abs(one[k] - other[k]) < 1e-6 for k in one)


# --- a chapter of this course ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chapter_02(tmp_path_factory) -> tuple[Path, list[str]]:
    """A right, a half finished, a mistaken and a careless student, graded by nbgrader's own stages."""
    from authoring.references import load_exercises

    folder = tmp_path_factory.mktemp("stock") / "course"
    demo.start(folder, ["02_neuron"])
    students = make_class("02_neuron", load_exercises("02_neuron"), author_cells("02_neuron"))
    chosen = [s for s in students if any(part in s.name for part in ("other-style-1", "half", "no-bias", "syntax"))]
    for student in chosen:
        demo.hand_in(folder, "02_neuron", student)
    (folder / "nbgrader_config.py").write_text(COURSE)
    nbgrader(folder, "autograde", "02_neuron")
    return folder, [student.name for student in chosen]


def test_a_chapter_has_the_same_points(chapter_02):
    folder, students = chapter_02
    assert len(students) >= 4
    for student in students:
        ours, _ = our_scores(folder, ROOT, "02_neuron", student)
        assert same(ours, stock_scores(folder, "02_neuron", student)), student


# --- any other nbgrader course ---------------------------------------------------------------------------------------


def cell(source: str, grade_id: str, **fields):
    made = new_code_cell(source)
    made.metadata["nbgrader"] = {
        "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, "grade_id": grade_id,
    } | fields  # fmt: skip
    return made


SQUARE = "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"
TEST_SQUARE = "assert square(2) == 4\n### BEGIN HIDDEN TESTS\nassert square(-3) == 9\n### END HIDDEN TESTS"
THIRD = "def third(x):\n    ### BEGIN SOLUTION\n    return x / 3\n    ### END SOLUTION"
TEST_THIRD = "2.0 * (third(3) == 1) + 0.5 * (third(6) == 2)"
WHY = "### BEGIN SOLUTION\n'because'\n### END SOLUTION"


def source_notebook():
    return new_notebook(
        cells=[
            new_markdown_cell("# Squares"),
            new_code_cell("base = 2"),
            cell(SQUARE, "square", solution=True),
            cell(TEST_SQUARE, "test-square", grade=True, locked=True, points=3),
            cell(THIRD, "third", solution=True),
            cell(TEST_THIRD, "test-third", grade=True, locked=True, points=2.5),
            cell(WHY, "why", grade=True, solution=True, points=1),
        ]
    )


ANSWERS = {
    "right": ("def square(x):\n    return x ** base", "def third(x):\n    return x / 3", "'it is so'"),
    "half": ("def square(x):\n    return abs(x) * base", "def third(x):\n    return 1", "'it is so'"),
    "stub": (None, None, None),
    "broken": ("def square(x)", "def third(x):\n    return y", None),
    "hidden-only-fails": ("def square(x):\n    return 4", "def third(x):\n    return x // 3", None),
}


@pytest.fixture(scope="module")
def squares(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stock") / "squares"
    (folder / "source" / "ps1").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(STOCK)
    nbformat.write(source_notebook(), folder / "source" / "ps1" / "ps1.ipynb")
    nbgrader(folder, "generate_assignment", "ps1", "--create")
    for student, answers in ANSWERS.items():
        notebook = nbformat.read(folder / "release" / "ps1" / "ps1.ipynb", as_version=4)
        for name, answer in zip(("square", "third", "why"), answers):
            one = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
            one.source = one.source if answer is None else answer
        (folder / "submitted" / student / "ps1").mkdir(parents=True)
        nbformat.write(notebook, folder / "submitted" / student / "ps1" / "ps1.ipynb")
    nbgrader(folder, "autograde", "ps1")
    return folder


@pytest.mark.parametrize("student", ANSWERS)
def test_asserts_of_any_course_give_the_same_points_and_are_marked(squares, student):
    ours, grades = our_scores(squares, squares, "ps1", student)
    assert same(ours, stock_scores(squares, "ps1", student))
    assert grades["test-square"].inside
    assert not grades["why"].inside


def test_the_points_are_those_that_the_answers_deserve(squares):
    scores = {student: our_scores(squares, squares, "ps1", student)[0] for student in ANSWERS}
    assert scores["right"] == {"test-square": 3.0, "test-third": 2.5, "why": None}
    assert scores["half"] == {"test-square": 0.0, "test-third": 2.0, "why": None}
    assert scores["stub"] == {"test-square": 0.0, "test-third": 0.0, "why": 0.0}
    assert scores["hidden-only-fails"]["test-square"] == 0.0
