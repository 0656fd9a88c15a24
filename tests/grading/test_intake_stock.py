"""For honest notebooks, the code that runs is the code that nbgrader's own autograde runs."""

import copy
import json
from collections.abc import Callable
from random import Random

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums, DeduplicateIds, OverwriteCells, SaveCells

from grading.intake import read_submission
from grading.sheet import load
from helpers.checks.library import ROOT, chapters
from tests.grading.handed_in import code, whole


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> Callable[[dict, str], list]:
    """What nbgrader makes of a notebook of a chapter before it executes it: the sources of its code cells."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stock') / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        for chapter in chapters():
            gradebook.add_assignment(chapter)

    def resources(chapter: str) -> dict:
        return {"nbgrader": {"notebook": chapter, "assignment": chapter, "db_url": url, "student": "ada"}}

    for chapter in chapters():
        source = nbformat.read(ROOT / "solutions" / chapter / f"{chapter}.ipynb", as_version=4)
        for step in (ComputeChecksums(), SaveCells()):
            source, _ = step.preprocess(source, resources(chapter))

    def sanitised(tree: dict, chapter: str) -> list:
        notebook = nbformat.reads(json.dumps(tree), as_version=4)
        for step in (DeduplicateIds(), OverwriteCells()):
            notebook, _ = step.preprocess(notebook, resources(chapter))
        ran = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        fields = [cell.metadata.get("nbgrader", {}) for cell in ran]
        return [f["grade_id"] if f.get("grade") else cell.source for cell, f in zip(ran, fields)]

    return sanitised


def answer(rng: Random, cells: list) -> None:
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("solution") and rng.random() < 0.7:
            cell["source"] = f"def {cell['id']}(*anything):\n    return {rng.random()}"


def edit_examples(rng: Random, cells: list) -> None:
    for cell in rng.sample([cell for cell in cells if not cell["metadata"]], 5):
        cell["source"] = [f"changed = {rng.random()}\n", *cell["source"]]


def insert(rng: Random, cells: list) -> None:
    for number in range(4):
        cells.insert(rng.randrange(len(cells) + 1), code(f"own = {number}", id=f"own{rng.random()}"))


def move_examples(rng: Random, cells: list) -> None:
    for cell in rng.sample([cell for cell in cells if not cell["metadata"]], 3):
        cells.remove(cell)
        cells.insert(rng.randrange(len(cells) + 1), cell)


def delete_examples(rng: Random, cells: list) -> None:
    for cell in rng.sample([cell for cell in cells if not cell["metadata"]], 3):
        cells.remove(cell)


def copy_examples(rng: Random, cells: list) -> None:
    for cell in rng.sample([cell for cell in cells if not cell["metadata"]], 3):
        cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(cell) | {"id": f"copy{rng.random()}"})


def turn_into_text(rng: Random, cells: list) -> None:
    rng.choice([cell for cell in cells if not cell["metadata"]])["cell_type"] = "raw"


def edit_locked(rng: Random, cells: list) -> None:
    rng.choice([cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("locked")])["source"] = "x = 1"


def drop_ids(rng: Random, cells: list) -> None:
    """An editor that knows nothing of cell ids."""
    for cell in cells:
        cell.pop("id", None)


HABITS = [edit_examples, insert, move_examples, delete_examples, copy_examples, turn_into_text, edit_locked]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_the_same_code_runs(stock, tmp_path, seed):
    rng = Random(seed)
    chapter = rng.choice(chapters())
    tree = json.loads((ROOT / "notebooks" / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    for habit in [answer, *rng.sample(HABITS, rng.randrange(len(HABITS) + 1))]:
        habit(rng, tree["cells"])
    if rng.random() < 0.3:
        drop_ids(rng, tree["cells"])
    folder = tmp_path / "ada" / chapter
    folder.mkdir(parents=True)
    (folder / f"{chapter}.ipynb").write_text(json.dumps(tree))
    (sheet,) = load(chapter)
    found = read_submission(folder, sheet, "ada")
    assert whole(found, sheet)
    graded = ("check", "hidden", "test")
    ours = [cell.grade_id if cell.role in graded else cell.source for cell in found.cells if cell.kind == "code"]
    assert ours == stock(tree, chapter)
