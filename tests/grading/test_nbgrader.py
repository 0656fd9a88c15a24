"""nbgrader's own commands in a copy of the course, as docs/grading.md tells instructors to use them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from grading.demo.course import environment
from helpers.checks.library import ROOT

CHAPTER = "02_neuron"
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "grading.md").read_text(encoding="utf-8"), re.DOTALL)
    for line in block.strip().splitlines()
]
RIGHT = "def weighted_sum(x, w, b):\n    return x @ w + b"
NO_BATCH = "def weighted_sum(x, w, b):\n    return sum(p * q for p, q in zip(x.ravel(), w)) + b"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The course root with three hand-ins, after every command of the document."""
    root = tmp_path_factory.mktemp("course")
    for name in ("solutions", "notebooks"):
        shutil.copytree(ROOT / name / CHAPTER, root / name / CHAPTER)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    hand_in(root, "ada", RIGHT)
    hand_in(root, "ben", NO_BATCH)
    hand_in(root, "cleo", None)
    for command in COMMANDS:
        done = run(root, *command.split()[1:])
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return root


def run(root: Path, *command: str) -> subprocess.CompletedProcess:
    whole = [sys.executable, "-m", "nbgrader", *command]
    return subprocess.run(whole, cwd=root, env=environment(), capture_output=True, text=True, timeout=300, check=False)


def hand_in(root: Path, student: str, answer: str | None) -> Path:
    notebook = nbformat.read(ROOT / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)
    if answer:
        next(c for c in notebook.cells if c["id"] == "weighted_sum").source = answer
    path = root / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def points(root: Path, student: str) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        submission = gradebook.find_submission(CHAPTER, student)
        return {g.name: g.auto_score for notebook in submission.notebooks for g in notebook.grades}


def test_the_document_names_the_commands():
    assert [c.split()[1] for c in COMMANDS] == ["generate_assignment", "autograde", "generate_feedback", "export"]


def test_releasing_again_changes_nothing(course):
    released, committed = (r / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb" for r in (course, ROOT))
    assert nbformat.read(released, 4).cells == nbformat.read(committed, 4).cells


def test_a_right_answer_earns_its_points_and_no_others(course):
    ada = points(course, "ada")
    assert ada["check-weighted_sum"] > 0
    assert ada["hidden-weighted_sum"] > 0
    assert sum(ada.values()) == ada["check-weighted_sum"] + ada["hidden-weighted_sum"]


def test_part_of_an_answer_earns_part_of_the_points(course):
    whole, part = points(course, "ada")["hidden-weighted_sum"], points(course, "ben")["hidden-weighted_sum"]
    assert 0 < part < whole


def test_an_untouched_notebook_is_graded_with_zero(course):
    cleo = points(course, "cleo")
    assert set(cleo.values()) == {0.0}


def test_only_the_notebook_reaches_students_and_graded_folders(course):
    for folder in ("notebooks", "autograded"):
        names = {p.name for p in (course / folder).rglob("*") if p.is_file()}
        assert names <= {f"{CHAPTER}.ipynb", "timestamp.txt"}


def test_feedback_tells_the_reason_and_keeps_hidden_cases_hidden(course):
    feedback = (course / f"feedback/ben/{CHAPTER}/{CHAPTER}.html").read_text(encoding="utf-8")
    assert "weighted_sum" in feedback
    assert "hidden cases" in feedback
    assert "<script" not in feedback


FORMGRADER = f"""
import asyncio, json
from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader

async def press() -> list[dict]:  # as Formgrader's handlers do: in the server's process, while its loop runs
    app = NbGrader()
    app.initialize([])
    api = NbGraderAPI(app.coursedir, parent=app)
    return [api.autograde("{CHAPTER}", "ben"), api.generate_feedback("{CHAPTER}", "ben")]

print(json.dumps(asyncio.run(press())))
"""


def test_formgraders_buttons_take_the_same_road(course):
    before = points(course, "ben")
    (course / f"feedback/ben/{CHAPTER}/{CHAPTER}.html").unlink()
    done = subprocess.run(
        [sys.executable, "-c", FORMGRADER], cwd=course, env=environment(), capture_output=True, text=True, check=False
    )
    graded, told = json.loads(done.stdout.splitlines()[-1])
    assert graded["success"], graded
    assert "1 graded, 0 unchanged" in graded["log"]
    assert told["success"], told
    assert points(course, "ben") == before
    assert (course / f"feedback/ben/{CHAPTER}/{CHAPTER}.html").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["autograde", CHAPTER, "--student", "zoe"], "Nobody matches 'zoe'"),
        (["autograde", CHAPTER, "--notebook", "zoe"], "No notebook of '02_neuron' matches 'zoe'"),
        (["autograde", "99_nothing"], "There is no chapter '99_nothing'"),
        (["generate_feedback", CHAPTER, "--student", "zoe"], "Nobody matches 'zoe'"),
    ],
)
def test_wrong_use_of_nbgrader_is_one_sentence(course, words, sentence):
    done = run(course, *words)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_course_finds_nbgraders_grades_and_nothing_to_do(course):
    done = subprocess.run(
        [sys.executable, "-m", "grading.cli", "grade", CHAPTER],
        cwd=course, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 graded, 3 unchanged" in done.stdout


def test_validate_tells_right_from_wrong(course, tmp_path):
    shutil.copy(course / f"submitted/ben/{CHAPTER}/{CHAPTER}.ipynb", tmp_path / "wrong.ipynb")
    shutil.copy(ROOT / "solutions" / CHAPTER / f"{CHAPTER}.ipynb", tmp_path / "right.ipynb")
    assert "VALIDATION FAILED ON" in run(tmp_path, "validate", "wrong.ipynb").stdout
    assert "Success! Your notebook passes all the tests." in run(tmp_path, "validate", "right.ipynb").stdout
