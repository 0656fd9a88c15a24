"""Hand-ins that nbgrader would stumble over are named, each in one sentence."""

import copy

import nbformat
import pytest

from grading import submissions
from helpers.checks.library import ROOT

CHAPTER = "02_neuron"


@pytest.fixture
def submitted(tmp_path):
    (tmp_path / "ada" / CHAPTER).mkdir(parents=True)
    return tmp_path


def released():
    return nbformat.read(ROOT / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)


def hand_in(submitted, notebook, name=f"{CHAPTER}.ipynb"):
    nbformat.write(notebook, submitted / "ada" / CHAPTER / name)


def test_a_good_notebook_is_fine(submitted):
    hand_in(submitted, released())
    assert list(submissions.problems(CHAPTER, submitted)) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 3}', "PK\x03\x04", '{"nbformat": 4, "cells": [{}]}', "null"]
)
def test_a_notebook_that_is_not_a_notebook(submitted, text):
    (submitted / "ada" / CHAPTER / f"{CHAPTER}.ipynb").write_text(text)
    (found,) = submissions.problems(CHAPTER, submitted)
    assert "this is not a notebook" in found
    assert "ask the student" in found


def test_another_name(submitted):
    hand_in(submitted, released(), "02_neuron (1).ipynb")
    (found,) = submissions.problems(CHAPTER, submitted)
    assert "02_neuron (1).ipynb is: rename it" in found


def test_nothing_there(submitted):
    (found,) = submissions.problems(CHAPTER, submitted)
    assert "ask for it" in found


def test_a_copied_check_cell(submitted):
    notebook = released()
    cell = copy.deepcopy(next(c for c in notebook.cells if c["id"] == "check-step"))
    cell["id"] = "copied"
    notebook.cells.append(cell)
    hand_in(submitted, notebook)
    (found,) = submissions.problems(CHAPTER, submitted)
    assert "'check-step' is there 2 times" in found


def test_a_deleted_check_cell(submitted):
    notebook = released()
    notebook.cells = [c for c in notebook.cells if c["id"] != "hidden-step"]
    hand_in(submitted, notebook)
    (found,) = submissions.problems(CHAPTER, submitted)
    assert "hidden-step were deleted" in found


@pytest.mark.parametrize(("words", "code"), [(["99_nothing"], 2), ([CHAPTER, "--submitted", "/nowhere"], 1)])
def test_wrong_use_is_one_sentence(words, code, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["submissions", *words])
    assert submissions.main() == code
    shown = capsys.readouterr()
    assert len((shown.out + shown.err).strip().splitlines()) == 1
