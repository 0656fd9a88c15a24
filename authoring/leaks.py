"""Does anything of the author's reach a student? Searches what is handed out for what must stay behind.

    python -m authoring.leaks [RELEASED_ROOT]

Handed out are `notebooks/`, `helpers/` and `data/`. Kept back are the solution regions, the oracles and misconceptions,
the hidden cases, the secret seed, and every instructor's file. `helpers/` is a public library that solves some of the
exercises by design (source rules forbid calling it there), so in it only whole solutions count, not single lines.
"""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import nbformat
import numpy as np

from authoring.references import SECRET_FILE
from helpers.checks.library import ROOT

HANDED_OUT = ("notebooks", "helpers", "data")
INSTRUCTOR_FILES = re.compile(r"^(exercises\.py|hidden_references\..*|course_secret.*|quiz\.yaml|gradebook\.db)$")
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
CELL_METADATA = {"nbgrader", "deletable", "editable", "tags", "jupyter"}
NOTEBOOK_METADATA = {"kernelspec", "language_info"}
_REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


def find_leaks(released: Path = ROOT, author: Path = ROOT, folders: Sequence[str] = HANDED_OUT) -> list[str]:
    """One sentence per leak in `folders` of the tree `released`, of what the tree `author` keeps back."""
    files = list(_files(released, folders))
    return [
        *_instructor_files(released, files),
        *_texts(released, files, author),
        *_arrays(released, files, author),
        *_notebook_contents(released),
    ]


def _files(released: Path, folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((released / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
                yield path


def _instructor_files(released: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        if INSTRUCTOR_FILES.match(path.name):
            yield f"{path.relative_to(released)}: this file belongs to the instructor."


def solution_regions(author: Path) -> list[list[str]]:
    """Every solution region of every chapter, as stripped lines."""
    texts = [p.read_text(encoding="utf-8") for p in author.glob("solutions/*/[0-9]*.py")]
    return [_lines(region) for text in texts for region in _REGION.findall(text)]


def telling_lines(author: Path) -> set[str]:
    """Lines that only the author should have: long enough to mean something, and nowhere in the public text."""
    public = set()
    for path in author.glob("solutions/*/[0-9]*.py"):
        public |= set(_lines(_REGION.sub("", path.read_text(encoding="utf-8"))))
    lines = {line for region in solution_regions(author) for line in region if len(line) >= 16}
    for path in author.glob("solutions/*/exercises.py"):
        lines |= {line for line in _function_lines(path.read_text(encoding="utf-8")) if len(line) >= 24}
    return lines - public - _common_lines()


@lru_cache(maxsize=1)
def _common_lines() -> frozenset[str]:
    """Lines that say nothing about an exercise."""
    return frozenset({"raise NotImplementedError()", "def __init__(self, data):", "import tensorflow as tf"})


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def _function_lines(source: str) -> Iterator[str]:
    """The lines inside the functions of a declaration file, without docstrings and texts."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                if not isinstance(statement, ast.Expr):
                    yield from (line.strip() for line in lines[statement.lineno - 1 : statement.end_lineno])


def _texts(released: Path, files: list[Path], author: Path) -> Iterator[str]:
    """Solution text, markers, hidden cases and the secret in anything that is text."""
    telling, secrets, cases = telling_lines(author), _secrets(author), _hidden_names(author)
    regions = ["\n".join(region) for region in solution_regions(author) if len(region) >= 3]
    for path in files:
        name, text = path.relative_to(released), _readable(path)
        lines = _lines(text)
        if any(secret in text for secret in secrets):
            yield f"{name}: holds the secret seed of the hidden cases."
        yield from (f"{name}: holds the hidden case {case!r}." for case in sorted(cases.intersection(lines)))
        if path.suffix != ".py":
            yield from (f"{name}: holds the marker {marker!r}." for marker in MARKERS if marker in text)
            yield from (f"{name}: holds an author's line: {line!r}." for line in sorted(telling.intersection(lines)))
        joined = "\n".join(lines)
        yield from (f"{name}: holds a whole solution: {r.splitlines()[0]!r} ..." for r in regions if r in joined)


def _secrets(author: Path) -> set[str]:
    """The seed beside the solutions, and the one that the environment names if it is no everyday word."""
    named = os.environ.get("COURSE_SECRET", "").strip()
    written = (author / SECRET_FILE.relative_to(ROOT)).read_text(encoding="utf-8").strip()
    return {written} | ({named} if len(named) >= 12 else set())


def _hidden_names(author: Path) -> set[str]:
    """Names that only hidden cases have."""
    hidden, public = (
        {case["name"] for path in author.glob(places) for case in _cases(path) if len(case["name"]) >= 12}
        for places in ("solutions/*/hidden_references.json", "data/references/*.json")
    )
    return hidden - public


def _cases(path: Path) -> Iterator[dict]:
    for exercise in json.loads(path.read_text(encoding="utf-8"))["exercises"]:
        yield from exercise["cases"]


def _readable(path: Path) -> str:
    """The text of a file, a notebook's with real line ends everywhere, metadata and outputs included."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return path.read_bytes().decode("latin-1")
    if path.suffix not in (".ipynb", ".json"):
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except ValueError:  # damaged: its text may tell as much
        return text


def _strings(tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree.rstrip("\n")
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield str(name)
            yield from _strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _strings(value)


def _arrays(released: Path, files: list[Path], author: Path) -> Iterator[str]:
    """Arrays of the hidden cases among the public ones."""
    hidden = {}
    for path in author.glob("solutions/*/hidden_references.npz"):
        hidden |= {_fingerprint(a): f"{path.parent.name}/{key}" for key, a in _load(path).items() if _distinct(a)}
    for path in files:
        if path.suffix == ".npz":
            for key, array in _load(path).items():
                if _fingerprint(array) in hidden:
                    yield f"{path.relative_to(released)}: {key} is the hidden array {hidden[_fingerprint(array)]}."


def _load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _distinct(array: np.ndarray) -> bool:
    """Whether an array says enough to be recognised: four real values or more, not all the same, no plain counting."""
    return array.dtype.kind == "f" and np.unique(array).size >= 4 and bool((array != np.round(array)).any())


def _fingerprint(array: np.ndarray) -> tuple:
    return array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes()


def _notebook_contents(released: Path) -> Iterator[str]:
    """Outputs, attachments and metadata that a released notebook has no business with."""
    for path in sorted((released / "notebooks").rglob("*.ipynb")):
        notebook, name = nbformat.read(path, as_version=4), path.relative_to(released)
        yield from (f"{name}: notebook metadata {key!r}." for key in set(notebook.metadata) - NOTEBOOK_METADATA)
        for cell in notebook.cells:
            extra = set(cell.metadata) - CELL_METADATA
            yield from (f"{name}: cell {cell['id']!r} has metadata {key!r}." for key in sorted(extra))
            if cell.get("outputs") or cell.get("execution_count"):
                yield f"{name}: cell {cell['id']!r} has outputs."
            if cell.get("attachments"):
                yield f"{name}: cell {cell['id']!r} has attachments."


def main() -> int:
    """Command line; the exit code."""
    leaks = find_leaks(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print("\n".join(leaks) if leaks else "No leak found.")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
