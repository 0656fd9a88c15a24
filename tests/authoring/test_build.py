"""What is committed is what the author's texts give: rebuilt from scratch in a copy, nothing may change."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from authoring.build import chapter_names
from authoring.notebooks import released_notebook, solution_notebook
from authoring.references import BuildError, load_exercises
from helpers.checks.library import ROOT

CHAPTERS = chapter_names()
COPIED = ("solutions", "notebooks", "helpers", "authoring", "data", "nbgrader_config.py", "pyproject.toml")


def copy_course(to: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / name)
    return to


def build(root: Path, *chapters: str) -> subprocess.CompletedProcess:
    """Run the build of the copy, not of this checkout: the copy comes first on the path."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PYTHONPATH": str(root), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": search}
    command = [sys.executable, "-m", "authoring.build", *chapters]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_everything_derived_is_current(chapter, tmp_path):
    result = build(copy_course(tmp_path), chapter)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{chapter}: up to date" in result.stdout


def test_missing_derived_files_come_back_as_they_were(tmp_path):
    course, chapter = copy_course(tmp_path), CHAPTERS[0]
    gone = [course / f"notebooks/{chapter}/{chapter}.ipynb", course / f"data/references/{chapter}.json"]
    for path in gone:
        path.unlink()
    assert build(course, chapter).returncode == 0
    for path in gone:
        assert path.read_bytes() == (ROOT / path.relative_to(course)).read_bytes()


def test_one_changed_sentence_changes_one_cell(tmp_path):
    course, chapter = copy_course(tmp_path), CHAPTERS[0]
    text = course / f"solutions/{chapter}/{chapter}.py"
    lines = text.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("# ") and "{{exercise" in line) + 2
    lines.insert(at, "# A sentence that was not there before.\n#\n")
    text.write_text("".join(lines))
    result = build(course, chapter)
    assert f"notebooks/{chapter}/{chapter}.ipynb" in result.stdout, result.stdout + result.stderr
    before, after = (json.loads((r / f"notebooks/{chapter}/{chapter}.ipynb").read_text()) for r in (ROOT, course))
    changed = [a["id"] for a, b in zip(after["cells"], before["cells"], strict=True) if a != b]
    assert len(changed) == 1


@pytest.fixture(scope="module")
def neuron_exercises():
    return load_exercises("02_neuron")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("### END SOLUTION", "### THE END", "no ### BEGIN SOLUTION"),
        ("{{exercise: weighted_sum}}", "{{exercise: weighted_som}}", "'weighted_som'"),
        ("{{exercise: weighted_sum}}", "", "needs a declaration and a heading"),
        ('exercise="weighted_sum"', 'tags=["weighted_sum"]', "the text has no such cell"),
    ],
)
def test_a_text_that_contradicts_its_declarations_is_refused(old, new, complaint, tmp_path, neuron_exercises):
    text = tmp_path / "solutions/02_neuron/02_neuron.py"
    text.parent.mkdir(parents=True)
    source = (ROOT / "solutions/02_neuron/02_neuron.py").read_text()
    assert old in source
    text.write_text(source.replace(old, new, 1))
    with pytest.raises(BuildError, match=complaint):
        solution_notebook("02_neuron", neuron_exercises, tmp_path)


def test_a_release_that_would_stop_is_refused(neuron_exercises):
    solution = solution_notebook("02_neuron", neuron_exercises)
    cell = next(c for c in solution.cells if c["id"] == "step")
    cell.source += "\n\n### BEGIN SOLUTION\nhelper = 1\n### END SOLUTION"
    with pytest.raises(BuildError, match="'step' would stop an untouched notebook"):
        released_notebook("02_neuron", solution)


def test_a_solution_that_disagrees_with_the_oracle_stops_the_build(tmp_path):
    course = copy_course(tmp_path)
    text = course / "solutions/02_neuron/02_neuron.py"
    text.write_text(text.read_text().replace("### BEGIN SOLUTION", "### BEGIN SOLUTION\n    x = 2.0 * x", 1))
    result = build(course, "02_neuron")
    assert result.returncode == 1
    assert "BuildError: 02_neuron: the author's solution and the oracle disagree" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_chapter_is_one_sentence(tmp_path):
    result = build(ROOT, "99_nothing")
    assert result.returncode == 2
    assert "no chapter '99_nothing'" in result.stderr


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_notebooks_are_sound(folder, chapter):
    notebook = nbformat.read(ROOT / folder / chapter / f"{chapter}.ipynb", as_version=4)
    nbformat.validate(notebook)
    grade_ids = [c.metadata["nbgrader"]["grade_id"] for c in notebook.cells if "nbgrader" in c.metadata]
    cell_ids = [c["id"] for c in notebook.cells]
    assert len(set(grade_ids)) == len(grade_ids) > 2
    assert len(set(cell_ids)) == len(cell_ids)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
