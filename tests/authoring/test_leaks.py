"""The leak search finds nothing in what is handed out, and finds each of the leaks planted here."""

import json
import shutil

import nbformat
import numpy as np
import pytest

from authoring import leaks
from authoring.references import SECRET_FILE
from helpers.checks.library import ROOT

CHAPTER = "02_neuron"
NOTEBOOK = f"notebooks/{CHAPTER}/{CHAPTER}.ipynb"


def test_nothing_leaks():
    assert leaks.find_leaks() == []


def test_there_is_something_to_keep_back():
    assert len(leaks.telling_lines(ROOT)) > 50
    assert len(leaks.solution_regions(ROOT)) > 10


@pytest.fixture
def released(tmp_path):
    for folder in leaks.HANDED_OUT:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def in_notebook(change):
    def plant(root):
        path = root / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    return plant


def a_telling_line():
    return sorted(line for line in leaks.telling_lines(ROOT) if line.isascii())[-1]


def an_exercise(notebook):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution"))


def solution_in_a_cell(notebook):
    an_exercise(notebook).source += f"\n    {a_telling_line()}\n"


def solution_in_metadata(notebook):
    an_exercise(notebook).metadata["nbgrader"]["old"] = a_telling_line()


def solution_in_an_output(notebook):
    cell = next(c for c in notebook.cells if c.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text=a_telling_line())]


def hidden_test_in_a_cell(notebook):
    notebook.cells[-1].source += "\n### BEGIN HIDDEN TESTS\n"


def odd_metadata(notebook):
    notebook.cells[0].metadata["jupytext"] = {"formats": "ipynb,py"}


def hidden_array(root):
    hidden = dict(np.load(ROOT / f"solutions/{CHAPTER}/hidden_references.npz"))
    stolen = next(a for a in hidden.values() if leaks._distinct(a))
    np.savez(root / "data/references/extra.npz", harmless=np.arange(3.0), stolen=stolen)


def whole_solution_in_helpers(root):
    region = next(r for r in leaks.solution_regions(ROOT) if len(r) >= 3)
    (root / "helpers/easy.py").write_text("def f():\n" + "".join(f"    {line}\n" for line in region))


def secret(root):
    (root / "data/notes.txt").write_text("seed: " + SECRET_FILE.read_text())


def instructors_file(root):
    (root / f"notebooks/{CHAPTER}/exercises.py").write_text("EXERCISES = []\n")


def oracle_in_data(root):
    line = next(iter(sorted(leaks.telling_lines(ROOT))))
    (root / "data/references/notes.json").write_text(json.dumps({"how": [line]}))


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (in_notebook(solution_in_a_cell), "author's line"),
        (in_notebook(solution_in_metadata), "author's line"),
        (in_notebook(solution_in_an_output), "has outputs"),
        (in_notebook(hidden_test_in_a_cell), "BEGIN HIDDEN TESTS"),
        (in_notebook(odd_metadata), "metadata 'jupytext'"),
        (hidden_array, "is the hidden array"),
        (whole_solution_in_helpers, "whole solution"),
        (secret, "secret seed"),
        (instructors_file, "belongs to the instructor"),
        (oracle_in_data, "author's line"),
    ],
)
def test_a_planted_leak_is_found(plant, words, released):
    plant(released)
    assert any(words in leak for leak in leaks.find_leaks(released)), leaks.find_leaks(released)
