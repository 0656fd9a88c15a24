"""Look over what was handed in before nbgrader does: it stops the whole class at some of these notebooks.

    python -m grading.submissions CHAPTER [--submitted DIR]

One sentence per problem, naming the file, what is wrong, and what to do; exit code 1 if there is any.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat

from helpers.checks.library import ROOT, chapters


def problems(chapter: str, submitted: Path) -> Iterator[str]:
    """What is wrong with the hand-ins of a chapter in `submitted`/<student>/<chapter>/."""
    expected = _grade_ids(nbformat.read(ROOT / "notebooks" / chapter / f"{chapter}.ipynb", as_version=4))
    for folder in sorted(path for path in submitted.glob(f"*/{chapter}") if path.is_dir()):
        path = folder / f"{chapter}.ipynb"
        yield from (f"{path}: {sentence}" for sentence in _one(path, expected))


def _one(path: Path, expected: Counter) -> Iterator[str]:
    if not path.is_file():
        others = ", ".join(p.name for p in path.parent.glob("*.ipynb"))
        yield f"the notebook is not there{f', but {others} is: rename it' if others else ': ask for it'}."
        return
    try:
        notebook = nbformat.read(path, as_version=4)
        found = _grade_ids(notebook)
    except Exception as error:  # nbformat raises many kinds, from JSON errors to missing keys
        reason = " ".join(str(error).split())[:80]
        yield f"this is not a notebook ({type(error).__name__}: {reason}): ask the student to save it anew."
        return
    for name, count in found.items():
        if count > 1:
            yield f"the cell {name!r} is there {count} times, and nbgrader would stop: delete the copies."
    missing = [name for name in expected if name not in found]
    if missing:
        yield f"the cells {', '.join(missing)} were deleted: paste the answers into a fresh copy of the chapter."


def _grade_ids(notebook: nbformat.NotebookNode) -> Counter:
    tagged = (cell.metadata.get("nbgrader", {}) for cell in notebook.cells)
    return Counter(fields["grade_id"] for fields in tagged if fields.get("grade_id"))


def main() -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grading.submissions", description=__doc__.splitlines()[0])
    parser.add_argument("chapter", metavar="CHAPTER", help="such as 02_neuron")
    parser.add_argument("--submitted", type=Path, default=ROOT / "submitted", help="folder with one folder per student")
    arguments = parser.parse_args()
    if arguments.chapter not in chapters():
        known = ", ".join(chapters())
        print(f"There is no chapter {arguments.chapter!r}; the chapters are {known}.", file=sys.stderr)
        return 2
    count = sum(1 for _ in arguments.submitted.glob(f"*/{arguments.chapter}"))
    if not count:
        print(
            f"{arguments.submitted} holds no hand-in of {arguments.chapter}: put each at STUDENT/{arguments.chapter}/."
        )
        return 1
    found = list(problems(arguments.chapter, arguments.submitted))
    print("\n".join(found) if found else f"{count} hand-ins, every one of them a notebook that nbgrader can grade.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
